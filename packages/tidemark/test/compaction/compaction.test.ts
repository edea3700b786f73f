/** Full compaction as an application sees it: everything goes on, and the document gets as small as its content. */
import * as prng from 'lib0/prng'
import type { Compaction } from 'tidemark'
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { room, roomOfEachTest } from '../room-of-each-test.js'
import { edit, expectAgreement } from './editing.js'

roomOfEachTest()

describe('cuts while everybody types', () => {
  test.each([1, 2, 3, 4])('nobody notices (schedule %i)', (seed) => {
    const random = prng.create(seed)
    const sites = [room.open({ content: 'hello' }), room.open(), room.open()]
    room.settle()
    const roots = sites.map(({ doc }) => [doc.getText('t'), doc.getArray('a'), doc.getMap('m')])
    const pauses: number[] = []
    for (const { provider } of sites) {
      provider.on('compacted', ({ pauseMs }) => pauses.push(pauseMs))
    }
    for (let step = 0; step < 400; step++) {
      edit(prng.oneOf(random, sites), random)
      room.settle(prng.int31(random, 0, 60))
      if (step % 40 === 0) prng.oneOf(random, sites).provider.compact().catch(expect.unreachable)
      for (const { mirror } of sites) mirror.check()
    }
    room.settle()
    expectAgreement(sites)
    for (const site of sites) {
      expect(site.epochs.length).toBeGreaterThanOrEqual(5)
      expect(site.epochs).toEqual(site.epochs.map((_, index) => index + 1))
      expect(site.provider.epoch).toBe(site.epochs.length)
    }
    sites.forEach(({ doc }, i) => {
      expect([doc.getText('t'), doc.getArray('a'), doc.getMap('m')]).toEqual(roots[i])
      expect(doc.getText('t')).toBe(roots[i]?.[0])
    })
    expect(pauses.every((ms) => ms >= 0 && Number.isFinite(ms))).toBe(true)
    expect(pauses.some((ms) => ms > 0)).toBe(true)
  })

  test('objects that the application holds are the same after a cut, and still alive', () => {
    const [a, b] = [room.open(), room.open()]
    room.settle()
    const nested = new Y.Map<unknown>([['inner', new Y.Text('in')]])
    a.doc.getMap('m').set('nested', nested)
    a.text.insert(0, 'some text that goes')
    room.settle()
    const held = [a, b].map(
      ({ doc }) => (doc.getMap('m').get('nested') as Y.Map<unknown>).get('inner') as Y.Text,
    )
    a.text.delete(4, 10)
    room.cut(b)
    for (const [i, { doc }] of [a, b].entries()) {
      expect((doc.getMap('m').get('nested') as Y.Map<unknown>).get('inner')).toBe(held[i])
    }
    held[1]?.insert(2, 'ner')
    room.settle()
    expect(held.map(String)).toEqual(['inner', 'inner'])
    expectAgreement([a, b])
  })
})

describe('values that JSON has no word for', () => {
  test('large whole numbers go through a cut, and to whoever comes after it', () => {
    const [a, b] = [room.open(), room.open()]
    room.settle()
    const large = 2n ** 60n + 1n
    a.doc.getMap('m').set('n', 'something before it')
    a.doc.getMap('m').set('n', { deep: [large, -large] })
    b.doc.getArray('a').push([[large], 'and', [large]])
    b.doc.getArray('a').delete(1)
    room.cut(b)
    const late = room.open()
    room.settle()
    for (const { doc } of [a, b, late]) {
      expect(doc.getMap('m').get('n')).toEqual({ deep: [large, -large] })
      expect(doc.getArray('a').toArray()).toEqual([[large], [large]])
    }
  })
})

