import { test } from 'vitest'
import { applyPatch, loadSequentialTrace } from '../traces/sequential-trace.js'
import { type Replica, Replicas } from './replicas.js'
test('dbg', { timeout: 200000 }, async () => {
  const { patches } = await loadSequentialTrace(new URL('../traces/automerge-paper.json.gz', import.meta.url))
  const replicas = new Replicas()
  const room = [replicas.open(), replicas.open(), replicas.open()]
  let bad = 0
  room.forEach((r, i) => {
    const session = (r as any).provider.session
    const replica = session.replica
    const orig = replica.room.history.receive.bind(replica.room.history)
    const spread = replica.neighbourhood.spreadOperation.bind(replica.neighbourhood)
    replica.neighbourhood.spreadOperation = (op: any, from: any) => { if (op.clock === 7039) { console.log(i, 'spreads', op.author, op.seq, 'from', from, 'targets', replica.neighbourhood.targets(op.author, from), replicas.scheduler.now(), new Error().stack?.split('\n').slice(2,7).join(' | ')) } return spread(op, from) }
    replica.room.history.receive = (op: any) => { const a = orig(op); if (op.clock === 7039) console.log(i, 'receives', op.author, op.seq, a, replicas.scheduler.now()); return a }
  })
  for (let at = 0; at < patches.length; at += 16) {
    if (at % 3000 < 16) {
      replicas.advance(100)
      const texts = room.map((r) => r.text.toString())
      if (new Set(texts).size > 1) {
        const st = () => room.map((r) => { const s = r.provider.stats(); return [s.epoch, s.snapshotPoint, s.logOperations, s.waiting, s.links, r.text.length] })
        console.log('at', at, JSON.stringify(st()), JSON.stringify(room.map((r)=>r.provider.blockedBy)))
        const rep = (room[2] as any).provider.session.replica
        const h = rep.room.history
        for (const [a, w] of h.waiting.byAuthor) { const seqs=[...w.keys()].sort((x:number,y:number)=>x-y); const first = w.get(seqs[0]); console.log('waiting', a, 'applied', h.applied.get(a), 'from', seqs[0], 'to', seqs.at(-1), 'deps', JSON.stringify([...first.deps]), first.epoch, first.clock, 'mine', JSON.stringify([...h.applied])) }
        const h1 = (room[1] as any).provider.session.replica.room.history
        console.log(JSON.stringify(h1.log.operations.filter((o:any)=>o.kind!=='update'||o.deps.size>0).map((o:any)=>[o.author,o.seq,o.clock,o.kind,o.epoch,[...o.deps]]).slice(-12)))
        console.log('tree', rep.neighbourhood.links.all.map((l:any)=>[l.peer,l.inRoom,l.id]), rep.neighbourhood.tree)
        console.log('tree of writer', (room[1] as any).provider.session.replica.neighbourhood.links.all.map((l:any)=>[l.peer,l.inRoom,l.id]), (room[1] as any).provider.session.replica.neighbourhood.tree)
        const o = h1.log.operations.find((x:any)=>x.clock===7039); console.log('missing', o && {...o, payload: o.payload?.length, deps: [...o.deps]})
        for (const r of room) { const s = (r as any).seen2348; console.log('seen', s) }
        let waited = 0
        while (new Set(room.map((r) => r.text.toString())).size > 1 && waited < 20000) { replicas.advance(20); waited += 20 }
        console.log('equal after', waited, JSON.stringify(st()), replicas.errors.slice(0,3))
        if (++bad > 4 || waited>=20000) break
      }
    }
    const writer = room[Math.floor(at / 3000) % room.length] as Replica
    for (const patch of patches.slice(at, at + 16)) applyPatch(writer.text, patch)
    replicas.advance(16)
  }
})
