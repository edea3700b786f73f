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
