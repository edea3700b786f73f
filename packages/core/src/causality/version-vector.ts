/**
 * Version vectors: how many operations of each author were applied (protocol rule OP2).
 */
import type { Operation, ReplicaId, VersionVector } from './operation.js'

/** Raises the entry of `author` to at least `seq`. */
export function raise(vector: VersionVector, author: ReplicaId, seq: number): void {
  if ((vector.get(author) ?? 0) < seq) vector.set(author, seq)
}

/**
 * Whether everything that `operation` names as its past is in `applied`, its author's own past included.
 *
 * An author that is missing from `applied` counts as applied when it stands in the dependencies: whoever names
 * it has applied its join, which some other dependency covers, so here it can only be missing because it left
 * and was forgotten (rule SP7). An operation *of* an unknown author is never ready: its join comes first.
 */
export function isReady(operation: Operation, applied: VersionVector): boolean {
  if (applied.get(operation.author) !== operation.seq - 1) return false
  for (const [author, seq] of operation.deps) {
    const have = applied.get(author)
    if (have !== undefined && have < seq) return false
  }
  return true
}
