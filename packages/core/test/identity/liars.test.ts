/**
 * What a member with a key of its own may try, and what the others make of it: it is taken over after it was honest for a while, and
 * speaks correctly signed from then on.
 */
import { beforeEach, describe, expect, test } from 'vitest'
import { consentStatement } from '../../src/identity/signatures.js'
import type { Operation, ReplicaId } from '../../src/index.js'
import type { Report } from '../../src/snapshot/report.js'
import { Network, type Peer, UNSUSPECTING } from '../hand-driven-network.js'
import { signed, signedReport, standInSignatures } from './stand-in-signatures.js'

const LINEAGE = 'anna'

let net: Network

beforeEach(() => {
  net = new Network()
  net.signaturesOf = standInSignatures
})

const words = (word: string) => new TextEncoder().encode(JSON.stringify({ add: [[word, word]], remove: [] }))

/** From now on its owner speaks with the key of a member that was honest so far. */
class TakenOver {
  private readonly peer: Peer
  seq: number
  private reports: number

  constructor(peer: Peer) {
    const { history, stability } = peer.replica.room
    this.peer = peer
    this.seq = history.seq
    this.reports = stability.reportsMade
    peer.isAsleep = true
  }

  /** The next operation, or another one with the number of the latest. */
  operation(clock: number, body: object, isAnother = false): Operation {
    if (!isAnother) this.seq++
    return this.by(this.peer.id, this.seq, clock, body)
  }

  by(author: ReplicaId, seq: number, clock: number, body: object): Operation {
    const operation = { author, seq, clock, deps: new Map(), epoch: 0, ...body } as unknown as Operation
    return operation.kind === 'update' ? operation : signed(operation, LINEAGE)
  }

  report(clock: number, floor: number, more: Partial<Report> = {}): Report {
    const { peer, seq } = this
    const told = { replica: peer.id, n: ++this.reports, seq, clock, epoch: 0, base: '', floor, ...more }
    return signedReport(told, LINEAGE)
  }

  say(to: readonly Peer[], operations: Operation[], reports: Report[] = []): void {
    for (const peer of to) {
      const [link] = net.linksBetween(this.peer, peer)
      if (link !== undefined)
        peer.hear(link, { type: 'gossip', operations, reports, presences: [], answer: false })
    }
  }

  live(to: readonly Peer[]): void {
    for (const peer of to) {
      const [link] = net.linksBetween(this.peer, peer)
      if (link !== undefined) peer.hear(link, { type: 'heartbeat', digest: 0 })
    }
  }
}

/** What it has said of a newcomer, and could say again. */
function joinMadeBy(sponsor: Peer, newcomer: ReplicaId): object {
  const made = sponsor.replica.room.history.log.operations.find(
    (operation) => operation.kind === 'join' && operation.who === newcomer,
  )
  if (made?.kind !== 'join') throw new Error(`${newcomer} is not in`)
  const { kind, who, floor, stage, consent } = made
  return { kind, who, floor, stage, consent }
}

const alarms = ({ outputs }: Peer) => outputs.filter(({ type }) => type === 'alarm')

