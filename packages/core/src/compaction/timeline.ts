/**
 * Which Lamport clock it was how long ago, by this replica's own watch. For policy only: no two replicas need agree.
 */
import type { Clock } from '../causality/operation.js'

interface Mark {
  readonly at: number
  readonly clock: Clock
}

/** So many marks span the time that is remembered. */
const MARKS = 64

export class Timeline {
  private readonly spanMs: number
  private marks: Mark[] = []

  /** @param spanMs how far back it has to reach. */
  constructor(spanMs: number) {
    this.spanMs = spanMs
  }

  note(now: number, clock: Clock): void {
    const last = this.marks.at(-1)
    if (last && (last.clock === clock || now - last.at < this.spanMs / MARKS)) return
    this.marks.push({ at: now, clock })
    // The newest mark that is old enough stays: it answers for the beginning of the span.
    const old = this.marks.filter(({ at }) => at <= now - this.spanMs).length
    if (old > 1) this.marks = this.marks.slice(old - 1)
  }

  /** A clock that everything made later than the span before `now` exceeds, as far as it was seen. */
  clockBefore(now: number): Clock {
    let clock = 0
    for (const mark of this.marks) if (mark.at <= now - this.spanMs) clock = mark.clock
    return clock
  }
}
