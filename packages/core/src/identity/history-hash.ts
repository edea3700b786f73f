/**
 * A hash of everything up to a clock, in total order (protocol rule ID9): the same wherever the same was applied.
 *
 * Invariant: one mark per clock at which something stands, ascending, and each is final: it covers only what is complete. The
 * first one lies at or below the snapshot point, below which nobody compares.
 */
import { digest } from 'lib0/hash/sha256'
import type { Clock, Operation } from '../causality/operation.js'
import { HISTORY_HASH_BYTES } from '../wire/limits.js'
import { operationStatement } from './signatures.js'

interface Mark {
  readonly clock: Clock
  readonly hash: Uint8Array
}

export class HistoryHash {
  private marks: Mark[] = [{ clock: 0, hash: new Uint8Array(HISTORY_HASH_BYTES) }]
  private covered: Clock = 0

  /** It covers everything up to here. */
  get through(): Clock {
    return this.covered
  }

  /** Goes on from what a sponsor has. */
  begin(point: Clock, hash: Uint8Array): void {
    this.marks = [{ clock: point, hash }]
    this.covered = point
  }

  /** @param operations all there are above what is covered and up to `through`, in total order; others are passed over. */
  extend(lineage: string, operations: readonly Operation[], through: Clock): void {
    for (const operation of operations) {
      const { clock } = operation
      if (clock <= this.covered || clock > through) continue
      const last = this.marks.at(-1) as Mark
      if (last.clock === clock) this.marks.pop()
      this.marks.push({ clock, hash: chained(last.hash, operationStatement(lineage, operation)) })
    }
    this.covered = Math.max(this.covered, through)
  }

  /**
   * Something has come that stands where we thought to have everything, as somebody had reported a larger clock: whoever has it
   * and whoever has not must differ. What follows is to be covered anew.
   */
  rewindBefore(clock: Clock): void {
    if (clock > this.covered) return
    while (this.marks.length > 1 && (this.marks.at(-1) as Mark).clock >= clock) this.marks.pop()
    this.covered = clock - 1
  }

  /** Undefined if it lies beyond what is covered, or too far back. */
  at(clock: Clock): Uint8Array | undefined {
    return clock > this.covered ? undefined : this.marks.findLast((mark) => mark.clock <= clock)?.hash
  }

  /** Nobody asks for anything below. */
  forgetBelow(point: Clock): void {
    const first = this.marks.findLastIndex(({ clock }) => clock <= point)
    if (first > 0) this.marks.splice(0, first)
  }
}

function chained(before: Uint8Array, statement: Uint8Array): Uint8Array {
  const { length } = before
  const bytes = new Uint8Array(length + statement.length)
  bytes.set(before)
  bytes.set(statement, length)
  return digest(bytes).slice(0, HISTORY_HASH_BYTES)
}
