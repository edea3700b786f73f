/**
 * The newcomer's half of a join, message by message (protocol rules JO1 to JO8). The bookkeeping is in
 * `membership/joining.ts`; here it meets the structure and the link.
 *
 * The result of each step is what becomes of the attempt; the replica acts on it.
 */
import type { Operation, ReplicaId } from '../causality/operation.js'
import type { News, Notice, ReplicaConfig } from '../machine.js'
import { Joining, type Reply } from '../membership/joining.js'
import type { Link } from '../overlay/links.js'
import type { Naming, Structure } from '../structure.js'
import type { LinkId } from '../transport.js'
import { MAX_REASON_LENGTH } from '../wire/limits.js'
import type { Go, No, Piece, Welcome } from '../wire/messages.js'
import { isAhead } from './cuts.js'
import type { Room } from './room.js'

/** `undefined`: the attempt goes on. */
export type Outcome =
  | undefined
  | { readonly type: 'joined' }
  /** What we hold goes on from what the room holds: it shall come to us (rule LI3). */
  | { readonly type: 'ahead' }
  | { readonly type: 'failed'; readonly reason: string }
  | { readonly type: 'refuse'; readonly reason: string }

export class ComingIn {
  readonly joining: Joining
  private readonly room: Room
  private readonly structure: Structure
  private readonly send: (link: LinkId, reply: Reply) => void
  private readonly tell: (news: News) => void
  private readonly notice: Notice | undefined
  private readonly sponsor: ReplicaId | undefined
  private isLoading = false

  constructor(
    link: Link,
    room: Room,
    structure: Structure,
    config: ReplicaConfig,
    send: (link: LinkId, reply: Reply) => void,
    tell: (news: News) => void,
    now: number,
  ) {
    this.joining = new Joining(link.id, now, config)
    this.notice = config.notice
    this.sponsor = link.peer
    this.room = room
    this.structure = structure
    this.send = send
    this.tell = tell
    const { namings = [], origins = [] } = structure.epochs ?? {}
    const { insists } = config
    this.send(link.id, { type: 'join-request', namings, origins, base: baseOf(namings, config), insists })
  }

  welcomed(welcome: Welcome, now: number): Outcome {
    if (!this.joining.welcomed(welcome, now)) return undefined
    if (this.isFromOutside(welcome))
      return { type: 'failed', reason: 'it was evicted, too, and does not know it' }
    if (this.isAheadOf(welcome)) return { type: 'ahead' }
    this.isLoading = true
    this.structure.beginLoad()
    this.structure.epochs?.enter(welcome.namings)
    return this.load(this.joining.loadable(now), now)
  }

  pieceArrived(piece: Piece, now: number): Outcome {
    return this.load(this.joining.received(piece, now), now)
  }

  /** Our join is made: from here on we are a member (rule JO6). */
  go(go: Go, now: number): Outcome {
    const { welcome } = this.joining
    if (!welcome || !this.joining.accepts(go)) return undefined
    const forged = this.forgedIn(go.operations)
    if (forged !== undefined) return { type: 'refuse', reason: forged }
    if (this.room.install(welcome, this.joining.operations, go, now)) return { type: 'joined' }
    return { type: 'failed', reason: 'the sponsor did not let us in' }
  }

  refused(no: No): Outcome {
    return this.joining.isRefusedBy(no.nonce) ? { type: 'failed', reason: no.reason } : undefined
  }

  /** Repeats what may have been lost; gives up when nothing has moved for too long. */
  continue(now: number): Outcome {
    if (this.joining.isExpired(now)) return { type: 'failed', reason: 'the sponsor took too long' }
    this.reply(this.joining.resend(now))
    return undefined
  }

  /** The attempt is over. Of a state that came in part, the structure keeps what it wants. */
  abandon(): void {
    if (this.isLoading && !this.joining.isInstalled) this.structure.endLoad(false)
  }

