/**
 * Where a moment of virtual time stands in a diagram: to scale, but for stretches in which nothing is drawn. Those are
 * cut short to one width each, so that a minute of silence takes no more room than what it separates.
 *
 * Invariant: later moments never stand further left.
 */
/** A longer stretch without anything is cut short to this. */
const QUIET_MS = 700

export interface Quiet {
  readonly fromMs: number
  readonly toMs: number
  readonly x: number
  readonly width: number
}

export class TimeScale {
  readonly width: number
  readonly endMs: number
  readonly quiets: readonly Quiet[]
  private readonly pxPerMs: number

  /** @param moments at which something is drawn, in any order. @param width of the whole, in pixels. */
  constructor(moments: Iterable<number>, endMs: number, width: number) {
    const sorted = [0, ...new Set(moments), endMs].sort((a, b) => a - b)
    const gaps: { readonly fromMs: number; readonly toMs: number }[] = []
    for (const [i, toMs] of sorted.entries()) {
      const fromMs = sorted[i - 1] ?? 0
      if (toMs - fromMs > 2 * QUIET_MS) gaps.push({ fromMs, toMs })
    }
    const saved = gaps.reduce((sum, { fromMs, toMs }) => sum + (toMs - fromMs - QUIET_MS), 0)
    this.pxPerMs = width / Math.max(1, endMs - saved)
    this.width = width
    this.endMs = endMs
    const quiets: Quiet[] = []
    let savedMs = 0
    for (const { fromMs, toMs } of gaps) {
      quiets.push({ fromMs, toMs, x: (fromMs - savedMs) * this.pxPerMs, width: QUIET_MS * this.pxPerMs })
      savedMs += toMs - fromMs - QUIET_MS
    }
    this.quiets = quiets
  }

  x(atMs: number): number {
    let savedMs = 0
    for (const { fromMs, toMs, x, width } of this.quiets) {
      if (atMs <= fromMs) break
      if (atMs < toMs) return x + (width * (atMs - fromMs)) / (toMs - fromMs)
      savedMs += toMs - fromMs - QUIET_MS
    }
    return (atMs - savedMs) * this.pxPerMs
  }

  /** Where a ruler has its marks: about one every `apartPx`, at round times, none in stretches that are cut short. */
  ticks(apartPx: number): number[] {
    const wanted = apartPx / this.pxPerMs
    const steps = [10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 60_000]
    const step = steps.find((ms) => ms >= wanted) ?? 60_000
    const ticks: number[] = []
    for (let at = 0; at <= this.endMs; at += step) {
      if (!this.quiets.some(({ fromMs, toMs }) => at > fromMs && at < toMs)) ticks.push(at)
    }
    return ticks
  }
}
