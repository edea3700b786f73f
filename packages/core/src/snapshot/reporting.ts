/**
 * When to report (protocol rule RE4): only what is news, and at most once per interval. A settled room is silent.
 */

/** Rooms beyond this size report more rarely, so that what a member receives does not grow with the room. */
const MEMBERS_AT_FULL_RATE = 16

export class Reporting {
  private readonly intervalMs: number
  private lastAt = Number.NEGATIVE_INFINITY
  private due = Number.POSITIVE_INFINITY

  constructor(intervalMs: number) {
    this.intervalMs = intervalMs
  }

  get nextDeadline(): number {
    return this.due
  }

  /** Whether to report now. The first news waits a moment for more, later news for the end of the interval. */
  isDue(hasNews: boolean, members: number, now: number): boolean {
    if (!hasNews) {
      this.due = Number.POSITIVE_INFINITY
      return false
    }
    const interval = this.intervalMs * Math.max(1, members / MEMBERS_AT_FULL_RATE)
    if (this.due === Number.POSITIVE_INFINITY) this.due = Math.max(this.lastAt + interval, now + interval / 8)
    if (now < this.due) return false
    this.lastAt = now
    this.due = Number.POSITIVE_INFINITY
    return true
  }
}