  /** We will not come: should the sponsor have made our join already, it can take it back (rule JO9). */
  withdraw(reason: string): void {
    this.decline(reason, this.room.vouching.withdrawal())
  }

  /** We will not come, and go on under this id elsewhere. Nothing is to be taken back: we have not asked for our join yet. */
  decline(reason: string, withdrawal: { readonly consent?: Uint8Array } = {}): void {
    const { welcome, link } = this.joining
    if (!welcome) return
    const short = reason.slice(0, MAX_REASON_LENGTH)
    this.send(link, { type: 'no', nonce: welcome.nonce, reason: short, ...withdrawal })
  }

  private load(pieces: readonly Piece[], now: number): Outcome {
    if (pieces.length === 0) return undefined
    for (const piece of pieces) {
      const reason = this.forgedIn(piece.operations) ?? this.loadState(piece)
      if (reason !== undefined) return { type: 'refuse', reason }
      this.applyAboveBase(piece.operations)
      this.tell({ type: 'progress', share: Math.min(1, piece.permille / 1000) })
    }
    if (this.joining.isInstalled) {
      if (!this.joining.isConsistent)
        return { type: 'refuse', reason: 'its operations do not fit its versions' }
      const reason = this.structure.endLoad(true)
      if (reason !== undefined) return { type: 'refuse', reason }
    }
    this.reply(this.joining.acknowledgement(now))
    return undefined
  }

  private loadState({ bytes }: Piece): string | undefined {
    return bytes.length > 0 ? this.structure.loadPiece(bytes) : undefined
  }

  /** Who were evicted together would let each other in for ever (rule EV7). */
  private isFromOutside({ lineage, applied }: Welcome): boolean {
    const { notice, sponsor } = this
    if (notice?.lineage !== lineage) return false
    if (sponsor !== undefined && notice.cutOffs.has(sponsor)) return true
    return [...notice.cutOffs].some(([who, seq]) => (applied.get(who) ?? 0) > seq)
  }

  /** In one lineage whoever is behind catches up by itself, and we wait for that (rule CU4). */
  private isAheadOf({ lineage, namings }: Welcome): boolean {
    const { epochs } = this.structure
    if (!epochs || epochs.namings[0]?.lineage === lineage) return false
    return isAhead(epochs, namings)
  }

  /** A state without epochs holds their effect already. What the gate refuses the room has refused, too (OP8). */
  private applyAboveBase(operations: readonly Operation[]): void {
    if (!this.structure.epochs) return
    const { cuts } = this.room
    for (const operation of operations) {
      cuts?.note(operation)
      if (operation.kind !== 'update') continue
      const reason = this.structure.apply(operation.payload, operation.epoch, cuts?.originOf(operation))
      if (reason !== undefined) cuts?.leaveOut(operation)
    }
  }

  private reply(replies: readonly Reply[]): void {
    for (const reply of replies) {
      const consent = reply.type === 'installed' ? this.consent : {}
      this.send(this.joining.link, { ...reply, ...consent })
    }
  }

  /** With it our sponsor can show that we asked (rule ID4). */
  private get consent(): { readonly consent?: Uint8Array } {
    const { welcome } = this.joining
    if (!welcome || this.sponsor === undefined) return {}
    return this.room.vouching.consent(welcome.lineage, this.sponsor, welcome.floor)
  }

  /** What we will pass on to others we check like anything that comes in (rule ID3). */
  private forgedIn(operations: readonly Operation[]): string | undefined {
    const lineage = this.joining.welcome?.lineage ?? ''
    for (const operation of operations) {
      const fault = this.room.vouching.faultOf(operation, lineage)
      if (fault !== undefined) return fault
    }
    return undefined
  }
}

/** The hash of the base that we were at when we left, if that is what we still hold. */
function baseOf([newest]: readonly Naming[], { formerBase }: ReplicaConfig): string {
  const isSame = newest?.lineage === formerBase?.lineage && newest?.epoch === formerBase?.epoch
  return isSame ? (formerBase?.hash ?? '') : ''
}
