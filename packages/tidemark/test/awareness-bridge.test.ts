/** Presences across epochs: who is ahead, who is behind, and what editors are told. */
import * as encoding from 'lib0/encoding'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Awareness } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { AwarenessBridge } from '../src/awareness-bridge.js'

interface Site {
  readonly awareness: Awareness
  readonly bridge: AwarenessBridge
  readonly errors: unknown[]
  published: number
  epoch: number
}

let sites: Site[]

beforeEach(() => {
  sites = []
})

afterEach(() => {
  for (const { awareness, bridge } of sites) {
    bridge.destroy()
    awareness.destroy()
  }
})

/** Each epoch adds 100 to every clock of client 1; only the epoch just before the present one is known. */
const shift = ({ type, tname, item, assoc }: Y.RelativePosition) =>
  new Y.RelativePosition(type, tname, item && Y.createID(item.client, item.clock + 100), assoc)

function open(epoch = 0, awareness = new Awareness(new Y.Doc())): Site {
  const errors: unknown[] = []
  const bridge = new AwarenessBridge(awareness, {
    publish: () => {
      site.published++
    },
    epoch: () => site.epoch,
    translate: (position, from) => (from === site.epoch - 1 ? shift(position) : undefined),
    onListenerError: (error) => errors.push(error),
  })
  const site: Site = { awareness, bridge, errors, published: 0, epoch }
  sites.push(site)
  return site
}

function cut(site: Site): void {
  site.epoch++
  site.bridge.renamed(shift)
}

const cursorAt = (clock: number) => ({ cursor: new Y.RelativePosition(null, 't', Y.createID(1, clock), 0) })
const jsonAt = (clock: number) => JSON.parse(JSON.stringify(cursorAt(clock)))
const stateOf = (of: Site, at: Site) => at.awareness.getStates().get(of.awareness.clientID)
const say = (from: Site, to: Site) => to.bridge.receive('from', from.bridge.encodeOwn())

/** Raw bytes of a presence. */
function presence(epoch: number, client: number, clock: number, json: string): Uint8Array {
  const encoder = encoding.createEncoder()
  for (const number of [epoch, 1, client, clock]) encoding.writeVarUint(encoder, number)
  encoding.writeVarString(encoder, json)
  return encoding.toUint8Array(encoder)
}

describe('at a cut', () => {
  test('the own state follows and is published again; one without positions is not', () => {
    const a = open()
    a.awareness.setLocalState(cursorAt(3))
    const before = a.published
    cut(a)
    expect(a.awareness.getLocalState()).toEqual(cursorAt(103))
    expect(a.published).toBe(before + 1)
    a.awareness.setLocalState({ user: 'Ada' })
    const quiet = a.published
    cut(a)
    expect(a.published).toBe(quiet)
    expect(a.awareness.getLocalState()).toEqual({ user: 'Ada' })
  })

  test('states of others follow in place, and editors are told to draw again', () => {
    const [a, b, c] = [open(), open(), open()]
    a.awareness.setLocalState(cursorAt(3))
    c.awareness.setLocalState({ user: 'Cy' })
    say(a, b)
    b.bridge.receive('c', c.bridge.encodeOwn())
    const clock = b.awareness.meta.get(a.awareness.clientID)?.clock
    const events: unknown[] = []
    for (const name of ['change', 'update'] as const) {
      b.awareness.on(name, (change: object, origin: unknown) =>
        events.push({ name, ...change, origin, state: stateOf(a, b) }),
      )
    }
    cut(b)
    const updated = [a.awareness.clientID]
    const told = { added: [], updated, removed: [], origin: b.bridge, state: jsonAt(103) }
    expect(events).toEqual([
      { name: 'change', ...told },
      { name: 'update', ...told },
    ])
    expect(b.awareness.meta.get(a.awareness.clientID)?.clock).toBe(clock)
    expect(stateOf(c, b)).toEqual({ user: 'Cy' })
  })

  test('a listener that throws keeps nothing from being translated, published or told', () => {
    const awareness = new Awareness(new Y.Doc())
    let throws = true
    awareness.on('change', () => {
      if (throws) throw new Error('listener')
    })
    // After the application's listener, which keeps this one from being called.
    const [a, b] = [open(), open(0, awareness)]
    a.awareness.setLocalState(cursorAt(3))
    expect(() => say(a, b)).toThrow('listener')
    // It stays for as long as its member does all the same.
    expect(b.awareness.meta.get(a.awareness.clientID)?.lastUpdated).toBe(Number.POSITIVE_INFINITY)
    expect(() => awareness.setLocalState(cursorAt(7))).toThrow('listener')
    b.published = 0
    cut(b)
    expect(awareness.getLocalState()).toEqual(cursorAt(107))
    expect(stateOf(a, b)).toEqual(jsonAt(103))
    expect(b.published).toBe(1)
    expect(b.errors).toHaveLength(2)
    b.published = 0
    expect(() => b.bridge.renew()).not.toThrow()
    expect(b.published).toBeGreaterThan(0)
    expect(() => b.bridge.dropAll()).not.toThrow()
    expect(stateOf(a, b)).toBeUndefined()
    throws = false
  })
})

