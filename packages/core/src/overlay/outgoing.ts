/**
 * What is to be pushed to neighbours once the present input is worked off: one message per link, however many
 * things came together.
 */
import type { Operation } from '../causality/operation.js'
import type { Report } from '../snapshot/report.js'
import type { LinkId } from '../transport.js'
import type { Gossip, Presence } from '../wire/messages.js'
import { batches, gossip } from './anti-entropy.js'

interface Parcel {
  readonly operations: Operation[]
  readonly reports: Report[]
  readonly presences: Presence[]
}

export class Outgoing {
  private readonly parcels = new Map<LinkId, Parcel>()

  /** The parcel being packed for a link. */
  for(link: LinkId): Parcel {
    const parcel = this.parcels.get(link) ?? { operations: [], reports: [], presences: [] }
    this.parcels.set(link, parcel)
    return parcel
  }

  drop(link: LinkId): void {
    this.parcels.delete(link)
  }

  /** Takes everything out, as messages of bounded size. */
  *take(): IterableIterator<[LinkId, Gossip]> {
    for (const [link, parcel] of this.parcels) {
      const parts = batches(parcel.operations)
      // Reports come after the operations that they speak about.
      const last = parts.pop() ?? []
      for (const operations of parts) yield [link, gossip({ operations })]
      yield [link, gossip({ ...parcel, operations: last })]
    }
    this.parcels.clear()
  }
}
