/** Two histories that both went on since they last had a naming in common, by hand. */
import type { NamedPayload } from '@tidemark/core'
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { contentOf } from '../renumbering/content.js'
import { Mirror } from '../renumbering/mirror.js'
import { apply, change, cut, epochOf, founder, load, type Member, member, newcomer } from './members.js'

/** Alice and Bob share a text with history, then lose sight of each other; Bob founds a room of his own. */
function parted() {
  const orphans: Y.Doc[] = []
  const alice = founder(1)
  const bob = member(2, { onOrphaned: (document) => orphans.push(document) })
  load(bob, alice)
  const mirror = new Mirror([bob.text, bob.doc.getArray('array')])
  const list = alice.doc.getArray<unknown>('array')
  const below = [
    change(alice, () => alice.text.insert(0, 'one two three')),
    change(alice, () => list.push([new Y.Map([['a', 1]]), 'x', 'y'])),
    change(alice, () => alice.doc.getMap('map').set('k', 'old')),
  ]
  apply(bob, ...below)
  cut(alice, below)
  cut(bob, below)
  bob.epochs.found('of Bob')
  return { alice, bob, mirror, orphans }
}

/** Everything so far is cut twice. */
function goOn(of: Member, ...operations: NamedPayload[]): void {
  cut(of, operations)
  cut(of, [])
}

function settle(from: Member, to: Member): NamedPayload {
  const payload = from.structure.takeLocalChange() ?? new Uint8Array([0, 0])
  const operation = { payload, epoch: epochOf(from) }
  apply(to, operation)
  expect(contentOf(to.doc)).toEqual(contentOf(from.doc))
  return operation
}

