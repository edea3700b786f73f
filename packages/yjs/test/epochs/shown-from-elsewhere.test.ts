/** What an application is told of what others did, where a whole state takes the place of the document. */
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { apply, change, cut, founder, load, newcomer } from './members.js'

describe('what the room has changed', () => {
  test('is shown as the work of others, and the answers as its own', () => {
    const alice = founder(1)
    const typed = change(alice, () => alice.text.insert(0, 'text'))
    const bob = newcomer(2, alice, [typed])
    const map = bob.doc.getMap('map')
    const own = bob.doc.clientID
    const seen: unknown[] = []
    bob.doc.on('afterTransaction', ({ local, origin, changed }) => {
      if (changed.size > 0) seen.push([local, origin === bob.structure])
    })
    map.observe((_event, { local }) => {
      if (!local) bob.text.insert(0, 'answer')
    })
    cut(alice, [typed, change(alice, () => alice.doc.getMap('map').set('key', 1))])
    load(bob, alice)
    expect(map.toJSON()).toEqual({ key: 1 })
    expect(seen).toEqual([
      [false, true],
      [true, false],
    ])
    expect(bob.doc.clientID).toBe(own)
    apply(
      alice,
      change(bob, () => {}),
    )
    expect(alice.text.toString()).toBe('answertext')
  })

  test('is not taken away again by an answer in a root that nobody had asked for', () => {
    const alice = founder(1)
    const typed = change(alice, () => alice.text.insert(0, 'text'))
    const bob = newcomer(2, alice, [typed])
    bob.text.insert(0, 'own ')
    bob.text.observe(() => bob.doc.getMap('late').set('seen', 1))
    const added = change(alice, () => {
      alice.text.insert(0, 'more ')
      alice.doc.getMap('late').set('kept', 2)
    })
    cut(alice, [typed, added])
    load(bob, alice)
    apply(
      alice,
      change(bob, () => {}),
    )
    for (const { doc } of [alice, bob]) expect(doc.getMap('late').get('kept')).toBe(2)
    expect(alice.text.toString()).toBe(bob.text.toString())
  })

  test('makes nobody tidy up the marks that came with it', () => {
    const alice = founder(1)
    const typed = change(alice, () => alice.text.insert(0, 'abcdef', { em: true }))
    const [bob, carol] = [newcomer(2, alice, [typed]), newcomer(3, alice, [typed])]
    const bold = change(alice, () => alice.text.format(2, 2, { bold: true }))
    const erased = change(carol, () => carol.text.delete(2, 2))
    apply(alice, erased)
    cut(alice, [typed, bold, erased, change(alice, () => {})])
    const transactions: unknown[] = []
    bob.doc.on('afterTransaction', ({ origin }) => transactions.push(origin === bob.structure))
    load(bob, alice)
    expect(bob.text.toDelta()).toEqual(alice.text.toDelta())
    expect(transactions).toEqual([true])
    expect(bob.structure.takeLocalChange()).toBeUndefined()
  })

  test('leaves a method of the document alone that the application has put in place of its own', () => {
    const alice = founder(1)
    const transact: Y.Doc['transact'] = (edit, origin) => Y.transact(alice.doc, edit, origin)
    alice.doc.transact = transact
    cut(alice, [change(alice, () => alice.text.insert(0, 'x'))])
    expect(alice.doc.transact).toBe(transact)
  })
})

/** Two who have something in common, and what the second is told of subdocuments. */
function withSubdocuments(gc = true) {
  const alice = founder(1)
  const typed = change(alice, () => alice.text.insert(0, 'text'))
  const bob = newcomer(2, alice, [typed])
  bob.doc.gc = gc
  const list = bob.doc.getArray<Y.Doc>('list')
  const map = bob.doc.getMap<Y.Map<unknown>>('map')
  const told: { added: Y.Doc[]; loaded: Y.Doc[]; removed: Y.Doc[] }[] = []
  bob.doc.on('subdocs', ({ added, loaded, removed }) =>
    told.push({ added: [...added], loaded: [...loaded], removed: [...removed] }),
  )
  return { alice, bob, list, map, told, typed }
}

