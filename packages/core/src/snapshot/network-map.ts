/**
 * The network map: for every known member, what it says that it and the members it knows have applied
 * (protocol rules SP1 to SP3).
 *
 * An entry is a *known clock*: the largest c for which the row's owner holds every operation with clock ≤ c of
 * that member. The snapshot point is the minimum over the whole map. Of remote rows only the minimum, the
 * `floor`, is needed for that, so that a map of 1,000 members is 1,000 small records.
 */
import type { Clock, ReplicaId } from '../causality/operation.js'

export interface Row {
  /** The smallest known clock of the row. */
  readonly floor: Clock
  /** The row itself, where it is known. */
  readonly entries?: ReadonlyMap<ReplicaId, Clock>
}

/** `{ N2: { N2: 4, N3: 2 }, … }`: row by row, known clocks. */
export type NestedMap = Record<ReplicaId, Record<ReplicaId, Clock>>

export class NetworkMap {
  private readonly rows = new Map<ReplicaId, Row>()
  /** The smallest floor of all rows: asked for after each input, in rooms of any size. */
  private least: Clock = Number.POSITIVE_INFINITY

  set(replica: ReplicaId, row: Row): void {
    const before = this.rows.get(replica)
    this.rows.set(replica, row)
    if (row.floor <= this.least) this.least = row.floor
    else if (before?.floor === this.least) this.least = this.leastFloor()
  }

  /** A row given by its entries; its floor is their minimum. */
  setEntries(replica: ReplicaId, entries: ReadonlyMap<ReplicaId, Clock>): void {
    this.set(replica, { floor: minimum(entries.values()), entries })
  }

  get(replica: ReplicaId): Row | undefined {
    return this.rows.get(replica)
  }

  delete(replica: ReplicaId): void {
    const before = this.rows.get(replica)
    this.rows.delete(replica)
    if (before?.floor === this.least) this.least = this.leastFloor()
  }

  /** The largest clock T of which every member says that everyone it knows has applied all operations ≤ T. */
  snapshotPoint(): Clock {
    return this.least
  }

  private leastFloor(): Clock {
    let least = Number.POSITIVE_INFINITY
    for (const { floor } of this.rows.values()) if (floor < least) least = floor
    return least
  }

  toJSON(): NestedMap {
    const nested: NestedMap = {}
    for (const [replica, row] of this.rows) nested[replica] = Object.fromEntries(row.entries ?? [])
    return nested
  }
}

export function minimum(clocks: Iterable<Clock>): Clock {
  let least = Number.POSITIVE_INFINITY
  for (const clock of clocks) least = Math.min(least, clock)
  return least
}
