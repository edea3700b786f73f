/**
 * Letting newcomers in: the sponsor's side of the direct handshake (protocol rules JO1 to JO8).
 *
 * From the welcome to the join operation the newcomer stands nowhere but here, and this replica's floor is
 * capped at the floor it welcomed with. That is what keeps everybody from deciding beyond what the newcomer
 * holds. A time-out drops the cap and the newcomer; nothing of it was ever in the room.
 */
import type { Clock, Operation, ReplicaId, VersionVector } from '../causality/operation.js'

/** Part of what a newcomer is given: of the structure's state, or of the operations above it. */
export interface Part {
  readonly bytes: Uint8Array
  readonly operations: readonly Operation[]
  /** Share of the whole so far; the last part has exactly 1. */
  readonly progress: number
}

export interface PendingJoin {
  readonly newcomer: ReplicaId
  readonly link: number
  readonly nonce: number
  readonly floor: Clock
  /** What we had applied when we made the welcome. */
  readonly applied: VersionVector
  readonly parts: Iterator<Part, undefined>
  sent: number
  received: number
  complete: boolean
  deadline: number
}

export interface OutgoingPiece {
  readonly link: number
  readonly nonce: number
  readonly index: number
  readonly last: boolean
  readonly part: Part
}

export type Acknowledged =
  | { readonly verdict: 'admit'; readonly join: PendingJoin }
  /** The join was made before: its `go` was lost. */
  | { readonly verdict: 'again'; readonly applied: VersionVector }
  | { readonly verdict: 'no' }

interface Limits {
  readonly joinTimeoutMs: number
  readonly pieceWindow: number
  readonly maxJoinsAtOnce: number
}

export class Sponsoring {
  private readonly limits: Limits
  private readonly pending = new Map<ReplicaId, PendingJoin>()
  private readonly admitted = new Map<ReplicaId, { nonce: number; applied: VersionVector }>()
  private nonces = 0

  constructor(limits: Limits) {
    this.limits = limits
  }

  /** What our own floor must not exceed (rule JO3). */
  get cap(): Clock {
    let cap = Number.POSITIVE_INFINITY
    for (const join of this.pending.values()) cap = Math.min(cap, join.floor)
    return cap
  }

  get newcomers(): ReplicaId[] {
    return [...this.pending.keys()]
  }

  get isBusy(): boolean {
    return this.pending.size >= this.limits.maxJoinsAtOnce
  }

  /** Whether this id has asked us before. Every attempt needs a new one (rule JO1). */
  knows(newcomer: ReplicaId): boolean {
    return this.pending.has(newcomer) || this.admitted.has(newcomer)
  }

  /** What a newcomer in our care was welcomed with. */
  floorOf(newcomer: ReplicaId): Clock | undefined {
    return this.pending.get(newcomer)?.floor
  }

  begin(
    newcomer: ReplicaId,
    link: number,
    floor: Clock,
    applied: VersionVector,
    parts: Iterator<Part, undefined>,
    now: number,
  ): PendingJoin {
    const join: PendingJoin = {
      newcomer,
      link,
      nonce: ++this.nonces,
      floor,
      applied,
      parts,
      sent: 0,
      received: 0,
      complete: false,
      deadline: now + this.limits.joinTimeoutMs,
    }
    this.pending.set(newcomer, join)
    return join
  }

  /** One piece for each newcomer that can take one: long states never hold up the replica for long. */
  nextPieces(): OutgoingPiece[] {
    const pieces: OutgoingPiece[] = []
    for (const join of this.pending.values()) {
      if (!this.canSend(join)) continue
      const { value: part } = join.parts.next()
      if (!part) throw new Error('encodeState ended without a last piece')
      join.complete = part.progress >= 1
      pieces.push({ link: join.link, nonce: join.nonce, index: join.sent++, last: join.complete, part })
    }
    return pieces
  }

  get hasPieces(): boolean {
    for (const join of this.pending.values()) if (this.canSend(join)) return true
    return false
  }

  pieceReceived(newcomer: ReplicaId, nonce: number, count: number, now: number): void {
    const join = this.pending.get(newcomer)
    if (!join || join.nonce !== nonce || count > join.sent || count <= join.received) return
    join.received = count
    join.deadline = now + this.limits.joinTimeoutMs
  }

  /** The newcomer says it holds everything. Only the nonce of the very welcome counts (rule JO4). */
  acknowledge(newcomer: ReplicaId, nonce: number): Acknowledged {
    const join = this.pending.get(newcomer)
    if (join && join.nonce === nonce && join.complete) {
      this.pending.delete(newcomer)
      this.admitted.set(newcomer, { nonce, applied: join.applied })
      return { verdict: 'admit', join }
    }
    const earlier = this.admitted.get(newcomer)
    if (earlier && earlier.nonce === nonce) return { verdict: 'again', applied: earlier.applied }
    return { verdict: 'no' }
  }

  /** The newcomer will not come. @returns whether its join has been made already, and is to be taken back. */
  withdraw(newcomer: ReplicaId, nonce: number): boolean {
    if (this.pending.get(newcomer)?.nonce === nonce) this.pending.delete(newcomer)
    return this.admitted.get(newcomer)?.nonce === nonce
  }

  /** The newcomer acts as a member, or is gone: its `go` will not be asked for again. */
  forget(newcomer: ReplicaId): void {
    this.admitted.delete(newcomer)
  }

  linkDown(link: number): void {
    for (const join of this.pending.values()) if (join.link === link) this.pending.delete(join.newcomer)
  }

  /** Drops who took too long (rule JO7). @returns who, and its nonce. */
  expire(now: number): PendingJoin[] {
    const expired = [...this.pending.values()].filter((join) => join.deadline <= now)
    for (const join of expired) this.pending.delete(join.newcomer)
    return expired
  }

  /** Drops everybody, because we are leaving. */
  abandonAll(): PendingJoin[] {
    return this.expire(Number.POSITIVE_INFINITY)
  }

  get nextDeadline(): number {
    let next = Number.POSITIVE_INFINITY
    for (const join of this.pending.values()) next = Math.min(next, join.deadline)
    return next
  }

  private canSend(join: PendingJoin): boolean {
    return !join.complete && join.sent - join.received < this.limits.pieceWindow
  }
}