describe('two histories that both went on', () => {
  test('[LI5] have what either side wrote, once, where it was typed', () => {
    const { alice, bob, mirror, orphans } = parted()
    goOn(
      alice,
      change(alice, () => alice.text.insert(3, ' and')),
    )
    goOn(
      bob,
      change(bob, () => bob.text.insert(13, ' four')),
      change(bob, () => bob.text.insert(7, ' or')),
    )
    bob.text.insert(0, 'So: ')
    load(bob, alice)
    mirror.check()
    expect(bob.text.toString()).toBe('So: one and two or three four')
    expect(bob.epochs.namings).toEqual(alice.epochs.namings)
    settle(bob, alice)
    expect(bob.structure.takeLocalChange()).toBeUndefined()
    expect(orphans).toEqual([])
  })

  test('[LI5] lack what either side deleted', () => {
    const { alice, bob, mirror } = parted()
    goOn(
      alice,
      change(alice, () => alice.text.delete(0, 4)),
      change(alice, () => alice.doc.getArray('array').delete(1, 1)),
    )
    goOn(
      bob,
      change(bob, () => bob.text.delete(7, 6)),
      change(bob, () => bob.doc.getArray('array').delete(2, 1)),
      change(bob, () => bob.doc.getMap('map').delete('k')),
    )
    load(bob, alice)
    mirror.check()
    expect(bob.text.toString()).toBe('two')
    expect(bob.doc.getArray('array').toJSON()).toEqual([{ a: 1 }])
    expect(bob.doc.getMap('map').toJSON()).toEqual({})
    settle(bob, alice)
  })

  test('[LI5] lack it also where nothing else is left to be brought', () => {
    const [alice, bob] = [founder(1), member(2)]
    bob.epochs.found('elsewhere')
    const typed = change(bob, () => bob.text.insert(0, 'typed'))
    const carol = newcomer(3, bob, [typed])
    goOn(
      bob,
      typed,
      change(bob, () => bob.text.delete(0, 5)),
    )
    load(carol, alice)
    const above = [settle(carol, alice)]
    expect(alice.text.toString()).toBe('typed')
    load(bob, alice, above)
    expect(bob.text.toString()).toBe('')
    settle(bob, alice)
  })

  test('[LI5] keep types, and what either side wrote into them', () => {
    const { alice, bob, mirror } = parted()
    const shared = bob.doc.getArray<Y.Map<unknown>>('array').get(0)
    goOn(
      alice,
      change(alice, () => alice.doc.getArray<Y.Map<unknown>>('array').get(0).set('b', 2)),
    )
    goOn(
      bob,
      change(bob, () => shared.set('c', new Y.Array<unknown>())),
      change(bob, () => (shared.get('c') as Y.Array<unknown>).push(['inner'])),
    )
    const inner = shared.get('c')
    load(bob, alice)
    mirror.check()
    expect(bob.doc.getArray('array').get(0)).toBe(shared)
    expect(shared.toJSON()).toEqual({ a: 1, b: 2, c: ['inner'] })
    expect(shared.get('c')).toBe(inner)
    settle(bob, alice)
  })

  test('[LI5] of an entry that both have written, show what comes over', () => {
    const { alice, bob } = parted()
    goOn(
      alice,
      change(alice, () => alice.doc.getMap('map').set('k', 'of Alice')),
    )
    goOn(
      bob,
      change(bob, () => bob.doc.getMap('map').set('k', 'of Bob')),
    )
    load(bob, alice)
    expect(bob.doc.getMap('map').toJSON()).toEqual({ k: 'of Bob' })
    settle(bob, alice)
  })

  test('[LI5] of an entry that one has deleted and the other written, show what was written', () => {
    for (const isAliceDeleting of [true, false]) {
      const { alice, bob } = parted()
      const [deleting, writing] = isAliceDeleting ? [alice, bob] : [bob, alice]
      goOn(
        deleting,
        change(deleting, () => deleting.doc.getMap('map').delete('k')),
      )
      goOn(
        writing,
        change(writing, () => writing.doc.getMap('map').set('k', 'new')),
      )
      load(bob, alice)
      expect(bob.doc.getMap('map').toJSON()).toEqual({ k: 'new' })
      settle(bob, alice)
    }
  })

  test('[LI5] undo goes on, over what was written before they parted and since', () => {
    const { alice, bob } = parted()
    const manager = new Y.UndoManager(bob.text, { captureTimeout: 0 })
    bob.structure.trackUndo(manager)
    const above = [change(bob, () => bob.text.insert(3, ' undone')), change(bob, () => bob.text.delete(0, 4))]
    cut(bob, above.slice(0, 1), above.slice(1))
    goOn(
      alice,
      change(alice, () => alice.text.insert(13, '!')),
    )
    load(bob, alice)
    expect(bob.text.toString()).toBe('undone two three!')
    manager.undo()
    expect(bob.text.toString()).toBe('one undone two three!')
    manager.undo()
    expect(bob.text.toString()).toBe('one two three!')
    settle(bob, alice)
  })

  test('[LI5] others of the one that yields come over from other epochs, and bring no more than they alone have', () => {
    const { alice, bob, orphans } = parted()
    const carol = newcomer(3, bob)
    const dave = newcomer(4, bob)
    const typed = change(bob, () => bob.text.insert(13, ' four'))
    apply(carol, typed)
    apply(dave, typed)
    cut(bob, [typed])
    cut(carol, [typed])
    goOn(bob)
    goOn(
      alice,
      change(alice, () => alice.text.insert(0, '0 ')),
    )
    load(bob, alice)
    const above = [settle(bob, alice)]
    carol.text.insert(18, ' five')
    load(carol, alice, above)
    above.push(settle(carol, alice))
    load(dave, alice, above)
    expect(dave.structure.takeLocalChange()).toBeUndefined()
    expect(dave.text.toString()).toBe('0 one two three four five')
    cut(alice, above)
    expect(alice.text.toString()).toBe('0 one two three four five')
    expect(orphans).toEqual([])
  })
})

