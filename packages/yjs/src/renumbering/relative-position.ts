/**
 * A relative position (a cursor, a bookmark) in the naming after a cut.
 *
 * Where the character it was attached to is gone, it moves to the nearest survivor on the side it looks to, and from
 * the end of the list to the list's end: there it shows the same index as before the cut.
 */
import * as Y from 'yjs'
import type { IdTranslation } from './translation-table.js'

/** @returns null if the container is gone: then there is no such position any more. */
export function translateRelativePosition(
  position: Y.RelativePosition,
  table: IdTranslation,
): Y.RelativePosition | null {
  const { assoc, tname } = position
  const type = translateType(position.type, table)
  if (type === 'gone') return null
  const fate = position.item === null ? undefined : table.find(position.item)
  if (fate === undefined) return new Y.RelativePosition(type, tname, position.item, assoc)
  if (fate.kind === 'dead') return null
  if (fate.kind === 'live') return new Y.RelativePosition(type, tname, table.id(fate.clock), assoc)
  const { left, right, parent, parentSub } = fate.gap
  if (parentSub !== null) return null
  const clock = assoc < 0 ? left : right
  const item = clock === null ? null : table.id(clock)
  return typeof parent === 'string'
    ? new Y.RelativePosition(null, parent, item, assoc)
    : new Y.RelativePosition(table.id(parent), null, item, assoc)
}

function translateType(type: Y.ID | null, table: IdTranslation): Y.ID | null | 'gone' {
  const fate = type === null ? undefined : table.find(type)
  if (fate === undefined) return type
  return fate.kind === 'live' ? table.id(fate.clock) : 'gone'
}
