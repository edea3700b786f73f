/** How much of what may happen only so often has happened. */
export interface Happened {
  readonly losses: number
  readonly resends: number
  readonly deaths: number
  readonly leaves: number
  readonly timedOut: readonly string[]
  readonly parting: 'none' | 'parted' | 'healed'
  readonly nextLink: number
  /** Members were told that these were evicted. */
  readonly evicted: readonly string[]
}
