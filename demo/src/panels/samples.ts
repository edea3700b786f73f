/** Values over the last minutes, sampled at regular intervals, in the columns that uPlot wants. */
import { LONGEST_S } from './time-window.js'

const SAMPLE_INTERVAL_MS = 250

/** Null where there is nothing to speak of. */
export type Sample = readonly (number | null)[]

export class Samples {
  /** Seconds. */
  readonly times: number[] = []
  readonly columns: (number | null)[][]
  private lastMs = Number.NEGATIVE_INFINITY

  constructor(columns: number) {
    this.columns = Array.from({ length: columns }, () => [])
  }

  /** @returns whether the sample was taken. */
  take(nowMs: number, sample: () => Sample): boolean {
    if (nowMs - this.lastMs < SAMPLE_INTERVAL_MS) return false
    this.lastMs = nowMs
    this.times.push(nowMs / 1000)
    const values = sample()
    for (const [i, column] of this.columns.entries()) column.push(values[i] ?? null)
    while ((this.times[0] ?? 0) < nowMs / 1000 - LONGEST_S - 1) {
      this.times.shift()
      for (const column of this.columns) column.shift()
    }
    return true
  }
}
