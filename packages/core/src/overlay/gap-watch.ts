/**
 * When to ask for operations of which we know by what follows them (overlay rule OV5): while a tree changes its shape they
 * may be pushed by nobody.
 */
import type { Gap } from '../causality/causal-buffer.js'
import type { Milliseconds } from '../machine.js'

/** What an author made before something that is here comes by the same way; what others made, by ways of its own. */
const PATIENCE_MS = { before: 150, past: 1000 } as const satisfies Record<Gap, Milliseconds>
/** Nobody is asked more often than that, whatever is missing. */
const FIRST_RETRY_MS = 1000
/** Somebody may name what does not exist. */
const MAX_RETRY_MS = 30_000

interface Watched {
  dueAt: Milliseconds
  retryMs: Milliseconds
  asked: number
}

export class GapWatch {
  private readonly watched = new Map<string, Watched>()
  private notBefore = Number.NEGATIVE_INFINITY

  /** When to look whether it has closed by itself. */
  get nextDeadline(): Milliseconds {
    let dueAt = Number.POSITIVE_INFINITY
    for (const one of this.watched.values()) dueAt = Math.min(dueAt, one.dueAt)
    return Math.max(dueAt, this.notBefore)
  }

  /**
   * @param missing by name, so that one that never comes hides no other.
   * @returns if it is time to ask: how often has been asked before for what is due now.
   */
  isDue(missing: ReadonlyMap<string, Gap>, now: Milliseconds): number | undefined {
    for (const name of this.watched.keys()) if (!missing.has(name)) this.watched.delete(name)
    for (const [name, gap] of missing) {
      const dueAt = now + PATIENCE_MS[gap]
      const known = this.watched.get(name)
      if (known === undefined) this.watched.set(name, { dueAt, retryMs: FIRST_RETRY_MS, asked: 0 })
      else if (known.asked === 0) known.dueAt = Math.min(known.dueAt, dueAt)
    }
    if (now < this.nextDeadline) return undefined
    let asked = Number.POSITIVE_INFINITY
    for (const one of this.watched.values()) {
      if (one.dueAt > now) continue
      asked = Math.min(asked, one.asked++)
      one.dueAt = now + one.retryMs
      one.retryMs = Math.min(MAX_RETRY_MS, 2 * one.retryMs)
    }
    this.notBefore = now + FIRST_RETRY_MS
    return asked
  }
}
