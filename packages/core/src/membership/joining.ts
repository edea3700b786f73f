/**
 * Being let in: the newcomer's side of the direct handshake (protocol rules JO1 to JO8).
 *
 * One object is one attempt under one replica id. It authors nothing; it ends in `go`, after which the replica
 * is a member, or in failure, after which this id is never used again.
 */
import type { Operation, ReplicaId } from '../causality/operation.js'
import type { Go, Installed, JoinRequest, No, Piece, PieceReceived, Welcome } from '../wire/messages.js'

/** What the newcomer wants sent to its sponsor. */
export type Reply = JoinRequest | PieceReceived | Installed | No

export interface JoiningLimits {
  readonly joinTimeoutMs: number
  readonly pieceWindow: number
}

const RESEND_INTERVAL_MS = 1000

export class Joining {
  readonly link: number
  private readonly limits: JoiningLimits
  private offer: Welcome | undefined
  /** All the sponsor held above the base, in total order, as far as it has come. */
  readonly operations: Operation[] = []
  /** Pieces that overtook an earlier one. */
  private readonly early = new Map<number, Piece>()
  private loaded = 0
  private allLoaded = false
  private deadline: number
  private resendAt = Number.POSITIVE_INFINITY

  constructor(link: number, now: number, limits: JoiningLimits) {
    this.link = link
    this.limits = limits
    this.deadline = now + limits.joinTimeoutMs
  }

  get welcome(): Welcome | undefined {
    return this.offer
  }

  get nextDeadline(): number {
    return Math.min(this.deadline, this.resendAt)
  }

  isExpired(now: number): boolean {
    return now >= this.deadline
  }

  /** @returns whether it is the first welcome; the state may be loaded from now on. */
  welcomed(welcome: Welcome, now: number): boolean {
    if (this.offer) return false
    this.offer = welcome
    this.progressed(now)
    return true
  }

  /** Files a piece. @returns the pieces that can be loaded now, in order. */
  received(piece: Piece, now: number): Piece[] {
    if (this.offer && piece.nonce !== this.offer.nonce) return []
    if (this.allLoaded || piece.index < this.loaded || piece.index >= this.loaded + this.limits.pieceWindow)
      return []
    this.early.set(piece.index, piece)
    return this.offer ? this.loadable(now) : []
  }

  /** Pieces that can be loaded in order; also called once the welcome is there, which they may overtake. */
  loadable(now: number): Piece[] {
    const ready: Piece[] = []
    for (;;) {
      const next = this.early.get(this.loaded)
      if (!next || next.nonce !== this.offer?.nonce) break
      this.early.delete(this.loaded)
      this.loaded++
      ready.push(next)
      for (const operation of next.operations) this.operations.push(operation)
      if (next.last) this.allLoaded = true
    }
    if (ready.length > 0) this.progressed(now)
    return ready
  }

  /** What to tell the sponsor after loading. */
  acknowledgement(now: number): Reply[] {
    if (!this.offer) return []
    const { nonce } = this.offer
    if (!this.allLoaded) return [{ type: 'piece-received', nonce, count: this.loaded }]
    this.resendAt = now + RESEND_INTERVAL_MS
    return [{ type: 'installed', nonce }]
  }

  get isInstalled(): boolean {
    return this.allLoaded
  }

  /** Whether the operations that came are what the welcome's version vector says, author by author, without a gap. */
  get isConsistent(): boolean {
    const reached = new Map<ReplicaId, number>()
    for (const { author, seq } of this.operations) {
      const before = reached.get(author)
      if (before !== undefined && seq !== before + 1) return false
      reached.set(author, seq)
    }
    const applied = this.offer?.applied
    // Authors that left below the snapshot point are forgotten (rule SP7).
    return [...reached].every(([author, seq]) => (applied?.get(author) ?? seq) === seq)
  }

  /** The acknowledgement or its answer may have been lost: say it again (rule JO6). */
  resend(now: number): Reply[] {
    return now >= this.resendAt ? this.acknowledgement(now) : []
  }

  /** Whether this `go` answers our acknowledgement. */
  accepts(go: Go): boolean {
    return this.allLoaded && go.nonce === this.offer?.nonce
  }

  /** Whether this refusal is about our attempt. */
  isRefusedBy(nonce: number): boolean {
    return nonce === 0 || nonce === this.offer?.nonce
  }

  private progressed(now: number): void {
    this.deadline = now + this.limits.joinTimeoutMs
  }
}
