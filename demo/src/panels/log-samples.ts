/** The size of the log over the last minute and a half, and what it would be without compaction. */
import type { RoomView } from '../room/view.js'

export const WINDOW_S = 90
const SAMPLE_INTERVAL_MS = 250

export class LogSamples {
  /** Seconds, for uPlot. */
  readonly times: number[] = []
  /** Null while offline: then there is no log to speak of. */
  readonly kept: (number | null)[] = []
  readonly withoutCompaction: (number | null)[] = []
  private lastMs = Number.NEGATIVE_INFINITY

  /** @returns whether a sample was taken. */
  take({ status, stats, dropped }: RoomView, nowMs: number): boolean {
    if (nowMs - this.lastMs < SAMPLE_INTERVAL_MS) return false
    this.lastMs = nowMs
    this.times.push(nowMs / 1000)
    const isInRoom = status !== 'disconnected'
    this.kept.push(isInRoom ? stats.logOperations : null)
    this.withoutCompaction.push(isInRoom ? stats.logOperations + dropped.operations : null)
    while ((this.times[0] ?? 0) < nowMs / 1000 - WINDOW_S - 1) {
      for (const series of [this.times, this.kept, this.withoutCompaction]) series.shift()
    }
    return true
  }
}
