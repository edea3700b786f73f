/**
 * Two rooms of one name, founded apart, meet: one of the two yields, the same on both sides (protocol rules LI2, LI3, LI6).
 */
import type { Link } from '../overlay/links.js'
import type { Neighbourhood } from '../overlay/neighbourhood.js'
import type { Origins } from '../wire/messages.js'
import type { Room } from './room.js'

export class Meeting {
  private readonly room: Room
  private readonly neighbourhood: Neighbourhood
  private readonly leave: (rejoinReason: string) => void

  /** @param leave gives this membership up, to come in again from the other side. */
  constructor(room: Room, neighbourhood: Neighbourhood, leave: (rejoinReason: string) => void) {
    this.room = room
    this.neighbourhood = neighbourhood
    this.leave = leave
  }

  /** A member of another lineage is at the other end. */
  met(link: Link): void {
    if (this.room.cuts) return this.tellOrigins(link)
    if (link.lineage < this.room.lineage) this.yieldTo(link)
  }

  /** One of two lineages may go on from where the other one stands: then that is the one that stands (rule LI3). */
  compare(link: Link, theirs: Origins): void {
    const { cuts, lineage } = this.room
    if (!cuts || link.lineage === '' || link.lineage === lineage) return
    const isAhead = cuts.isAheadOf(theirs.namings)
    if (!link.isToldOrigins) this.tellOrigins(link, isAhead)
    if (theirs.isAhead === undefined) return
    const yields = theirs.isAhead === isAhead ? link.lineage < lineage : theirs.isAhead
    if (yields) this.yieldTo(link)
  }

  tellOrigins(link: Link, isAhead?: boolean): void {
    link.isToldOrigins = isAhead !== undefined
    const namings = this.room.cuts?.namings ?? []
    this.neighbourhood.send(link.id, { type: 'origins', namings, isAhead })
  }

  private yieldTo(link: Link): void {
    this.neighbourhood.close(link, 'joining the other history of this room')
    this.leave('the room has another history')
  }
}
