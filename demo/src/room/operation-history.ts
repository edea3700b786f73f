/**
 * The room's latest operations in total order, those included that the log has dropped already.
 *
 * What lies above the snapshot point is the provider's log as it is. What lies below is what was seen in the log
 * before it went; operations that came and went between two looks are only known by their number, and stand
 * here without author.
 */

export interface LoggedOperation {
  readonly author: string
  readonly seq: number
  readonly clock: number
  readonly kind: string
  readonly bytes: number
}

export interface SequencedOperation extends LoggedOperation {
  /** Its place in the sequence since this page came to the room: 0, 1, 2, … */
  readonly index: number
}

/** More than the strip ever shows. */
const MAX_BELOW = 800

export class OperationHistory {
  private below: LoggedOperation[] = []
  private above: readonly LoggedOperation[] = []
  /** How many have been forgotten at the front. */
  private forgotten = 0
  private point = 0
  /** How many were seen to lie below the point before we were told that it has moved. */
  private sunkAhead = 0

  /** Looks at the log again. */
  look(log: readonly LoggedOperation[], point: number): void {
    const last = this.above.at(-1) ?? this.below.at(-1)
    const startsOver = point < this.point || (log.length === 0 && last !== undefined && last.clock > point)
    if (startsOver) this.reset()
    this.point = point
    this.sunkAhead += this.sink(point)
    this.above = log
  }

  /** The snapshot point has moved up to `point` and `dropped` operations have left the log. */
  compacted(point: number, dropped: number, onlyAuthor: string | undefined): void {
    const sunk = this.sink(point) + this.sunkAhead
    this.sunkAhead = Math.max(sunk - dropped, 0)
    for (let missing = Math.min(dropped - sunk, MAX_BELOW); missing > 0; missing--) {
      this.below.push({ author: onlyAuthor ?? '', seq: 0, clock: point, kind: 'update', bytes: 0 })
    }
    this.point = point
    this.trim()
  }

  reset(): void {
    this.forgotten = 0
    this.below = []
    this.above = []
    this.point = 0
    this.sunkAhead = 0
  }

  /** The latest `count` operations at most. */
  latest(count: number): SequencedOperation[] {
    const all = [...this.below, ...this.above]
    const first = Math.max(0, all.length - count)
    return all.slice(first).map((operation, i) => ({ ...operation, index: this.forgotten + first + i }))
  }

  /** Moves what now lies below the point; returns how many. */
  private sink(point: number): number {
    const sunk = this.above.filter((operation) => operation.clock <= point)
    if (sunk.length === 0) return 0
    this.below.push(...sunk)
    this.above = this.above.filter((operation) => operation.clock > point)
    this.trim()
    return sunk.length
  }

  private trim(): void {
    const excess = this.below.length - MAX_BELOW
    if (excess <= 0) return
    this.below.splice(0, excess)
    this.forgotten += excess
  }
}
