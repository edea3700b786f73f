import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { flatten } from '../../src/renumbering/flatten.js'
import { translate } from '../../src/renumbering/translate.js'
import { newDocument } from '../documents.js'
import { changeOf, load, rebuild } from './content.js'

const CLIENT = 7

/** Cuts at `below`, and puts `above` on top, placed by the table alone. */
function cut(below: readonly Uint8Array[], above: readonly Uint8Array[]): Y.Doc {
  const { pieces, table } = flatten(rebuild(...below), CLIENT)
  return rebuild(...pieces, ...above.map((update) => translate(update, table)))
}

/** Documents that all hold `content`, and the updates that made it. */
function replicas(count: number, content: (doc: Y.Doc) => void) {
  const docs = Array.from({ length: count }, (_, index) => newDocument(1001 + index))
  const [first] = docs
  if (first === undefined) throw new Error('No replica')
  const below = [changeOf(first, () => content(first))]
  for (const doc of docs.slice(1)) for (const update of below) Y.applyUpdate(doc, update)
  return { docs, below }
}

describe('translate', () => {
  it('puts text between the survivors it was typed between, though its neighbours are gone', () => {
    const { docs, below } = replicas(2, (doc) => doc.getText('text').insert(0, 'abcdef'))
    const [a, b] = docs as [Y.Doc, Y.Doc]
    const typed = changeOf(b, () => b.getText('text').insert(3, 'X'))
    below.push(changeOf(a, () => a.getText('text').delete(1, 4)))
    expect(cut(below, [typed]).getText('text').toString()).toBe('aXf')
  })

  it('names the container when no neighbour is left', () => {
    const { docs, below } = replicas(2, (doc) => doc.getArray('array').push([new Y.Text('abc')]))
    const [a, b] = docs as [Y.Doc, Y.Doc]
    const typed = changeOf(b, () => (b.getArray('array').get(0) as Y.Text).insert(1, 'X'))
    below.push(changeOf(a, () => (a.getArray('array').get(0) as Y.Text).delete(0, 3)))
    expect(cut(below, [typed]).getArray('array').toJSON()).toEqual(['X'])
  })

  it('lets what was typed into a dead container die, and what follows it live', () => {
    const { docs, below } = replicas(2, (doc) => doc.getArray('array').push([new Y.Text('abc'), 'z']))
    const [a, b] = docs as [Y.Doc, Y.Doc]
    const inner = b.getArray('array').get(0) as Y.Text
    const above = [
      changeOf(b, () => inner.insert(1, 'XY')),
      changeOf(b, () => inner.insertEmbed(2, new Y.Text('deep'))),
      changeOf(b, () => (inner.toDelta()[1].insert as Y.Text).insert(0, 'deeper')),
      changeOf(b, () => b.getArray('array').push(['end'])),
    ]
    below.push(changeOf(a, () => a.getArray('array').delete(0, 1)))
    const doc = cut(below, above)
    expect(doc.getArray('array').toJSON()).toEqual(['z', 'end'])
    expect(Y.getState(doc.store, 1002)).toBe(Y.getState(b.store, 1002))
  })

  it('lets the first content of a container that is gone die', () => {
    const { docs, below } = replicas(2, (doc) => doc.getArray('array').push([new Y.Text('z'), new Y.Text()]))
    const [a, b] = docs as [Y.Doc, Y.Doc]
    const above = [changeOf(b, () => (b.getArray('array').get(1) as Y.Text).insert(0, 'first'))]
    below.push(changeOf(a, () => a.getArray('array').delete(1, 1)))
    const doc = cut(below, above)
    expect(doc.getArray('array').toJSON()).toEqual(['z'])
    expect(Y.getState(doc.store, 1002)).toBe(5)
  })

  it('deletes by new names, and not at all what is gone', () => {
    const { docs, below } = replicas(2, (doc) => doc.getText('text').insert(0, 'abcdef'))
    const [a, b] = docs as [Y.Doc, Y.Doc]
    const erased = changeOf(b, () => b.getText('text').delete(1, 4))
    below.push(changeOf(a, () => a.getText('text').delete(2, 2)))
    expect(cut(below, [erased]).getText('text').toString()).toBe('af')
  })

  it('lets a concurrent write to a map come after the live value, and a deletion of a gone one do nothing', () => {
    const { docs, below } = replicas(3, (doc) => doc.getMap('map').set('k', 0))
    const [a, b, c] = docs as [Y.Doc, Y.Doc, Y.Doc]
    const written = changeOf(b, () => b.getMap('map').set('k', 'b'))
    const removed = changeOf(c, () => c.getMap('map').delete('k'))
    below.push(changeOf(a, () => a.getMap('map').set('k', 'a')))
    expect(cut(below, [removed]).getMap('map').toJSON()).toEqual({ k: 'a' })
    expect(cut(below, [written, removed]).getMap('map').toJSON()).toEqual({ k: 'b' })
    expect(
      cut([...below, changeOf(a, () => a.getMap('map').delete('k'))], [written])
        .getMap('map')
        .toJSON(),
    ).toEqual({
      k: 'b',
    })
  })

  it('leaves out what the base has decided, from the middle of a run too', () => {
    const { docs, below } = replicas(2, (doc) => doc.getText('text').insert(0, 'abc'))
    const [a, b] = docs as [Y.Doc, Y.Doc]
    a.getText('text').insert(3, 'def')
    const everything = Y.encodeStateAsUpdate(a)
    const doc = cut(below, [everything])
    expect(doc.getText('text').toString()).toBe('abcdef')
    expect(Y.getState(doc.store, 1001)).toBe(6)
    expect(b.getText('text').toString()).toBe('abc')
  })

  it('keeps GC structs and inner gaps, and drops a leading gap', () => {
    const { docs, below } = replicas(1, (doc) => doc.getText('text').insert(0, 'abc'))
    const [a] = docs as [Y.Doc]
    const first = changeOf(a, () => a.getText('text').insert(3, 'd'))
    const second = changeOf(a, () => a.getText('text').insert(4, 'e'))
    const third = changeOf(a, () => a.getText('text').insert(5, 'f'))
    const gapped = Y.mergeUpdates([below[0] ?? first, second])
    expect(Y.decodeUpdate(gapped).structs.some((struct) => struct instanceof Y.Skip)).toBe(true)
    const doc = cut(below, [first, gapped, third])
    expect(doc.getText('text').toString()).toBe('abcdef')
  })

  it('is a pure function', () => {
    const { docs, below } = replicas(2, (doc) => doc.getText('text').insert(0, 'abcdef'))
    const [a, b] = docs as [Y.Doc, Y.Doc]
    const typed = changeOf(b, () => b.getText('text').insert(3, 'X'))
    below.push(changeOf(a, () => a.getText('text').delete(1, 4)))
    const { table } = flatten(load(Y.mergeUpdates(below)), CLIENT)
    const copy = typed.slice()
    expect(translate(typed, table)).toEqual(translate(typed, table))
    expect(typed).toEqual(copy)
  })
})
