import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { YjsStructure } from '../../src/index.js'
import { newDocument } from '../documents.js'
import { contentOf } from '../renumbering/content.js'
import { apply, change, cut, founder, LINEAGE, load, type Member, member } from './members.js'

/** An author whose client id lies below every base's. */
function low(id: number, from: Member): Member {
  const doc = newDocument(id)
  const structure = new YjsStructure(doc, { compaction: 'full', onLocalChange: () => {} })
  const { epochs } = structure
  if (epochs === undefined) throw new Error('Full compaction has epochs')
  const made = { doc, structure, epochs, text: doc.getText('text') }
  load(made, from)
  return made
}

test.each(['a root', 'a nested'])(
  'a write to %s map that crosses a cut beats what lies below it',
  (where) => {
    const alice = founder(1)
    const maps = alice.doc.getArray<Y.Map<string>>('array')
    const holder = change(alice, () => maps.push([new Y.Map()]))
    const [two, one] = [low(2, alice), low(1, alice)]
    apply(one, holder)
    apply(two, holder)
    const mapOf = ({ doc }: Member) =>
      where === 'a root' ? doc.getMap<string>('map') : doc.getArray<Y.Map<string>>('array').get(0)
    const below = change(one, () => mapOf(one).set('key', 'replaced'))
    const above = change(two, () => mapOf(two).set('key', 'wins'))
    apply(two, below)
    apply(one, above)
    expect([mapOf(one).get('key'), mapOf(two).get('key')]).toEqual(['wins', 'wins'])
    const late = change(two, () => mapOf(two).delete('key'))
    cut(one, [holder, below], [above])
    // To Alice the write comes after her cut.
    apply(alice, below)
    cut(alice, [holder, below])
    apply(alice, above)
    for (const member of [one, alice]) {
      expect(mapOf(member).get('key')).toBe('wins')
      apply(member, late)
      expect(mapOf(member).has('key')).toBe(false)
    }
    cut(two, [holder, below], [above, late])
    expect(contentOf(two.doc)).toEqual(contentOf(alice.doc))
    const rest = [above, late]
    expect(cut(one, rest).fingerprint).toBe(cut(alice, rest).fingerprint)
    expect(one.epochs.namings).toEqual([{ lineage: LINEAGE, epoch: 2 }])
  },
)

test('a write that had lost to an entry which is deleted since is not shown by a cut', () => {
  const [alice, bob, carol] = [founder(1), member(2), member(3)]
  for (const one of [bob, carol]) load(one, alice)
  const mapOf = ({ doc }: Member) => doc.getMap<string>('map')
  const below = [
    change(bob, () => mapOf(bob).set('key', 'wins')),
    change(bob, () => mapOf(bob).delete('key')),
  ]
  const lost = [
    change(alice, () => mapOf(alice).set('key', 'loses')),
    change(alice, () => mapOf(alice).set('key', 'loses again')),
  ]
  apply(alice, ...below)
  apply(bob, ...lost)
  expect(mapOf(alice).has('key')).toBe(false)
  for (const one of [alice, bob]) expect(cut(one, below, lost).changedVisibly).toBe(false)
  // To Carol the writes come after her cut.
  apply(carol, ...below)
  cut(carol, below)
  apply(carol, ...lost)
  for (const one of [alice, bob, carol]) expect(mapOf(one).has('key')).toBe(false)
  const seen = change(alice, () => mapOf(alice).set('key', 'is shown'))
  for (const one of [bob, carol]) apply(one, seen)
  for (const one of [alice, bob, carol]) expect(mapOf(one).get('key')).toBe('is shown')
  const rest = [...lost, seen]
  const fingerprints = [alice, bob, carol].map((one) => cut(one, rest).fingerprint)
  expect(new Set(fingerprints).size).toBe(1)
})
