/** The size of the log over the last minute and a half, and what it would be without compaction. */
import type { RoomView } from '../room/view.js'

export const WINDOW_S = 90
const SAMPLE_INTERVAL_MS = 250

export class LogSamples {
  /** Seconds, for uPlot. */
  readonly times: number[] = []
  readonly kept: number[] = []
  readonly withoutCompaction: number[] = []
  private lastMs = Number.NEGATIVE_INFINITY

  /** @returns whether a sample was taken. */
  take({ stats, dropped }: RoomView, nowMs: number): boolean {
    if (nowMs - this.lastMs < SAMPLE_INTERVAL_MS) return false
    this.lastMs = nowMs
    this.times.push(nowMs / 1000)
    this.kept.push(stats.logOperations)
    this.withoutCompaction.push(stats.logOperations + dropped.operations)
    while ((this.times[0] ?? 0) < nowMs / 1000 - WINDOW_S - 1) {
      for (const series of [this.times, this.kept, this.withoutCompaction]) series.shift()
    }
    return true
  }
}
