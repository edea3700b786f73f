/**
 * The sponsor's half of a join, message by message (protocol rules JO1 to JO8). The bookkeeping is in
 * `membership/sponsoring.ts`; here it meets the room and the links.
 */
import { type Operation, payloadBytes } from '../causality/operation.js'
import type { ReplicaConfig } from '../machine.js'
import { type Part, type PendingJoin, Sponsoring } from '../membership/sponsoring.js'
import { batches } from '../overlay/anti-entropy.js'
import type { Link } from '../overlay/links.js'
import type { Neighbourhood } from '../overlay/neighbourhood.js'
import type { Naming, StatePiece, Structure } from '../structure.js'
import type { Installed, JoinRequest, No, PieceReceived } from '../wire/messages.js'
import type { Room } from './room.js'
import { holdsAllTold } from './standing.js'

const NOTHING = new Uint8Array()

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
  requested(link: Link, { namings, origins, base, insists }: JoinRequest, now: number): void {
    const newcomer = link.peer
    if (!newcomer || link.inRoom) return
    const { history, floor } = this.room
    if (this.room.isKnown(newcomer) || this.sponsoring.knows(newcomer)) return
    if (this.sponsoring.isBusy) {
      return this.sendBack(link, 'busy with other newcomers')
    }
    const { cuts } = this.room
    const isBehind = cuts?.isBehind(namings, base)
    if (isBehind && !insists) return this.sendBack(link, 'not as far as you are, yet')
    const brought = [...namings, ...origins]
    const isLost = cuts?.hasLost(brought)
    if (isLost && !insists) return this.sendBack(link, 'nothing here leads from what you bring')
    this.room.takeLocalChange()
    const parts = this.parts(brought)
    const join = this.sponsoring.begin(newcomer, link.id, floor, new Map(history.applied), parts, now)
    this.neighbourhood.send(link.id, this.room.welcome(join.nonce, floor), 'bulk')
  }

  /** The structure's state as it is now, then all operations that we hold above the base (rules JO2, CU7). */
  private parts(brought: readonly Naming[]): Iterator<Part, undefined> {
    const { cuts, history } = this.room
    const { pieceBytes } = this.config
    const state = this.structure.encodeState(pieceBytes, cuts?.tablesFor(brought))
    const operations = history.aboveBase
    const operationBytes = operations.reduce((sum, operation) => sum + payloadBytes(operation), 0)
    // Without a base the state holds the effect of the operations, and nothing is applied after it.
    const share = cuts ? cuts.baseBytes / (cuts.baseBytes + operationBytes + 1) : STATE_SHARE
    return partsOf(state, batches(operations, pieceBytes), share)
  }

  /** Step 2, in the background: one piece of the state for each newcomer that can take one. */
  pump(): void {
    for (const { link, nonce, index, last, part } of this.sponsoring.nextPieces()) {
      const { bytes, operations, progress } = part
      const permille = Math.round(progress * 1000)
      this.neighbourhood.send(
        link,
        { type: 'piece', nonce, index, last, permille, bytes, operations },
        'bulk',
      )
    }
  }

  pieceReceived(link: Link, message: PieceReceived, now: number): void {
    if (link.peer) this.sponsoring.pieceReceived(link.peer, message.nonce, message.count, now)
  }

  /** Step 3 → 4: it holds everything; its join is made, and it may go. */
  installed(link: Link, { nonce, consent }: Installed, now: number): void {
    const newcomer = link.peer
    if (!newcomer) return
    const { vouching, self } = this.room
    const floor = this.sponsoring.floorOf(newcomer)
    // Whoever can not make the others believe that it asked gets nowhere: its time runs out.
    if (floor !== undefined && !vouching.hasConsented(newcomer, self, floor, consent)) return
    const heldAll = holdsAllTold(this.room, this.neighbourhood)
    const acknowledged = this.sponsoring.acknowledge(newcomer, nonce)
    if (acknowledged.verdict === 'no') {
      return this.neighbourhood.send(link.id, { type: 'no', nonce, reason: 'this welcome has lapsed' })
    }
    if (acknowledged.verdict === 'admit') {
      // The state that went out may hold local changes made since; they must be in our past before the join.
      this.room.takeLocalChange()
      this.room.author({
        kind: 'join',
        who: newcomer,
        floor: acknowledged.join.floor,
        stage: this.room.evicting.ownStage,
        ...(consent && { consent }),
      })
    }
    const since = acknowledged.verdict === 'admit' ? acknowledged.join.applied : acknowledged.applied
    const operations = this.room.history.missingFrom(since)
    this.neighbourhood.send(link.id, { type: 'go', nonce, operations })
    this.neighbourhood.enterRoom(link, newcomer, now)
    // Its hello came before it was in any room; by this link it may have to tell us that we are out of ours (rule EV7).
    link.lineage = this.room.lineage
    link.isServed = true
    // It holds what came from us and nothing else: by it we know neither more nor less than before (rule JO11).
    if (heldAll) link.caughtUp = true
  }

  /** Its join may be made already. It has authored nothing and never will, so we leave on its behalf (rule JO9). */
  withdrawn(link: Link, { nonce, consent }: No): void {
    const newcomer = link.peer
    if (!newcomer || !this.sponsoring.withdraw(newcomer, nonce)) return
    const { roster, history, vouching } = this.room
    if (!vouching.hasWithdrawn(newcomer, consent)) return
    const isUntouched = roster.has(newcomer) && history.applied.get(newcomer) === 0
    if (isUntouched) this.room.author({ kind: 'leave', who: newcomer, ...(consent && { consent }) })
  }

  expire(now: number): void {
    for (const join of this.sponsoring.expire(now)) this.refuse(join, 'the join took too long')
  }

  /** We are leaving: nobody may count on us. */
  abandonAll(): void {
    for (const join of this.sponsoring.abandonAll()) this.refuse(join, 'the sponsor is leaving')
  }

  /** Another member may be able to let it in, or we in a moment. */
  private sendBack(link: Link, reason: string): void {
    this.neighbourhood.send(link.id, { type: 'no', nonce: 0, reason })
  }

  private refuse(join: PendingJoin, reason: string): void {
    this.neighbourhood.send(join.link, { type: 'no', nonce: join.nonce, reason })
  }
}

const STATE_SHARE = 0.99

function* partsOf(
  state: Iterator<StatePiece, undefined>,
  lists: readonly (readonly Operation[])[],
  stateShare: number,
): Generator<Part, undefined> {
  const share = lists.length === 0 ? 1 : stateShare
  for (let next = state.next(); !next.done; next = state.next()) {
    const { bytes, progress } = next.value
    yield { bytes, operations: [], progress: progress * share }
  }
  for (const [index, operations] of lists.entries()) {
    const progress = share + (1 - share) * ((index + 1) / lists.length)
    yield { bytes: NOTHING, operations, progress: index === lists.length - 1 ? 1 : progress }
  }
  return undefined
}
