/** Somebody was away while the others have cut. */
import type { NamedPayload } from '@tidemark/core'
import { expect } from 'vitest'
import * as Y from 'yjs'
import { contentOf } from '../renumbering/content.js'
import { Mirror } from '../renumbering/mirror.js'
import { apply, change, cut, epochOf, founder, load, type Member, member } from './members.js'

/** Alice and Bob share a text with history; Bob goes away. */
export function parted(onOrphaned: (document: Y.Doc) => void = () => {}) {
  const alice = founder(1)
  const bob = member(2, { onOrphaned })
  load(bob, alice)
  const mirror = new Mirror([bob.text, bob.doc.getArray('array')])
  const below = [
    change(alice, () => alice.text.insert(0, 'one two three')),
    change(alice, () => alice.doc.getArray('array').push([new Y.Text('inner')])),
    change(alice, () => alice.text.delete(4, 4)),
  ]
  apply(bob, ...below)
  cut(alice, below)
  cut(bob, below)
  return { alice, bob, mirror }
}

/** Makes the table of the next cut longer than what a newcomer gets along. */
export function longChange(of: Member): NamedPayload {
  const shreds = of.doc.getText('shreds')
  return change(of, () => {
    of.doc.transact(() => {
      shreds.insert(0, 'x'.repeat(9_000))
      for (let at = 0; at < 4_500; at++) shreds.delete(at, 1)
    })
  })
}

export function loadWithoutTables(to: Member, from: Member): void {
  to.structure.beginLoad()
  to.epochs.enter(from.epochs.namings)
  const pieces = from.structure.encodeState(10_000)
  for (let next = pieces.next(); !next.done; next = pieces.next())
    expect(to.structure.loadPiece(next.value.bytes)).toBeUndefined()
  to.structure.endLoad()
  expect(to.epochs.origins).toEqual([])
}

export function settle(from: Member, to: Member): void {
  const payload = from.structure.takeLocalChange()
  if (payload !== undefined) apply(to, { payload, epoch: epochOf(from) })
  expect(contentOf(to.doc)).toEqual(contentOf(from.doc))
}