describe('between members in different epochs', () => {
  test('a state from one epoch behind is translated on arrival', () => {
    const [a, b] = [open(4), open(5)]
    a.awareness.setLocalState(cursorAt(3))
    say(a, b)
    expect(stateOf(a, b)).toEqual(jsonAt(103))
  })

  test('a state from further behind comes as it is', () => {
    const [a, b] = [open(2), open(5)]
    a.awareness.setLocalState({ ...cursorAt(3), user: 'Ada' })
    say(a, b)
    expect(stateOf(a, b)).toEqual({ ...jsonAt(3), user: 'Ada' })
  })

  test('a state from one epoch ahead waits for the cut; the earlier one is shown meanwhile', () => {
    const [a, b] = [open(), open()]
    a.awareness.setLocalState(cursorAt(3))
    say(a, b)
    cut(a)
    say(a, b)
    expect(stateOf(a, b)).toEqual(jsonAt(3))
    a.awareness.setLocalState(cursorAt(150))
    say(a, b)
    expect(stateOf(a, b)).toEqual(jsonAt(3))
    cut(b)
    expect(stateOf(a, b)).toEqual(jsonAt(150))
  })

  test('who leaves is not brought back by what had waited', () => {
    const [a, b] = [open(1), open(0)]
    a.awareness.setLocalState(cursorAt(3))
    say(a, b)
    b.bridge.drop('from')
    cut(b)
    expect(stateOf(a, b)).toBeUndefined()
    say(a, b)
    expect(stateOf(a, b)).toEqual(jsonAt(3))
    b.epoch = 0
    say(a, b)
    b.bridge.dropAll()
    cut(b)
    expect(stateOf(a, b)).toBeUndefined()
  })
})

describe('whatever comes', () => {
  test.each([
    ['nothing', new Uint8Array()],
    ['an epoch alone', Uint8Array.of(1)],
    ['no JSON', presence(0, 5, 1, '{')],
    ['an array', presence(0, 5, 1, '[]')],
    ['a number', presence(0, 5, 1, '7')],
    ['nesting without end', presence(0, 5, 1, `{"a":${'['.repeat(7000)}${']'.repeat(7000)}}`)],
    ['a clock that nothing can follow', presence(0, 5, 2 ** 53 - 1, '{}')],
    ['a clock beyond all changes', presence(0, 5, 2 ** 31, '{}')],
    ['something behind it', Uint8Array.of(...presence(0, 5, 1, '{}'), 0)],
  ])('%s is refused', (_, bytes) => {
    const a = open()
    expect(a.bridge.receive('x', bytes)).toBe('awareness state is malformed')
    expect(a.awareness.getStates().size).toBe(1)
  })

  test('our own state is not taken from others', () => {
    const a = open()
    a.awareness.setLocalState({ user: 'Ada' })
    expect(a.bridge.receive('x', presence(0, a.awareness.clientID, 99, '{}'))).toBeUndefined()
    expect(a.awareness.getLocalState()).toEqual({ user: 'Ada' })
    a.bridge.drop('x')
    expect(a.awareness.getLocalState()).toEqual({ user: 'Ada' })
  })

  test("somebody else's state is not taken from others, whatever their clock", () => {
    const [a, b] = [open(), open()]
    a.awareness.setLocalState({ user: 'Ada' })
    b.bridge.receive('ada', a.bridge.encodeOwn())
    const { clientID } = a.awareness
    expect(b.bridge.receive('eve', presence(0, clientID, 2 ** 31 - 1, '{"user":"Eve"}'))).toBeUndefined()
    expect(stateOf(a, b)).toEqual({ user: 'Ada' })
    a.awareness.setLocalState({ user: 'Ada Lovelace' })
    b.bridge.receive('ada', a.bridge.encodeOwn())
    expect(stateOf(a, b)).toEqual({ user: 'Ada Lovelace' })
    b.bridge.drop('eve')
    expect(stateOf(a, b)).toEqual({ user: 'Ada Lovelace' })
  })

  test('a page that came back under a new id gets its client once the old id is gone', () => {
    const [a, b] = [open(), open()]
    a.awareness.setLocalState({ user: 'Ada' })
    b.bridge.receive('ada-1', a.bridge.encodeOwn())
    a.awareness.setLocalState({ user: 'Ada again' })
    b.bridge.receive('ada-2', a.bridge.encodeOwn())
    expect(stateOf(a, b)).toEqual({ user: 'Ada' })
    b.bridge.drop('ada-1')
    expect(stateOf(a, b)).toEqual({ user: 'Ada again' })
    b.bridge.drop('ada-2')
    expect(stateOf(a, b)).toBeUndefined()
  })

  test('an epoch that never comes keeps one state per member', () => {
    const a = open()
    for (let clock = 1; clock < 100; clock++) a.bridge.receive('x', presence(2 ** 40, 5, clock, '{}'))
    expect(Reflect.get(a.bridge, 'waiting').size).toBe(1)
    expect(a.awareness.getStates().size).toBe(1)
  })

  test('positions that are none reach the application as they are', () => {
    const a = open(1)
    const state = { cursor: { anchor: { item: { client: 'x', clock: -1 } }, head: { type: 5 } } }
    a.bridge.receive('x', presence(0, 5, 1, JSON.stringify(state)))
    expect(a.awareness.getStates().get(5)).toEqual(state)
  })
})
