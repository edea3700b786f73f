/** The public surface over a network in memory, in virtual time. */
import { TidemarkProvider } from 'tidemark'
import { type MemoryTransport, memoryNetwork, VirtualScheduler } from 'tidemark/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'

let scheduler: VirtualScheduler
let network: ReturnType<typeof memoryNetwork>
let opened: TidemarkProvider[]

beforeEach(() => {
  scheduler = new VirtualScheduler()
  network = memoryNetwork({ scheduler, latencyMs: 10, jitterMs: 5, seed: 7 })
  opened = []
})

afterEach(() => {
  for (const provider of opened) provider.destroy()
})

interface Site {
  readonly doc: Y.Doc
  readonly text: Y.Text
  readonly provider: TidemarkProvider
  readonly transport: MemoryTransport
  readonly errors: Error[]
}

function open(content = '', options: { connect?: boolean; compaction?: 'log' | 'off' } = {}): Site {
  const doc = new Y.Doc()
  const text = doc.getText('t')
  if (content) text.insert(0, content)
  const transport = network.transport()
  const provider = new TidemarkProvider('room', doc, { transport, scheduler, ...options })
  const errors: Error[] = []
  provider.on('error', (error) => errors.push(error))
  opened.push(provider)
  return { doc, text, provider, transport, errors }
}

function settle(ms = 5000): void {
  scheduler.advance(ms)
}

describe('a room of three', () => {
  test('everybody ends with the same text, an empty log, and the last operation as snapshot point', () => {
    const [a, b, c] = [open('hello '), open(), open()]
    settle()
    b.text.insert(b.text.length, 'world')
    c.text.insert(0, '> ')
    settle()
    for (const site of [a, b, c]) {
      expect(site.text.toString()).toBe('> hello world')
      expect(site.provider.synced).toBe(true)
      expect(site.provider.connected).toBe(true)
      expect(site.provider.blockedBy).toEqual([])
      expect(site.provider.stats()).toMatchObject({
        logOperations: 0,
        logBytes: 0,
        members: 3,
        links: 2,
        waiting: 0,
      })
      expect(site.provider.snapshotPoint).toBe(a.provider.snapshotPoint)
      expect(site.errors).toEqual([])
    }
    expect(a.provider.snapshotPoint).toBeGreaterThan(0)
    expect(Object.keys(a.provider.networkMap.toJSON()).sort()).toEqual([...a.provider.members].sort())
  })

  test('what was typed before the join is kept and merged, once', () => {
    const a = open('from a. ')
    settle()
    const b = open('from b. ')
    b.text.insert(b.text.length, 'more from b. ')
    settle()
    const text = a.text.toString()
    expect(b.text.toString()).toBe(text)
    for (const part of ['from a. ', 'from b. ', 'more from b. '])
      expect(text.split(part).length - 1).toBe(part === 'from b. ' ? 2 : 1)
  })

  test('who leaves holds nobody back, and brings its offline edits when it returns', () => {
    const [a, b, c] = [open('x'), open(), open()]
    settle()
    c.provider.disconnect()
    settle()
    expect(a.provider.members).toHaveLength(2)
    a.text.insert(1, 'a')
    c.text.insert(0, 'c')
    settle()
    expect(a.provider.stats().logOperations).toBe(0)
    expect(c.text.toString()).toBe('cx')
    c.provider.connect()
    settle()
    for (const site of [a, b, c]) expect(site.text.toString()).toBe('cxa')
    expect(a.provider.stats().logOperations).toBe(0)
  })

  test('a crashed member blocks, is named, and is evicted', () => {
    const [a, b, c] = [open('x'), open(), open()]
    settle()
    const crashed = c.provider.replicaId
    network.crash(c.transport)
    b.text.insert(0, 'y')
    settle(4000)
    expect(a.text.toString()).toBe('yx')
    expect(a.provider.stats().logOperations).toBe(1)
    expect(a.provider.blockedBy.map(({ replica }) => replica)).toEqual([crashed])
    const evicted: string[] = []
    a.provider.on('members', (event) => evicted.push(...event.evicted))
    settle(10_000)
    expect(evicted).toEqual([crashed])
    expect(a.provider.members).toHaveLength(2)
    expect(a.provider.blockedBy).toEqual([])
    expect(a.provider.stats().logOperations).toBe(0)
  })

  test('a partition is survived: both sides edit, and merge when it heals', () => {
    const [a, b, c] = [open('x'), open(), open()]
    settle()
    network.partition([a.transport], [b.transport, c.transport])
    settle(10_000)
    expect(a.provider.synced).toBe(false)
    expect(a.provider.connected).toBe(false)
    expect(b.provider.synced).toBe(true)
    a.text.insert(0, 'A')
    b.text.insert(b.text.length, 'B')
    settle(20_000)
    network.heal()
    settle(60_000)
    for (const site of [a, b, c]) {
      expect(site.text.toString()).toBe('AxB')
      expect(site.provider.stats().logOperations).toBe(0)
      expect(site.provider.synced).toBe(true)
    }
  })
})