describe('compact', () => {
  test("'full': what is deleted leaves the document at every member", async () => {
    const [a, b] = [room.open({ content: 'x'.repeat(1000) }), room.open()]
    room.settle()
    for (let i = 0; i < 300; i++) {
      const at = (i * 7919) % (b.text.length + 1)
      b.text.insert(at, 'word ')
      b.text.delete(at, 4)
      room.settle(20)
    }
    room.settle()
    const bytesBefore = Y.encodeStateAsUpdate(a.doc).length
    const told: Compaction[] = []
    a.provider.on('compacted', (event) => told.push(event))
    const compacted = b.provider.compact()
    room.settle()
    const { epoch, bytes } = await compacted
    expect(epoch).toBe(1)
    expect(told).toEqual([
      {
        epoch: 1,
        bytesBefore: expect.any(Number),
        bytesAfter: expect.any(Number),
        pauseMs: expect.any(Number),
      },
    ])
    const size = a.text.length + 200
    for (const { doc, provider } of [a, b]) {
      expect(Y.encodeStateAsUpdate(doc).length).toBeLessThan(Math.min(size, bytesBefore / 2))
      expect(provider.stats()).toMatchObject({
        epoch: 1,
        logOperations: 0,
        segmentOperations: 0,
        segmentBytes: 0,
      })
      expect(provider.stats().baseBytes).toBeLessThan(size)
    }
    expect(bytes).toBe(b.provider.stats().baseBytes)
    expectAgreement([a, b])
  })

  test("'full': waits for a member that is silent, and rejects when this one leaves", async () => {
    const [a, b, c] = [room.open({ content: 'x' }), room.open(), room.open()]
    room.settle()
    // Nobody is evicted, as those who answer are no majority.
    room.network.partition([a.transport], [b.transport], [c.transport])
    a.text.insert(0, 'y')
    const compacted = a.provider.compact()
    let isDone = false
    compacted.then(
      () => {
        isDone = true
      },
      () => {},
    )
    room.settle(20_000)
    await Promise.resolve()
    expect(isDone).toBe(false)
    expect(a.provider.blockedBy).toContainEqual({ replica: c.provider.replicaId, reason: 'suspected' })
    room.network.heal()
    room.settle(60_000)
    expect(await compacted).toMatchObject({ epoch: a.provider.epoch })
    b.text.insert(0, 'z')
    const lost = b.provider.compact()
    b.provider.disconnect()
    room.settle()
    await expect(lost).rejects.toThrow(/not connected/)
    expect(a.text.toString()).toBe('zyx')
    expectAgreement([a, c])
  })

  test("'full': everybody asking at once gets what was asked for", async () => {
    const sites = [room.open({ content: 'x' }), room.open(), room.open()]
    room.settle()
    const all = sites.map(({ provider, text }, i) => {
      text.insert(i, String(i))
      return provider.compact()
    })
    room.settle(20_000)
    for (const { epoch } of await Promise.all(all)) expect(epoch).toBeGreaterThan(0)
    expectAgreement(sites)
  })

  test("'full': nothing happens within what the application does, however ready a cut is", () => {
    const [a, b] = [room.open({ content: 'some words' }), room.open()]
    room.settle()
    let isBusy = false
    for (const { provider } of [a, b]) {
      provider.on('compacted', () => expect(isBusy).toBe(false))
      provider.awareness.on('change', (_: object, origin: unknown) => {
        if (isBusy) expect(origin).toBe('local')
      })
    }
    a.text.observe(() => {
      a.provider.awareness.setLocalStateField('typed', a.text.length)
      a.provider.compact().catch(() => {})
    })
    b.provider.compact().catch(() => {})
    for (let ms = 0; ms < 1500; ms++) {
      isBusy = true
      a.doc.transact(() => a.text.insert(0, 'x'))
      isBusy = false
      b.text.delete(0, 1)
      room.settle(1)
    }
    room.settle()
    expect(a.epochs.length).toBeGreaterThan(1)
    expectAgreement([a, b])
  })

  test("'full': alone in the room", async () => {
    const a = room.open({ content: 'some words' })
    room.settle()
    a.text.delete(4, 6)
    const compacted = a.provider.compact()
    room.settle()
    expect((await compacted).epoch).toBe(1)
    expect(a.text.toString()).toBe('some')
    expectAgreement([a])
  })

  test("'log': drops the log, and leaves the document's ids alone", async () => {
    const [a, b] = [room.open({ content: 'x', compaction: 'log' }), room.open({ compaction: 'log' })]
    room.settle()
    a.text.insert(0, 'y')
    const compacted = a.provider.compact()
    room.settle()
    expect(await compacted).toMatchObject({ epoch: 0 })
    expect(a.provider.stats()).toMatchObject({ epoch: 0, logOperations: 0 })
    expect(b.epochs).toEqual([])
    expect(b.doc.store.clients.has(a.doc.clientID)).toBe(true)
  })

  test("'off': resolves once everybody has it, and keeps every operation", async () => {
    const [a, b] = [room.open({ content: 'x', compaction: 'off' }), room.open({ compaction: 'off' })]
    room.settle()
    a.text.insert(0, 'y')
    const compacted = a.provider.compact()
    room.settle()
    expect(await compacted).toMatchObject({ epoch: 0 })
    expect(b.provider.stats().logOperations).toBeGreaterThan(0)
    expect(b.text.toString()).toBe('yx')
  })

  test('happens by itself where it pays, and once nobody edits', () => {
    const options = { compactionMinBytes: 500, compactionShare: 0.2, undoHorizonMs: 2000 }
    const [a, b] = [room.open({ content: 'x', ...options }), room.open(options)]
    room.settle()
    for (let i = 0; i < 200; i++) {
      a.text.insert(0, 'words and more words')
      room.settle(25)
      a.text.delete(0, 19)
      room.settle(25)
    }
    expect(a.epochs.length).toBeGreaterThan(0)
    const whileBusy = b.epochs.length
    room.settle(120_000)
    expect(b.epochs.length).toBeGreaterThan(whileBusy)
    const [size, epoch] = [Y.encodeStateAsUpdate(b.doc).length, b.provider.epoch]
    expect(size).toBeLessThan(b.text.length + 100)
    room.settle(600_000)
    expect(b.provider.epoch).toBe(epoch)
    expectAgreement([a, b])
  })

  test('is refused where the mode is unknown', () => {
    expect(() => room.open({ compaction: 'none' as 'off' })).toThrow(/'full', 'log' or 'off', not 'none'/)
  })
})

