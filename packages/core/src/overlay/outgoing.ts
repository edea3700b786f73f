/**
 * What is to be pushed to neighbours once the present input is worked off: one message per link, however many
 * things came together. In large rooms reports wait a little for others (overlay rule OV9).
 */

import type { Operation } from '../causality/operation.js'
import type { Milliseconds } from '../machine.js'
import type { Report } from '../snapshot/report.js'
import type { LinkId } from '../transport.js'
import type { Gossip, Presence } from '../wire/messages.js'
import { batches, gossip } from './anti-entropy.js'

interface Parcel {
  readonly operations: Operation[]
  readonly reports: Report[]
  readonly presences: Presence[]
  /** Since when it waits. */
  since?: Milliseconds
}

export class Outgoing {
  private readonly parcels = new Map<LinkId, Parcel>()
  private soonest: Milliseconds = Number.POSITIVE_INFINITY

  /** The parcel being packed for a link. */
  for(link: LinkId): Parcel {
    const parcel = this.parcels.get(link) ?? { operations: [], reports: [], presences: [] }
    this.parcels.set(link, parcel)
    return parcel
  }

  drop(link: LinkId): void {
    this.parcels.delete(link)
  }

  /**
   * Takes out what is to go, as messages of bounded size.
   * @param patienceMs so long reports wait for others, if there is nothing else for that neighbour.
   */
  *take(now: Milliseconds = 0, patienceMs: Milliseconds = 0): IterableIterator<[LinkId, Gossip]> {
    this.soonest = Number.POSITIVE_INFINITY
    for (const [link, parcel] of this.parcels) {
      const dueAt = patienceMs > 0 ? this.dueAt(parcel, now, patienceMs) : now
      if (now < dueAt) {
        this.soonest = Math.min(this.soonest, dueAt)
        continue
      }
      this.parcels.delete(link)
      const { reports, presences } = parcel
      const parts = batches(parcel.operations)
      // Reports come after the operations that they speak about.
      const last = parts.pop() ?? []
      for (const operations of parts) yield [link, gossip({ operations })]
      yield [link, gossip({ operations: last, reports, presences })]
    }
  }

  /** When the next of those is to go that wait. */
  get nextDeadline(): Milliseconds {
    return this.soonest
  }

  private dueAt(parcel: Parcel, now: Milliseconds, patienceMs: Milliseconds): Milliseconds {
    if (parcel.operations.length + parcel.presences.length > 0) return now
    parcel.since ??= now
    return parcel.since + patienceMs
  }
}