describe('one provider', () => {
  test('tells its status in order', async () => {
    const a = open('', { connect: false })
    const seen: string[] = []
    a.provider.on('status', ({ status }) => seen.push(status))
    a.provider.on('synced', (synced) => seen.push(`synced ${synced}`))
    a.provider.connect()
    settle()
    await a.provider.whenSynced
    a.provider.disconnect()
    expect(seen).toEqual(['connecting', 'connected', 'synced true', 'disconnected', 'synced false'])
  })

  test('refuses to start without a way to others, and says what to do', () => {
    expect(() => new TidemarkProvider('room', new Y.Doc())).toThrow(/signaling server/)
  })

  test('compact resolves when the log is gone, and rejects when it can not be', async () => {
    const [a, b] = [open('x'), open()]
    settle()
    a.text.insert(0, 'y')
    const compacted = a.provider.compact()
    settle()
    expect(await compacted).toMatchObject({ epoch: 1 })
    b.text.insert(0, 'z')
    const lost = b.provider.compact()
    b.provider.disconnect()
    settle()
    await expect(lost).rejects.toThrow(/not connected/)
  })

  test("compaction 'off' keeps every operation", () => {
    const [a, b] = [open('x', { compaction: 'off' }), open('', { compaction: 'off' })]
    settle()
    for (let i = 0; i < 5; i++) {
      a.text.insert(0, 'y')
      settle(100)
    }
    settle()
    expect(b.provider.stats().logOperations).toBeGreaterThanOrEqual(5)
    expect(b.provider.snapshotPoint).toBe(a.provider.snapshotPoint)
  })

  test('can be created, destroyed and created again on one document', () => {
    const doc = new Y.Doc()
    const first = new TidemarkProvider('room', doc, { transport: network.transport(), scheduler })
    first.destroy()
    const second = new TidemarkProvider('room', doc, { transport: network.transport(), scheduler })
    opened.push(second)
    settle()
    expect(second.members).toHaveLength(1)
  })
})

describe('awareness', () => {
  test('states reach everybody, also later members, and go with their owner', () => {
    const [a, b] = [open(), open()]
    settle()
    a.provider.awareness.setLocalStateField('user', { name: 'Ada' })
    settle()
    const stateOfA = () => b.provider.awareness.getStates().get(a.doc.clientID)
    expect(stateOfA()).toEqual({ user: { name: 'Ada' } })
    const c = open()
    settle()
    expect(c.provider.awareness.getStates().get(a.doc.clientID)).toEqual({ user: { name: 'Ada' } })
    a.provider.disconnect()
    settle()
    expect(stateOfA()).toBeUndefined()
    a.provider.connect()
    settle()
    expect(stateOfA()).toEqual({ user: { name: 'Ada' } })
  })
})

describe('whatever listeners do', () => {
  test('leaving inside a listener leaves for good, and nobody waits', () => {
    for (const leave of ['disconnect', 'destroy'] as const) {
      const [a, b] = [open('x'), open()]
      settle()
      b.provider.once('snapshot', () => b.provider[leave]())
      a.text.insert(0, 'y')
      settle(20_000)
      expect(a.provider.members).toHaveLength(1)
      expect(a.provider.stats().logOperations).toBe(0)
      expect(b.provider.replicaId).toBeUndefined()
      a.provider.disconnect()
      settle()
    }
  })

  test('connecting again inside a listener connects again', () => {
    const [a, b] = [open('x'), open()]
    settle()
    let again = true
    b.provider.on('status', ({ status }) => {
      if (status === 'disconnected' && again) b.provider.connect()
      again = false
    })
    b.provider.disconnect()
    settle()
    expect(b.provider.connected).toBe(true)
    expect(a.provider.members).toHaveLength(2)
  })

  test('a listener that throws is told to the application, and the protocol goes on', () => {
    const [a, b] = [open('x'), open()]
    b.provider.once('members', () => {
      throw new Error('listener')
    })
    settle()
    b.provider.on('snapshot', () => {
      throw new Error('again')
    })
    expect(() => b.text.insert(0, 'b')).not.toThrow()
    settle()
    expect(a.text.toString()).toBe('bx')
    expect(b.provider.stats().logOperations).toBe(0)
    expect(b.errors.map((error) => error.message)).toContain('listener')
  })

  test('a listener that throws keeps nobody else from hearing: not the others, not compact(), not destroy()', async () => {
    const [a, b] = [open('x'), open()]
    settle()
    const heard: string[] = []
    for (const name of ['compacted', 'status', 'synced'] as const) {
      b.provider.on(name, () => {
        throw new Error(name)
      })
      b.provider.on(name, () => heard.push(name))
    }
    b.text.insert(0, 'b')
    const compacted = b.provider.compact()
    settle()
    await compacted
    expect(heard).toContain('compacted')
    b.provider.destroy()
    expect(heard).toEqual(expect.arrayContaining(['status', 'synced']))
    settle(20_000)
    expect(a.provider.members).toHaveLength(1)
    a.provider.destroy()
    expect([...b.doc._observers.keys()]).toEqual([...a.doc._observers.keys()])
  })

  test('what was heard last is true, though a listener disconnects within', () => {
    const [, b] = [open('x'), open()]
    const heard = { synced: false, sync: false }
    for (const name of ['synced', 'sync'] as const) {
      b.provider.on(name, (synced: boolean) => {
        heard[name] = synced
      })
    }
    b.provider.once('synced', () => b.provider.disconnect())
    settle()
    expect(heard).toEqual({ synced: b.provider.synced, sync: b.provider.synced })
  })

  test('a listener taken away by an earlier one hears nothing', () => {
    const a = open('x', { connect: false })
    let heard = 0
    const listener = () => heard++
    a.provider.on('status', () => a.provider.off('status', listener))
    a.provider.on('status', listener)
    a.provider.connect()
    settle()
    expect(heard).toBe(0)
  })

  test('destroy inside an error listener is not undone', () => {
    const a = open('x')
    a.provider.on('error', () => a.provider.destroy())
    settle()
    a.provider.emit('error', [new Error('anything')])
    settle(20_000)
    expect(a.provider.replicaId).toBeUndefined()
    expect(() => a.provider.connect()).toThrow(/destroyed/)
  })
})

