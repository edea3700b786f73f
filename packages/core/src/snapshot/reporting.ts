/**
 * When to report (protocol rule RE4): only what is news, at most once per interval, and more rarely while operations
 * keep coming, as each of them would make the report before it old. A settled room is silent.
 */
import type { Clock } from '../causality/operation.js'
import type { Milliseconds } from '../machine.js'

/** Rooms beyond this size report more rarely, so that what a member receives does not grow with the room. */
const MEMBERS_AT_FULL_RATE = 16

/** How many times longer everything takes that depends on reports, in a room of this size. */
export function slowdown(members: number): number {
  return Math.max(1, members / MEMBERS_AT_FULL_RATE)
}

export class Reporting {
  private readonly intervalMs: number
  private readonly busyIntervals: number
  private readonly meshed: number
  private lastAt = Number.NEGATIVE_INFINITY
  /** The largest clock so far, and when it came. */
  private clock: Clock = 0
  private movedAt = Number.NEGATIVE_INFINITY
  private isAwaited = false
  /** There is news: not before this moment, and the interval that the room has at its size. */
  private news: { readonly from: number; readonly intervalMs: number; readonly busyMs: number } | undefined

  /**
   * @param busyIntervals so many intervals lie between two reports while operations keep coming, …
   * @param meshed … in rooms of up to so many members, who are all linked to each other. Others have nothing but reports to
   * know by that somebody lives: there it is half as many.
   */
  constructor(intervalMs: number, busyIntervals = 1, meshed = Number.POSITIVE_INFINITY) {
    this.intervalMs = intervalMs
    this.busyIntervals = busyIntervals
    this.meshed = meshed
  }

  get nextDeadline(): number {
    if (!this.news) return Number.POSITIVE_INFINITY
    const { from, intervalMs, busyMs } = this.news
    if (this.isAwaited) return from
    const calmAt = this.movedAt + intervalMs
    return Math.max(from, Math.min(calmAt, this.lastAt + busyMs))
  }

  /**
   * Whether to report now. The first news waits a moment for more, later news for the end of the interval.
   * @param clock the largest clock seen: while it goes on, somebody is editing.
   * @param isAwaited a cut needs everybody's reports.
   */
  isDue(hasNews: boolean, clock: Clock, isAwaited: boolean, members: number, now: number): boolean {
    this.isAwaited = isAwaited
    if (clock > this.clock) {
      this.clock = clock
      this.movedAt = now
    }
    if (!hasNews) {
      this.news = undefined
      return false
    }
    this.news ??= this.newsSince(members, now)
    if (now < this.nextDeadline) return false
    this.lastAt = now
    this.news = undefined
    return true
  }

  /** How long reports wait for others, to go on with them; not at all in small rooms (rule OV9). */
  forwardingMs(members: number): Milliseconds {
    return (this.intervalMs * (slowdown(members) - 1)) / 8
  }

  private newsSince(members: number, now: number) {
    const intervalMs = this.intervalMs * slowdown(members)
    const busyIntervals = members > this.meshed ? Math.ceil(this.busyIntervals / 2) : this.busyIntervals
    const from = Math.max(this.lastAt + intervalMs, now + intervalMs / 8)
    return { from, intervalMs, busyMs: busyIntervals * intervalMs }
  }
}