describe('a member that lies', () => {
  test('[ID9] what is said differently below a clock that was reported before makes an alarm', () => {
    const [anna, bert, mona] = net.room(['anna', 'bert', 'mona'], UNSUSPECTING)
    const honest = [anna, bert]
    const liar = new TakenOver(mona)
    const { clock } = anna.replica.stats
    liar.say(honest, [], [liar.report(clock + 1000, anna.point)])
    net.pass(3000)
    liar.live(honest)
    liar.say([anna], [liar.operation(clock + 10, { kind: 'update', payload: words('one') })])
    liar.say([bert], [liar.operation(clock + 10, { kind: 'update', payload: words('other') }, true)])
    liar.say(honest, [], [liar.report(clock + 2000, clock + 2000)])
    net.pass(4000)
    liar.live(honest)
    net.pass(4000)
    const isSame = anna.set.words.join() === bert.set.words.join()
    expect(isSame || alarms(anna).length + alarms(bert).length > 0).toBe(true)
  })

  test('[ID4] a consent is good for one join: a second one acknowledges nothing', () => {
    const anna = net.founder('anna', UNSUSPECTING)
    const mona = net.newcomer('mona', anna, UNSUSPECTING)
    net.pass(3000)
    const bert = net.newcomer('bert', mona, UNSUSPECTING)
    const joined = joinMadeBy(mona, 'bert')
    net.pass(5000)
    const liar = new TakenOver(mona)
    net.held = ({ from, to, message }) =>
      from === 'bert' && to === 'anna' && message.type === 'gossip' && message.operations.length > 0
    bert.type('precious')
    const { clock } = bert.replica.stats
    liar.say([anna, bert], [liar.operation(clock + 50, joined)])
    for (const later of [51, 52]) {
      liar.say([anna, bert], [], [liar.report(clock + later, clock + later)])
      net.pass(1000)
    }
    net.cut(anna, bert)
    net.held = () => false
    net.connect(bert, anna)
    for (let i = 0; i < 6; i++) {
      net.pass(1500)
      liar.live([anna, bert])
    }
    expect(anna.set.words).toContain('precious')
  })

  test('[JO1] nor does one of somebody who had left before others came, for any of them', () => {
    const anna = net.founder('anna', UNSUSPECTING)
    const mona = net.newcomer('mona', anna, UNSUSPECTING)
    net.pass(3000)
    const dora = net.newcomer('dora', mona, UNSUSPECTING)
    const joined = joinMadeBy(mona, 'dora')
    net.pass(3000)
    dora.feed({ type: 'leave' })
    net.pass(5000)
    const bert = net.newcomer('bert', anna, UNSUSPECTING)
    net.connect(bert, mona)
    net.pass(3000)
    const liar = new TakenOver(mona)
    const { clock } = anna.replica.stats
    liar.say([anna, bert], [liar.operation(clock + 1, joined)])
    net.settle()
    for (const { replica } of [anna, bert]) {
      expect(replica.room.history.applied.get('mona')).toBe(liar.seq)
      expect(replica.members).toEqual(['anna', 'mona', 'bert'])
    }
  })

  test('[ID8] a second join says of nobody that it has fenced anybody', () => {
    const anna = net.founder('anna', UNSUSPECTING)
    const mona = net.newcomer('mona', anna, UNSUSPECTING)
    const bert = net.newcomer('bert', anna, UNSUSPECTING)
    net.pass(3000)
    const dora = net.newcomer('dora', mona, UNSUSPECTING)
    const joined = joinMadeBy(mona, 'dora')
    for (const peer of [anna, bert]) if (net.linksBetween(peer, dora).length === 0) net.connect(peer, dora)
    net.pass(5000)
    const honest = [anna, bert, dora]
    const liar = new TakenOver(mona)
    const { clock } = anna.replica.stats
    liar.say(honest, [liar.operation(clock + 1, { ...joined, stage: 1000 })])
    liar.say(honest, [], [liar.report(clock + 1, clock + 1)])
    net.pass(2000)
    liar.say(honest, [], [liar.report(clock + 2, clock + 1)])
    net.pass(2000)
    expect(anna.point).toBeGreaterThan(clock)
    // Dora's fence is late, and without it nobody knows up to where bert counts.
    net.held = ({ from, message }) => from === 'dora' && message.type === 'gossip'
    liar.say([anna, dora], [liar.operation(clock + 10, { kind: 'fence', stage: 1, decided: [['bert']] })])
    net.pass(100)
    const deps = new Map([['anna', anna.replica.room.history.seq]])
    const cutOffs = new Map([['bert', bert.replica.room.history.seq]])
    const { clock: now } = anna.replica.stats
    liar.say([anna], [{ ...liar.operation(now + 10, { kind: 'evict', stage: 1, cutOffs, deps }) }])
    net.pass(100)
    expect(anna.replica.room.evicting.isFenced('bert')).toBe(true)
    expect([...anna.replica.room.history.cutOffs]).toEqual([])
  })

  test('[ID8] an eviction throws out nobody but those against whom there are fences', () => {
    const [anna, bert, mona, dora] = net.room(['anna', 'bert', 'mona', 'dora'], UNSUSPECTING)
    dora.type('x')
    net.pass(3000)
    const liar = new TakenOver(mona)
    dora.feed({ type: 'leave' })
    net.settle()
    const { clock } = anna.replica.stats
    const evict = { kind: 'evict', stage: 0, cutOffs: new Map([['dora', 0]]) }
    liar.say([anna, bert], [liar.operation(clock + 1, evict)])
    net.pass(2000)
    expect([...anna.outputsOf('rejoin'), ...bert.outputsOf('rejoin')]).toEqual([])
  })

  test('what follows its author’s leave breaks nothing when that one is let in again', () => {
    const [anna, bert, mona] = net.room(['anna', 'bert', 'mona'], UNSUSPECTING)
    const honest = [anna, bert]
    const liar = new TakenOver(mona)
    const { clock } = anna.replica.stats
    const consent = standInSignatures('dora').sign(consentStatement(LINEAGE, 'mona', clock))
    const join = { kind: 'join', who: 'dora', floor: clock, stage: 0, consent }
    liar.say(honest, [
      liar.operation(clock + 1, join),
      liar.by('dora', 1, clock + 2, { kind: 'leave', who: 'dora' }),
      liar.by('dora', 2, clock + 100, { kind: 'update', payload: words('late') }),
    ])
    liar.say(honest, [], [liar.report(clock + 50, clock + 50)])
    net.pass(3000)
    liar.live(honest)
    liar.say(honest, [liar.operation(clock + 200, join)])
    net.settle()
    const again = liar.by('dora', 1, clock + 201, { kind: 'update', payload: words('again') })
    expect(() => liar.say(honest, [again])).not.toThrow()
  })

  test('[EV2] the last ballot of all keeps nobody from being evicted', () => {
    const [anna, bert, cleo, dora, mona] = net.room(['anna', 'bert', 'cleo', 'dora', 'mona'], {
      forkAfterMs: 10_000,
    })
    const liar = new TakenOver(mona)
    const { clock } = anna.replica.stats
    const agreement = {
      stage: 0,
      promised: { round: 2 ** 40, proposer: 'mona' },
      accepted: undefined,
      decided: [],
    }
    liar.say([anna], [], [liar.report(clock, clock, { agreement })])
    net.pass(1000)
    net.crash(mona)
    net.crash(dora)
    anna.type('word')
    net.pass(120_000)
    for (const { replica } of [anna, bert, cleo]) expect(replica.members).toHaveLength(3)
  })
})
