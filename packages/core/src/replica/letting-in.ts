/**
 * The sponsor's half of a join, message by message (protocol rules JO1 to JO8). The bookkeeping is in
 * `membership/sponsoring.ts`; here it meets the room and the links.
 */
import type { ReplicaConfig } from '../machine.js'
import { type PendingJoin, Sponsoring } from '../membership/sponsoring.js'
import type { Link } from '../overlay/links.js'
import type { Neighbourhood } from '../overlay/neighbourhood.js'
import type { Structure } from '../structure.js'
import type { Installed, No, PieceReceived } from '../wire/messages.js'
import type { Room } from './room.js'

export class LettingIn {
  readonly sponsoring: Sponsoring
  private readonly room: Room
  private readonly neighbourhood: Neighbourhood
  private readonly structure: Structure
  private readonly config: ReplicaConfig

  constructor(room: Room, neighbourhood: Neighbourhood, structure: Structure, config: ReplicaConfig) {
    this.room = room
    this.neighbourhood = neighbourhood
    this.structure = structure
    this.config = config
    this.sponsoring = new Sponsoring(config)
  }

  /** Step 1 → 2: someone asks; it is welcomed, and from here on we answer for it. */
  requested(link: Link, now: number): void {
    const newcomer = link.peer
    if (!newcomer || link.inRoom) return
    const { history, roster, floor } = this.room
    const isUsed = roster.has(newcomer) || history.applied.has(newcomer)
    if (isUsed || this.sponsoring.knows(newcomer)) return
    if (this.sponsoring.isBusy) {
      return this.neighbourhood.send(link.id, { type: 'no', nonce: 0, reason: 'busy with other newcomers' })
    }
    this.room.takeLocalChange()
    const state = this.structure.encodeState(this.config.pieceBytes)
    const join = this.sponsoring.begin(newcomer, link.id, floor, new Map(history.applied), state, now)
    this.neighbourhood.send(link.id, this.room.welcome(join.nonce, floor), 'bulk')
  }

  /** Step 2, in the background: one piece of the state for each newcomer that can take one. */
  pump(): void {
    for (const { link, nonce, index, last, piece } of this.sponsoring.nextPieces()) {
      const permille = Math.round(piece.progress * 1000)
      this.neighbourhood.send(
        link,
        { type: 'piece', nonce, index, last, permille, bytes: piece.bytes },
        'bulk',
      )
    }
  }

  pieceReceived(link: Link, message: PieceReceived, now: number): void {
    if (link.peer) this.sponsoring.pieceReceived(link.peer, message.nonce, message.count, now)
  }

  /** Step 3 → 4: it holds everything; its join is made, and it may go. */
  installed(link: Link, { nonce }: Installed, now: number): void {
    const newcomer = link.peer
    if (!newcomer) return
    const acknowledged = this.sponsoring.acknowledge(newcomer, nonce)
    if (acknowledged.verdict === 'no') {
      return this.neighbourhood.send(link.id, { type: 'no', nonce, reason: 'this welcome has lapsed' })
    }
    if (acknowledged.verdict === 'admit') {
      // The state that went out may hold local changes made since; they must be in our past before the join.
      this.room.takeLocalChange()
      this.room.author({ kind: 'join', who: newcomer, floor: acknowledged.join.floor })
    }
    const since = acknowledged.verdict === 'admit' ? acknowledged.join.applied : acknowledged.applied
    const operations = this.room.history.missingFrom(since)
    this.neighbourhood.send(link.id, { type: 'go', nonce, operations })
    this.neighbourhood.enterRoom(link, newcomer, now)
    link.isServed = true
  }

  /** Its join may be made already. It has authored nothing and never will, so we leave on its behalf (rule JO9). */
  withdrawn(link: Link, { nonce }: No): void {
    const newcomer = link.peer
    if (!newcomer || !this.sponsoring.withdraw(newcomer, nonce)) return
    const { roster, history } = this.room
    const isUntouched = roster.has(newcomer) && history.applied.get(newcomer) === 0
    if (isUntouched) this.room.author({ kind: 'leave', who: newcomer })
  }

  expire(now: number): void {
    for (const join of this.sponsoring.expire(now)) this.refuse(join, 'the join took too long')
  }

  /** We are leaving: nobody may count on us. */
  abandonAll(): void {
    for (const join of this.sponsoring.abandonAll()) this.refuse(join, 'the sponsor is leaving')
  }

  private refuse(join: PendingJoin, reason: string): void {
    this.neighbourhood.send(join.link, { type: 'no', nonce: join.nonce, reason })
  }
}