describe('options', () => {
  test.each([
    [{ suspectAfterMs: Number.NaN }, 'suspectAfterMs is a number of 100 or more, not NaN'],
    [{ suspectAfterMs: 5 }, 'suspectAfterMs is a number of 100 or more, not 5'],
    [{ batchMs: Number.NaN }, 'batchMs is a number of 0 or more, not NaN'],
    [{ maxConnections: 0 }, 'maxConnections is a number of 1 or more, not 0'],
    [{ reportIntervalMs: '5s' as unknown as number }, 'reportIntervalMs is a number of 10 or more, not 5s'],
  ])('that make no sense throw where they are given: %j', (options, message) => {
    const doc = new Y.Doc()
    const observers = [...doc._observers.keys()]
    expect(
      () => new TidemarkProvider('room', doc, { transport: network.transport(), scheduler, ...options }),
    ).toThrow(`tidemark: ${message}`)
    expect([...doc._observers.keys()]).toEqual(observers)
  })
})

describe('leaving at any moment', () => {
  test('[JO9] of a join leaves no ghost behind', () => {
    const a = open('x')
    settle()
    for (let ms = 0; ms < 120; ms++) {
      const b = open()
      settle(ms)
      b.provider.destroy()
      settle(2000)
      expect(a.provider.members, `left after ${ms} ms`).toHaveLength(1)
    }
    expect(a.provider.blockedBy).toEqual([])
  })

  test('of a long load keeps nothing back later', () => {
    const a = open('x'.repeat(200_000))
    settle()
    const b = open()
    b.provider.once('progress', () => b.provider.disconnect())
    settle()
    a.provider.destroy()
    settle(10_000)
    b.provider.connect()
    settle(10_000)
    const c = open()
    settle()
    b.text.insert(0, 'kept')
    settle()
    expect(c.text.toString().startsWith('kept')).toBe(true)
    expect(b.errors).toEqual([])
  })

  test('[LE3] after a partition hands over what the others lack', () => {
    const [a, b, m] = [open('x'), open(), open()]
    settle()
    network.partition([a.transport, b.transport], [m.transport])
    settle(10_000)
    m.text.insert(0, 'M')
    settle()
    network.heal()
    while (m.provider.peers.length === 0) settle(1)
    m.provider.disconnect()
    settle(30_000)
    for (const site of [a, b]) {
      expect(site.text.toString()).toBe('Mx')
      expect(site.provider.synced).toBe(true)
      expect(site.provider.members).toHaveLength(2)
    }
  })
})

describe('what can not be', () => {
  test('an awareness state beyond the limit is not sent, and said once', () => {
    const [a, b] = [open(), open()]
    settle()
    a.provider.awareness.setLocalStateField('user', { avatar: 'x'.repeat(20_000) })
    settle(20_000)
    a.provider.awareness.setLocalStateField('user', { avatar: 'y'.repeat(20_000) })
    settle(20_000)
    expect(b.errors).toEqual([])
    expect(a.provider.connected).toBe(true)
    expect(a.errors.map((error) => error.message)).toEqual([
      expect.stringMatching(/awareness state of 2\d+ bytes/),
    ])
  })

  test('a constructor that throws leaves nothing on the document', () => {
    const doc = new Y.Doc()
    const listeners = () => [...doc._observers.values()].reduce((sum, set) => sum + set.size, 0)
    const before = listeners()
    expect(() => new TidemarkProvider('room', doc)).toThrow()
    expect(listeners()).toBe(before)
  })

  test('a rendezvous out of reach is said once', () => {
    network.setRendezvous(false)
    const a = open()
    settle(10_000)
    expect(a.errors.map((error) => error.message)).toEqual(['tidemark: signaling: unreachable'])
    network.setRendezvous(true)
    settle()
    expect(a.provider.connected).toBe(true)
  })
})
