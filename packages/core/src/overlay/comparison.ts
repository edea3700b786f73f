/**
 * One neighbour's digests beside ours, heartbeat by heartbeat, and when they show that something was lost
 * (overlay rule OV6).
 */

/** After the second differing heartbeat in a row a neighbour is asked, … */
const FIRST = 2
/** … and then whenever so many more differed. */
const AGAIN = 3

/** How things flow in a room of this size. */
export interface Pace {
  /** How many times longer than in a small room something is always on its way. */
  readonly times: number
  /** For how many heartbeats everything that is on its way may stand still (rule OV9). */
  readonly stillBeats: number
}

export class Comparison {
  /** Heartbeats in a row that differed. */
  private differed = 0
  /** The digests at the last of them, and how many in a row before had the same. */
  private last: { readonly ours: number; readonly theirs: number; readonly still: number } | undefined

  /** Both hold the same. */
  agreed(): void {
    this.differed = 0
    this.last = undefined
  }

  /** @returns whether to ask for what may be missing: not while things are flowing anyway, unless that goes on. */
  differs(ours: number, theirs: number, { times, stillBeats }: Pace): boolean {
    this.differed++
    const isStill = this.last?.theirs === theirs && this.last.ours === ours
    const still = isStill && this.last ? this.last.still + 1 : 0
    this.last = { ours, theirs, still }
    const isInFlux = times > 1 && still <= stillBeats
    const patience = isInFlux ? times : 1
    return this.differed === Math.ceil(FIRST * patience) || this.differed % Math.ceil(AGAIN * patience) === 0
  }
}
