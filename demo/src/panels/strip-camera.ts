/**
 * What part of the sequence the strip shows, and where the snapshot point and the last cut stand in it, moving
 * smoothly.
 *
 * Places are indices of the sequence; the point and the cut lie between two operations.
 */

export interface StripGoal {
  /** Behind the last operation. */
  readonly end: number
  /** Behind the last operation below the snapshot point. */
  readonly point: number
  /** Behind the last operation that a cut has done away with. */
  readonly cut: number
}

const SMALLEST_SPAN = 72
const LARGEST_SPAN = 640
/** Free room in front of the next operation. */
const MARGIN = 4
/** Time after which 63% of a move is done. */
const EASE_MS = 130
const SETTLED = 0.02
const PLACES = ['end', 'span', 'point', 'cut'] as const

export class StripCamera {
  end = 0
  span = SMALLEST_SPAN
  point = 0
  cut = 0
  private goal: StripGoal = { end: 0, point: 0, cut: 0 }
  private isFresh = true

  aim(goal: StripGoal): void {
    this.goal = goal
    if (!this.isFresh) return
    this.isFresh = false
    this.jump()
  }

  /** @returns whether there is something left to move. */
  move(elapsedMs: number): boolean {
    const share = 1 - Math.exp(-elapsedMs / EASE_MS)
    const target = this.target()
    let left = 0
    for (const place of PLACES) {
      this[place] += (target[place] - this[place]) * share
      left = Math.max(left, Math.abs(target[place] - this[place]))
    }
    if (left > SETTLED) return true
    this.jump()
    return false
  }

  jump(): void {
    Object.assign(this, this.target())
  }

  private target(): Record<(typeof PLACES)[number], number> {
    const { end, point, cut } = this.goal
    const wanted = (end - point) * 1.25 + 12
    const span = Math.min(Math.max(wanted, SMALLEST_SPAN), LARGEST_SPAN)
    return { end: Math.max(end + MARGIN, span * 0.5), span, point, cut }
  }
}
