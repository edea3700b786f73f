/**
 * When to ask for operations of which we know by what follows them (overlay rule OV5): while a tree changes its shape they
 * may be pushed by nobody.
 */
import type { Milliseconds } from '../machine.js'

/** What an author made before something that is here comes by the same way: it is late for no longer than this. */
const BEFORE_MS = 150
/** What others made comes by ways of its own. */
const PAST_MS = 1000
const FIRST_RETRY_MS = 1000
/** Somebody may name what does not exist. */
const MAX_RETRY_MS = 30_000

/** What is known to be missing: an author's own operation before one of its, or one of somebody else. */
export type Gap = 'before' | 'past' | undefined

export class GapWatch {
  private gap: Gap
  private dueAt = Number.POSITIVE_INFINITY
  private retryMs = FIRST_RETRY_MS
  private asked = 0

  /** When to look whether it has closed by itself. */
  get nextDeadline(): Milliseconds {
    return this.dueAt
  }

  /** @returns how often somebody has been asked about this gap, if it is time to ask again; otherwise undefined. */
  isDue(gap: Gap, now: Milliseconds): number | undefined {
    if (gap === undefined) {
      this.gap = undefined
      this.dueAt = Number.POSITIVE_INFINITY
      this.retryMs = FIRST_RETRY_MS
      this.asked = 0
      return undefined
    }
    if (gap !== this.gap) {
      const isFirst = this.gap === undefined
      this.gap = gap
      const dueAt = now + (gap === 'before' ? BEFORE_MS : PAST_MS)
      this.dueAt = isFirst ? dueAt : Math.min(this.dueAt, dueAt)
    }
    if (now < this.dueAt) return undefined
    this.dueAt = now + this.retryMs
    this.retryMs = Math.min(MAX_RETRY_MS, 2 * this.retryMs)
    return this.asked++
  }
}
