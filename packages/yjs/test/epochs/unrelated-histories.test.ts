/** Coming over where no table leads from one history to the other. */
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { newDocument } from '../documents.js'
import { contentOf } from '../renumbering/content.js'
import { apply, change, cut, founder, LINEAGE, load, type Member, member, newcomer } from './members.js'
import { loadWithoutTables, longChange, parted, settle } from './returning.js'

describe('where nothing leads back', () => {
  /** Founded with an older copy of the room, and cut: its names mean nothing to the others, and yet they share content. */
  function founding(older: Member): Member {
    older.epochs.found('another')
    const typed = change(older, () => older.text.insert(0, 'another: '))
    cut(older, [typed])
    return older
  }

  /** Bob's room goes on, by a table that is too long to be sent along; who comes then can not lead back. */
  function latecomer(bob: Member, onOrphaned: (document: Y.Doc) => void): Member {
    cut(bob, [longChange(bob)])
    const late = member(6, { onOrphaned })
    loadWithoutTables(late, bob)
    return late
  }

  test('what is unsynced goes to the application, whole, and the room is shown', () => {
    const orphans: Y.Doc[] = []
    const { bob } = parted()
    const older = newcomer(5, bob)
    const late = latecomer(bob, (document) => orphans.push(document))
    late.text.insert(0, 'unsynced ')
    const room = founding(older)
    const texts: string[] = []
    late.text.observe(() => texts.push(late.text.toString()))
    load(late, room)
    expect(orphans.map((doc) => doc.getText('text').toString())).toEqual(['unsynced one three'])
    expect(late.text.toString()).toBe('another: one three')
    expect(texts).toEqual(['another: one three'])
    expect(late.structure.takeLocalChange()).toBeUndefined()
    // Its clocks are used up, so it goes on under another client id.
    apply(
      room,
      change(late, () => late.text.insert(0, 'and ')),
    )
    expect(contentOf(room.doc)).toEqual(contentOf(late.doc))
  })

  test('they are known to have something in common however late they meet', () => {
    const orphans: Y.Doc[] = []
    const { bob } = parted()
    const older = newcomer(5, bob)
    const late = latecomer(bob, (document) => orphans.push(document))
    const room = newcomer(8, newcomer(7, founding(older)))
    load(late, room)
    expect(late.text.toString()).toBe('another: one three')
    expect(orphans).toHaveLength(1)
  })

  test('rooms that never had anything in common merge: both contents stay, once', () => {
    const alice = founder(1)
    const bob = member(2)
    bob.epochs.found('elsewhere')
    const ofAlice = [change(alice, () => alice.text.insert(0, 'Alice'))]
    const ofBob = [change(bob, () => bob.text.insert(0, 'Bob'))]
    cut(alice, ofAlice)
    cut(bob, ofBob)
    load(bob, alice)
    settle(bob, alice)
    expect(alice.text.toString()).toMatch(/^(AliceBob|BobAlice)$/)
    const below = [change(bob, () => bob.text.insert(0, '.'))]
    apply(alice, ...below)
    expect(bob.structure.takeLocalChange()).toBeUndefined()
  })

  test('[LI5] what one of another room has brought is not brought again by the next, renumbered or not', () => {
    const orphans: Y.Doc[] = []
    const alice = founder(1)
    const bob = member(2)
    bob.epochs.found('elsewhere')
    cut(bob, [change(bob, () => bob.text.insert(0, 'Bob'))])
    const carol = newcomer(3, bob)
    const dave = member(4, { onOrphaned: (document) => orphans.push(document) })
    load(dave, bob)
    cut(dave, [])
    load(bob, alice)
    const brought = change(bob, () => {})
    apply(alice, brought)
    cut(alice, [brought])
    // Carol has the very names that Bob had; Dave has others for the same.
    carol.text.insert(3, ' and Carol')
    load(carol, alice)
    const ofCarol = change(carol, () => {})
    apply(alice, ofCarol)
    expect(alice.text.toString()).toBe('Bob and Carol')
    dave.text.insert(3, ' and Dave')
    load(dave, alice, [ofCarol])
    settle(dave, alice)
    expect(dave.text.toString()).toMatch(/^Bob( and Dave| and Carol){2}$/)
    expect(orphans).toEqual([])
  })

  test('[LI5] nor by one whom it had left behind, whose names for it the room has never heard', () => {
    const orphans: Y.Doc[] = []
    const alice = founder(1)
    const bob = member(2)
    bob.epochs.found('elsewhere')
    cut(bob, [change(bob, () => bob.text.insert(0, 'Bob'))])
    const dave = member(4, { onOrphaned: (document) => orphans.push(document) })
    load(dave, bob)
    cut(bob, [])
    load(bob, alice)
    const brought = change(bob, () => {})
    apply(alice, brought)
    dave.text.insert(3, ' and Dave')
    load(dave, alice, [brought])
    expect(dave.text.toString()).toBe('Bob and Dave')
    settle(dave, alice)
    expect(orphans).toEqual([])
  })

  /** Bob and Dave are in a room of their own, in which Bob has typed since it was cut. */
  function elsewhere() {
    const bob = member(2)
    bob.epochs.found('elsewhere')
    const dave = newcomer(4, bob)
    const below = [change(bob, () => bob.text.insert(0, 'Bob'))]
    apply(dave, ...below)
    cut(bob, below)
    cut(dave, below)
    const above = change(bob, () => bob.text.insert(3, ' types'))
    apply(dave, above)
    return { bob, dave, above }
  }

  /** Both come over, and neither knows that the other one does. @returns what everybody sees. */
  function meet(bob: Member, dave: Member): string[] {
    const alice = founder(1)
    const carol = newcomer(3, alice)
    load(bob, alice)
    load(dave, alice)
    const ofBob = change(bob, () => {})
    const ofDave = change(dave, () => dave.text.insert(dave.text.length, '!'))
    apply(alice, ofBob, ofDave)
    apply(carol, ofDave, ofBob)
    apply(bob, ofDave)
    apply(dave, ofBob)
    for (const { epochs } of [alice, bob, carol, dave]) {
      if (epochs.isTangled) epochs.untangle?.([ofBob, ofDave])
    }
    return [alice, bob, carol, dave].map(({ text }) => text.toString())
  }

  test('[LI5] two who come over, unknown to each other, bring what they share once', () => {
    const { bob, dave } = elsewhere()
    bob.text.insert(0, '.')
    expect(new Set(meet(bob, dave))).toEqual(new Set(['.Bob types!']))
  })

  test('[LI5] from different epochs, too', () => {
    const { bob, dave, above } = elsewhere()
    cut(bob, [above])
    bob.text.insert(0, '.')
    expect(new Set(meet(bob, dave))).toEqual(new Set(['.Bob types!']))
  })

  /** The same, but the tables that lead back to the authors are lost. */
  function elsewhereWithoutTables() {
    const { bob, above } = elsewhere()
    cut(bob, [above, longChange(bob)])
    const [first, second] = [member(5), member(6)]
    loadWithoutTables(first, bob)
    loadWithoutTables(second, bob)
    return { first, second }
  }

  test('[LI4] two who come over from one epoch bring what they share once', () => {
    const { first, second } = elsewhereWithoutTables()
    first.text.insert(0, '.')
    expect(new Set(meet(first, second))).toEqual(new Set(['.Bob types!']))
  })

  test('[LI4] two who come over from different epochs are seen alike by everybody', () => {
    const { first, second } = elsewhereWithoutTables()
    const above = change(first, () => first.text.insert(0, '.'))
    cut(first, [above])
    const [seen = '', ...others] = meet(first, second)
    expect(seen).toContain('Bob types!')
    expect(new Set(others)).toEqual(new Set([seen]))
  })

  test('[LI4] who comes over from a room that was cut goes on with undo and typing', () => {
    const { bob, dave } = elsewhere()
    const manager = new Y.UndoManager(bob.text, { captureTimeout: 0 })
    const untrack = bob.structure.trackUndo(manager)
    bob.text.insert(0, 'undone ')
    const alice = founder(1)
    load(bob, alice)
    apply(
      alice,
      change(bob, () => bob.text.insert(0, 'typed ')),
    )
    apply(
      alice,
      change(bob, () => manager.undo()),
      change(bob, () => manager.undo()),
    )
    expect(bob.text.toString()).toBe('Bob types')
    expect(alice.text.toString()).toBe('Bob types')
    expect(dave.text.toString()).toBe('Bob types')
    untrack()
  })

  test('content of no room at all is carried whole', () => {
    const { alice } = parted()
    const carol = member(3)
    carol.text.insert(0, 'from before ')
    load(carol, alice)
    settle(carol, alice)
    expect(alice.text.toString()).toContain('from before')
    expect(alice.text.toString()).toContain('one three')
  })

  test('[CU10] what was typed between two that stand the other way round there comes to stand in one place', () => {
    const typed = (client: number, letter: string, at: number, before?: Uint8Array) => {
      const doc = newDocument(client)
      if (before) Y.applyUpdate(doc, before)
      doc.getText('text').insert(at, letter)
      return Y.encodeStateAsUpdate(doc)
    }
    // Somebody may bring back what others have under the same ids, in a place of its own.
    const [one, other] = [2 ** 31 + 11, 2 ** 31 + 12]
    const [alice, bob] = [member(1), member(2)]
    Y.applyUpdate(alice.doc, typed(other, 'b', 1, typed(one, 'a', 0)))
    Y.applyUpdate(bob.doc, typed(one, 'a', 1, typed(other, 'b', 0)))
    bob.text.insert(1, '!')
    Y.applyUpdate(bob.doc, typed(2 ** 31 + 13, '?', 1, Y.encodeStateAsUpdate(bob.doc)))
    alice.epochs.found(LINEAGE)
    bob.epochs.found('elsewhere')
    load(bob, alice)
    settle(bob, alice)
    expect([...alice.text.toString()].sort()).toEqual([...'!?ab'])
  })

  test('a room founded with what another one left behind takes back those of the other', () => {
    const { alice, bob } = parted()
    alice.epochs.found('next')
    expect(alice.epochs.namings.map(({ lineage }) => lineage)).toEqual(['next', LINEAGE])
    cut(alice, [change(alice, () => alice.text.insert(0, 'next: '))])
    bob.text.insert(9, '!')
    load(bob, alice)
    settle(bob, alice)
    expect(alice.text.toString()).toBe('next: one three!')
    expect(bob.epochs.namings).toEqual([{ lineage: 'next', epoch: 1 }])
  })
})
