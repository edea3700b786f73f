/** What somebody hostile has told, and a cut decides about once more. */
import type { NamedPayload } from '@tidemark/core'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { IdRanges } from '../../src/id-ranges.js'
import { encodeUpdate, newLooseItem } from '../../src/renumbering/update-encoding.js'
import { Mirror } from '../renumbering/mirror.js'
import { apply, change, cut, epochOf, founder, load, type Member, member } from './members.js'

const MALLORY = 2 ** 31 + 99

/** Alice, Bob and Carol share a text that has been cut. */
function room() {
  const [alice, bob, carol] = [founder(1), member(2), member(3)]
  const mirrors = [alice, bob, carol].map(({ text }) => new Mirror([text]))
  const written = change(alice, () => alice.text.insert(0, 'one two'))
  cut(alice, [written])
  for (const one of [bob, carol]) load(one, alice)
  return { alice, bob, carol, mirrors }
}

/** The id of the letter at this place. */
function idAt({ text }: Member, at: number): Y.ID {
  const { item } = Y.createRelativePositionFromTypeIndex(text, at)
  if (item === null) throw new Error(`There is no letter at ${at}`)
  return item
}

function letter(of: Member, origin: Y.ID, rightOrigin: Y.ID | null): NamedPayload {
  const item = newLooseItem(Y.createID(MALLORY, 0), origin, null, null, new Y.ContentString('X'))
  item.rightOrigin = rightOrigin
  return { payload: encodeUpdate(new Map([[MALLORY, [item]]]), new IdRanges()), epoch: epochOf(of) }
}

test('[CU3] what the total order refuses vanishes from where it was shown', () => {
  const { alice, bob, carol, mirrors } = room()
  const typed = change(bob, () => bob.text.insert(7, ' three'))
  const unseen = letter(alice, idAt(bob, 12), null)
  apply(alice, typed, unseen)
  expect(alice.text.toString()).toBe('one two threeX')
  expect(carol.structure.apply(unseen.payload, unseen.epoch)).toMatch(/unknown/)
  apply(carol, typed)
  for (const one of [alice, carol]) {
    const { changedVisibly } = cut(one, [], [unseen, typed])
    expect(changedVisibly).toBe(one === alice)
    expect(one.text.toString()).toBe('one two three')
  }
  for (const mirror of mirrors) mirror.check()
})

test('[CU3] what it does not refuse is shown where it was refused', () => {
  const { alice, bob, carol, mirrors } = room()
  const typed = change(bob, () => bob.text.insert(7, ' three'))
  const deletes = new IdRanges()
  // The last letter is deleted in any case: of what lies above the cut everything is the same.
  for (const { client, clock } of [idAt(bob, 0), idAt(bob, 12)]) deletes.add(client, clock, 1)
  const removed = change(bob, () => bob.text.delete(12, 1))
  const unseen = { payload: encodeUpdate(new Map(), deletes), epoch: epochOf(alice) }
  apply(alice, typed, removed, unseen)
  expect(carol.structure.apply(unseen.payload, unseen.epoch)).toMatch(/beyond what exists/)
  apply(carol, typed, removed)
  for (const one of [alice, carol]) {
    const { changedVisibly } = cut(one, [], [typed, removed, unseen])
    expect(changedVisibly).toBe(one === carol)
    expect(one.text.toString()).toBe('ne two thre')
  }
  for (const mirror of mirrors) mirror.check()
})

test.each([
  ['left of it', 5, 1],
  ['the same', 5, 5],
])('[CU10] a right neighbour that is no right neighbour does not count: %s', (_, left, right) => {
  const { alice, bob } = room()
  const crossed = letter(alice, idAt(alice, left), idAt(alice, right))
  for (const one of [alice, bob]) apply(one, crossed)
  const shown = alice.text.toString()
  expect(shown).toContain('X')
  expect(cut(alice, [], [crossed]).changedVisibly).toBe(false)
  expect(cut(bob, [crossed]).changedVisibly).toBe(false)
  for (const one of [alice, bob]) expect(one.text.toString()).toBe(shown)
})
