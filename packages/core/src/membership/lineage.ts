/**
 * How histories of a room are called (protocol rules LI1, LI2, LI8): after their founder; where one was founded to go on from
 * another, with a prefix that lets it stand wherever the two are compared by name alone.
 *
 * Of two lineages the smaller name stands. The prefix sorts below every replica id, and below those of its ancestors.
 */
import type { ReplicaId } from '../causality/operation.js'

const MARK = '!'
const DIGITS = 4
const MOST = 36 ** DIGITS - 1

/** @param former the lineage it goes on from, empty if there is none. */
export function lineageOf(founder: ReplicaId, former: string): string {
  if (former === '') return founder
  const left = former.startsWith(MARK) ? Number.parseInt(former.slice(1, 1 + DIGITS), 36) : MOST
  const next = Math.max(0, Number.isNaN(left) ? MOST : left - 1)
  return `${MARK}${next.toString(36).padStart(DIGITS, '0')}-${founder}`
}