const subdocument = (guid: string) => new Y.Doc({ guid, autoLoad: true })

describe('subdocuments that the room has got', () => {
  test('are the ones that are told of, also within types', () => {
    const { alice, bob, list, map, told, typed } = withSubdocuments()
    const added = change(alice, () => {
      alice.doc.getArray('list').push([subdocument('one')])
      alice.doc.getMap('map').set('inner', new Y.Map([['sub', subdocument('two')]]))
    })
    cut(alice, [typed, added])
    load(bob, alice)
    const held = [list.get(0), map.get('inner')?.get('sub') as Y.Doc]
    expect(held.map(({ guid }) => guid)).toEqual(['one', 'two'])
    expect(told).toHaveLength(1)
    expect(told[0]?.removed).toEqual([])
    for (const documents of [told[0]?.added, told[0]?.loaded, [...bob.doc.subdocs]]) {
      expect(new Set(documents)).toEqual(new Set(held))
      for (const one of held) expect(documents?.some((other) => other === one)).toBe(true)
    }
    expect(held.every((one) => one.clientID === bob.doc.clientID)).toBe(true)
    cut(bob, [change(bob, () => bob.text.insert(0, 'more '))])
    expect(list.get(0)).toBe(held[0])
    // Yjs puts another one in the place of one that is unloaded.
    held[0]?.destroy()
    expect(list.get(0)).not.toBe(held[0])
    expect(bob.doc.subdocs.has(list.get(0))).toBe(true)
  })

  test('can be unloaded at once, and be answered with others', () => {
    const { alice, bob, list, told, typed } = withSubdocuments()
    const own = subdocument('own')
    bob.doc.once('subdocs', ({ added }) => {
      for (const one of added) one.destroy()
    })
    list.observe((_event, { local }) => {
      if (local) return
      // Its clocks are others than in the document that takes this one's place.
      bob.text.insert(0, 'x')
      bob.text.delete(0, 1)
      list.push([own])
    })
    cut(alice, [typed, change(alice, () => alice.doc.getArray('list').push([subdocument('one')]))])
    load(bob, alice)
    expect(list.toArray().map(({ guid }) => guid)).toEqual(['one', 'own'])
    expect(list.get(1)).toBe(own)
    expect(list.get(0)).not.toBe(told[0]?.added[0])
    expect([...bob.doc.subdocs].map(({ guid }) => guid).sort()).toEqual(['one', 'own'])
    for (const one of list) expect(bob.doc.subdocs.has(one)).toBe(true)
    apply(
      alice,
      change(bob, () => {}),
    )
    expect(alice.doc.getArray<Y.Doc>('list').get(1).guid).toBe('own')
  })

  test('are told of in roots that nobody has asked for, as they come and as they go', () => {
    const { alice, bob, told, typed } = withSubdocuments()
    const hidden = alice.doc.getMap('hidden')
    const added = change(alice, () => hidden.set('sub', subdocument('one')))
    bob.doc.once('subdocs', () => bob.text.insert(0, 'answer '))
    cut(alice, [typed, added])
    load(bob, alice)
    expect(told).toHaveLength(1)
    const [one] = told[0]?.added ?? []
    expect(told[0]?.loaded[0]).toBe(one)
    expect(bob.doc.subdocs.has(one as Y.Doc)).toBe(true)
    const answer = change(bob, () => {})
    apply(alice, answer)
    expect(alice.text.toString()).toBe('answer text')
    cut(alice, [answer, change(alice, () => hidden.delete('sub'))])
    load(bob, alice)
    expect(told).toHaveLength(2)
    expect(told[1]?.removed[0]).toBe(one)
    expect(one?.isDestroyed).toBe(true)
    expect(bob.doc.subdocs.size).toBe(0)
    expect(bob.doc.getMap('hidden').size).toBe(0)
  })
})