describe('what can not be', () => {
  test('another provider on the document is named, once, with what to do', () => {
    class OtherProvider {}
    const a = room.open({ content: 'hello' })
    room.settle()
    const other = new OtherProvider()
    const source = new Y.Doc()
    for (const word of ['some', 'more']) {
      source.getText('t').insert(0, word)
      Y.applyUpdate(a.doc, Y.encodeStateAsUpdate(source), other)
    }
    expect(a.errors.map(({ message }) => message)).toEqual([
      expect.stringMatching(/OtherProvider.*compaction: 'log'.*remove/),
    ])
    const b = room.open({ content: 'x', compaction: 'log', connect: false })
    Y.applyUpdate(b.doc, Y.encodeStateAsUpdate(source), other)
    expect(b.errors).toEqual([])
  })

  test('a room has one mode: who comes with another one is told so, once, and so is the room', () => {
    const a = room.open({ content: 'hello' })
    room.settle()
    const b = room.open({ compaction: 'log' })
    room.settle(60_000)
    expect(a.provider.members).toHaveLength(1)
    expect(b.provider.connected).toBe(false)
    expect(b.text.toString()).toBe('')
    const all = /All members of a room use 'full', or none of them does/
    for (const { errors } of [a, b])
      expect(errors.map(({ message }) => message)).toEqual([expect.stringMatching(all)])
  })

  test('what can not be placed on return is handed over', () => {
    const orphaned: Y.Doc[] = []
    const [a, b] = [room.open({ content: 'hello' }), room.open()]
    room.settle()
    b.provider.on('orphaned', ({ document }) => orphaned.push(document))
    room.cut(a)
    b.provider.disconnect()
    b.text.insert(5, ' from b')
    // So much history that nothing of it is kept for one who has been away for so long.
    for (let cut = 0; cut < 40; cut++) {
      for (let i = 0; i < 200; i++) a.text.insert((i * 7919) % (a.text.length + 1), 'ab')
      for (let i = 0; i < 199; i++) a.text.delete((i * 104_729) % (a.text.length - 3), 2)
      a.provider.compact().catch(() => {})
      room.settle(2000)
    }
    b.provider.connect()
    room.settle(20_000)
    expect(b.text.toString()).toBe(a.text.toString())
    if (orphaned.length > 0)
      expect(orphaned.map((doc) => doc.getText('t').toString())).toEqual(['hello from b'])
    else expect(a.text.toString()).toContain(' from b')
    b.mirror.check()
  })
})

describe('presence of others', () => {
  test('is over once this one has left: peers and members are told to be gone', () => {
    const [a, b, c] = [room.open(), room.open(), room.open()]
    const members = new Set<string>()
    const peers = new Set<string>()
    b.provider.on('members', ({ joined, left }) => {
      for (const id of joined) members.add(id)
      for (const id of left) members.delete(id)
    })
    b.provider.on('peers', ({ added, removed }) => {
      for (const id of added) peers.add(id)
      for (const id of removed) peers.delete(id)
    })
    room.settle()
    expect([...members].sort()).toEqual([...b.provider.members].sort())
    expect(peers.size).toBe(2)
    b.provider.disconnect()
    expect([members.size, peers.size]).toEqual([0, 0])
    b.provider.connect()
    room.settle()
    expect([...members].sort()).toEqual([...b.provider.members].sort())
    expect([...peers].sort()).toEqual([a, c].map(({ provider }) => provider.replicaId).sort())
    b.provider.destroy()
    expect([members.size, peers.size]).toEqual([0, 0])
  })
})
