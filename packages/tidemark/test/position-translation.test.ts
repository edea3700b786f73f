/** Relative positions in awareness states: every form that the bindings for Yjs publish, and what only looks alike. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { isNestedTooDeeply, type TranslatePosition, translatePositions } from '../src/position-translation.js'

const OLD = 1
const NEW = 9
const LOST = 66

/** Client 1 has become client 9, a hundred further; client 66 is gone; all others stay. */
const translate: TranslatePosition = ({ type, tname, item, assoc }) => {
  if (type?.client === LOST || item?.client === LOST) return null
  const id = (old: Y.ID | null) =>
    old?.client === OLD ? Y.createID(NEW, old.clock + 100) : old && Y.createID(old.client, old.clock)
  return new Y.RelativePosition(id(type), tname, id(item), assoc)
}

const position = (client: number, clock: number, assoc = 0) =>
  new Y.RelativePosition(null, 't', Y.createID(client, clock), assoc)
const overTheWire = (value: unknown) => JSON.parse(JSON.stringify(value))

describe('what bindings publish', () => {
  test('instances of RelativePosition stay such (CodeMirror, ProseMirror, Monaco: in the own state)', () => {
    const state = { user: { name: 'Ada' }, cursor: { anchor: position(OLD, 3), head: position(OLD, 5, -1) } }
    const translated = translatePositions(state, translate)
    expect(translated).toEqual({
      user: { name: 'Ada' },
      cursor: { anchor: position(NEW, 103), head: position(NEW, 105, -1) },
    })
    expect(translated.cursor.anchor).toBeInstanceOf(Y.RelativePosition)
    expect(translated.user).toBe(state.user)
    expect(state.cursor.anchor).toEqual(position(OLD, 3))
  })

  test('what these are as JSON has all keys, because some bindings hand it to Yjs as it is', () => {
    const state = overTheWire({ selection: { anchor: position(OLD, 3), head: position(7, 5) } })
    expect(translatePositions(state, translate)).toStrictEqual({
      selection: {
        anchor: { type: null, tname: 't', item: { client: NEW, clock: 103 }, assoc: 0 },
        head: state.selection.head,
      },
    })
    const doc = new Y.Doc()
    expect(() =>
      Y.createAbsolutePositionFromRelativePosition(
        translatePositions(state, translate).selection.anchor,
        doc,
      ),
    ).not.toThrow()
  })

  test('relativePositionToJSON, which leaves keys out', () => {
    const inNested = new Y.RelativePosition(Y.createID(OLD, 8), null, null, -1)
    const state = { cursor: { anchor: Y.relativePositionToJSON(inNested) } }
    expect(translatePositions(state, translate).cursor.anchor).toMatchObject({
      type: { client: NEW, clock: 108 },
      assoc: -1,
    })
  })

  test('positions at the top of the state (Lexical), in arrays, and deep down', () => {
    const state = { anchorPos: position(OLD, 1), focusPos: null, selections: [[position(OLD, 2)], 'x', 4] }
    expect(translatePositions(state, translate)).toEqual({
      anchorPos: position(NEW, 101),
      focusPos: null,
      selections: [[position(NEW, 102)], 'x', 4],
    })
  })

  test('JSON as a string (CodeMirror 5)', () => {
    const state = {
      cursor: { anchor: JSON.stringify(position(OLD, 1)), head: JSON.stringify(position(7, 1)) },
    }
    expect(translatePositions(state, translate)).toEqual({
      cursor: { anchor: JSON.stringify(position(NEW, 101)), head: state.cursor.head },
    })
  })
})

describe('what stays', () => {
  test.each([
    ['a position in another naming', { cursor: position(7, 1) }],
    ['a position that is gone, which then leads nowhere', { cursor: { anchor: position(LOST, 1) } }],
    ['the end of a type that has a name', { cursor: new Y.RelativePosition(null, 't', null, -1) }],
    ['more keys than a position has', { item: { client: OLD, clock: 1 }, label: 'x' }],
    ['an id that is none', { item: { client: OLD, clock: -1 } }],
    ['a fraction', { item: { client: OLD, clock: 0.5 } }],
    ['an association that is none', { item: { client: OLD, clock: 1 }, assoc: 'left' }],
    ['a name that is none', { item: { client: OLD, clock: 1 }, tname: {} }],
    ['an id alone', { client: OLD, clock: 1 }],
    ['text that is not JSON', { text: '{"item":{"client":1,"clock":1}' }],
    ['text with something else in it', { text: '{"clock":[1]}' }],
    ['nothing', null],
  ])('%s', (_, state) => {
    expect(translatePositions(state, translate)).toBe(state)
  })

  test('objects of classes, which are not ours to copy', () => {
    class Range {
      readonly anchor = position(OLD, 1)
    }
    const state = { range: new Range() }
    expect(translatePositions(state, translate)).toBe(state)
  })
})

describe('hostile states', () => {
  test('neither throw nor change in anything but positions', () => {
    const id = fc.record({ client: fc.constantFrom<unknown>(OLD, 7, LOST, '1', -1), clock: fc.jsonValue() })
    const nearly = fc.record(
      {
        type: fc.oneof(id, fc.jsonValue()),
        item: fc.oneof(id, fc.jsonValue()),
        tname: fc.jsonValue(),
        assoc: fc.jsonValue(),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.jsonValue(),
          fc.dictionary(
            fc.constantFrom('a', '__proto__', 'toJSON', 'item'),
            fc.oneof(nearly, fc.jsonValue()),
          ),
        ),
        (value) => {
          const state = overTheWire(value)
          const before = JSON.stringify(state)
          const translated = JSON.stringify(translatePositions(state, translate))
          expect(JSON.stringify(state)).toBe(before)
          if (!before.includes('client')) expect(translated).toBe(before)
        },
      ),
    )
  })

  test('a key called __proto__ is an ordinary one', () => {
    const state = JSON.parse('{"__proto__":{"item":{"client":1,"clock":1}}}')
    const translated = translatePositions(state, translate)
    expect(Object.getPrototypeOf(translated)).toBe(Object.prototype)
    expect(JSON.stringify(translated)).toContain('"__proto__":{"type":null,"tname":null,"item":{"client":9')
  })

  test('nesting beyond any use is recognised, and costs nothing', () => {
    const deep = JSON.parse(`${'['.repeat(8000)}${']'.repeat(8000)}`)
    expect(isNestedTooDeeply(deep)).toBe(true)
    expect(translatePositions(deep, translate)).toBe(deep)
    expect(isNestedTooDeeply({ cursor: { ranges: [[position(OLD, 1)]] } })).toBe(false)
  })
})
