/**
 * An operation's payload from the naming before a cut into the naming after it.
 *
 * A pure function of payload and table. The operation's own structs keep their ids, for they are above the cut;
 * what they name below it is looked up:
 * - what is live is named by its new id;
 * - what is gone, by its nearest survivor: to the left for an origin, to the right for a right origin. If no
 *   survivor is left to name, the container is named instead;
 * - what lies in a dead container is dead: the struct becomes a GC struct of the same length.
 *
 * The two neighbours found this way need not be a pair that Yjs could have produced; a Passage finds those that are.
 */
import * as Y from 'yjs'
import { type DeleteSetLike, IdRanges } from '../id-ranges.js'
import type { Gap, IdTranslation } from './translation-table.js'
import { encodeUpdate, looseParent, sectionsOf, setLooseParent } from './update-encoding.js'

export function translate(update: Uint8Array, table: IdTranslation): Uint8Array {
  const { structs, ds } = Y.decodeUpdate(update)
  const sections = sectionsOf(structs, (client) => table.endOf(client))
  for (const section of sections.values()) {
    for (const [index, struct] of section.entries()) {
      if (struct instanceof Y.Item) section[index] = translateItem(struct, table)
    }
  }
  return encodeUpdate(sections, translateIds(ds, table))
}

/** Deletions, or any other set of ids: those that survive, by their new names. */
export function translateIds(ids: DeleteSetLike, table: IdTranslation): IdRanges {
  const translated = new IdRanges()
  for (const [client, ranges] of ids.clients) {
    for (const { clock, len } of ranges) {
      for (let at = clock; at < clock + len; ) {
        const fate = table.find({ client, clock: at })
        const length = Math.min(clock + len - at, fate?.length ?? Number.POSITIVE_INFINITY)
        if (fate === undefined) translated.add(client, at, length)
        else if (fate.kind === 'live') translated.add(table.client, fate.clock, length)
        at += length
      }
    }
  }
  return translated
}

function translateItem(item: Y.Item, table: IdTranslation): Y.Item | Y.GC {
  const dead = () => new Y.GC(item.id, item.length)
  const parent = looseParent(item)
  if (parent instanceof Y.ID) {
    const fate = table.find(parent)
    // A container that is gone is dead to what it contains.
    if (fate !== undefined && fate.kind !== 'live') return dead()
    if (fate !== undefined) setLooseParent(item, table.id(fate.clock))
  }
  if (item.origin === null && item.rightOrigin === null) return item
  const left = translateNeighbour(item.origin, table, 'left')
  const right = translateNeighbour(item.rightOrigin, table, 'right')
  if (left === 'dead' || right === 'dead') return dead()
  item.origin = left.id
  item.rightOrigin = right.id
  const gap = left.gap ?? right.gap
  if (left.id === null && right.id === null && gap !== undefined) {
    setLooseParent(item, typeof gap.parent === 'string' ? gap.parent : table.id(gap.parent))
    item.parentSub = gap.parentSub
  }
  return item
}

interface Neighbour {
  readonly id: Y.ID | null
  /** Where the neighbour was, if it is gone. */
  readonly gap?: Gap
}

function translateNeighbour(
  id: Y.ID | null,
  table: IdTranslation,
  side: 'left' | 'right',
): Neighbour | 'dead' {
  const fate = id === null ? undefined : table.find(id)
  if (fate === undefined) return { id }
  if (fate.kind === 'dead') return 'dead'
  if (fate.kind === 'live') return { id: table.id(fate.clock) }
  const clock = fate.gap[side]
  return { id: clock === null ? null : table.id(clock), gap: fate.gap }
}