describe('what several bring, unknown to each other', () => {
  /** Bob and Carol come over from different epochs of Bob's room, each to another member of Alice's. */
  function comeOver() {
    const { alice, bob } = parted()
    const carol = newcomer(3, bob)
    const typed = change(bob, () => bob.text.insert(13, ' four'))
    apply(carol, typed)
    goOn(
      bob,
      typed,
      change(bob, () => bob.text.delete(14, 2)),
    )
    carol.text.insert(18, ' five')
    const zoe = newcomer(5, alice)
    load(bob, alice)
    load(carol, alice)
    const [ofBob, ofCarol] = [change(bob, () => {}), change(carol, () => {})].map((operation, index) => {
      const origin = { author: `${index}`, clock: 10, seq: 1, past: new Map<string, number>() }
      return { ...operation, origin }
    })
    if (ofBob === undefined || ofCarol === undefined) throw new Error('Nothing is brought')
    return { alice, zoe, ofBob, ofCarol }
  }

  test('[LI7] stands there once, the way the first of them told, in whatever order it comes', () => {
    const { alice, zoe, ofBob, ofCarol } = comeOver()
    apply(alice, ofBob)
    expect(alice.epochs.isTangled).toBe(false)
    apply(alice, ofCarol)
    apply(zoe, ofCarol, ofBob)
    for (const { epochs } of [alice, zoe]) {
      expect(epochs.isTangled).toBe(true)
      epochs.untangle?.([ofBob, ofCarol])
      expect(epochs.isTangled).toBe(false)
    }
    expect(alice.text.toString()).toBe('one two three ur five')
    expect(zoe.text.toString()).toBe('one two three ur five')
  })

  test('[LI7] also above a cut, and where it comes after the cut', () => {
    const { alice, zoe, ofBob, ofCarol } = comeOver()
    const late = newcomer(6, alice)
    cut(alice, [], [ofBob, ofCarol])
    cut(zoe, [], [ofCarol, ofBob])
    cut(late, [])
    apply(late, ofCarol, ofBob)
    expect(late.epochs.isTangled).toBe(true)
    late.epochs.untangle?.([ofBob, ofCarol])
    for (const { text, epochs } of [alice, zoe, late]) {
      expect(epochs.isTangled).toBe(false)
      expect(text.toString()).toBe('one two three ur five')
    }
  })
})

describe('different parts of one author, brought by two who each hold the rest in a base', () => {
  /** Of somebody whom nobody here has met: the first two characters, and what was written after the fifth. */
  function parts() {
    const author = new Y.Doc()
    author.clientID = 77
    author.getText('early').insert(0, 'ab')
    const early = Y.encodeStateAsUpdate(author)
    author.getText('between').insert(0, 'cde')
    author.getText('late').insert(0, 'fg')
    const late = Y.encodeStateAsUpdate(author, Y.encodeStateVector(authorUpTo(5)))
    return [early, late].map((payload) => ({ payload, epoch: 0 })) as [NamedPayload, NamedPayload]
  }

  function authorUpTo(clock: number): Y.Doc {
    const doc = new Y.Doc()
    doc.clientID = 77
    doc.getText('early').insert(0, 'x'.repeat(clock))
    return doc
  }

  test('[LI5] are both taken, whichever comes first, and end up alike', () => {
    const [early, late] = parts()
    const alice = founder(1)
    const zoe = newcomer(2, alice)
    apply(alice, early, late)
    apply(zoe, late, early)
    for (const { epochs } of [alice, zoe]) if (epochs.isTangled) epochs.untangle?.([early, late])
    for (const { doc } of [alice, zoe]) {
      expect(doc.getText('early').toString()).toBe('ab')
      expect(doc.getText('late').toString()).toBe('fg')
    }
  })

  test('[LI5] are both carried over a cut, whichever comes first', () => {
    for (const inOrder of [true, false]) {
      const [early, late] = parts()
      const alice = founder(1)
      apply(alice, ...(inOrder ? [early, late] : [late, early]))
      cut(alice, [], [early, late])
      expect(alice.doc.getText('early').toString()).toBe('ab')
      expect(alice.doc.getText('late').toString()).toBe('fg')
    }
  })
})
