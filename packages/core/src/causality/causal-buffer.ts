/**
 * Operations that arrived before something they depend on (protocol rule OP5: causal delivery).
 *
 * Bounded in number, bytes and age, all together, for each author, and for all authors that nobody has let in. What does
 * not fit is forgotten, not refused: anti-entropy brings it again once there is room, so nothing is lost by it.
 */
import { bytesOf, type Operation, type ReplicaId, type VersionVector } from './operation.js'
import { isReady } from './version-vector.js'

export interface CausalBufferLimits {
  readonly maxOperations: number
  readonly maxBytes: number
}

/** No author may take more of the room there is than this share, … */
const AUTHOR_SHARE = 1 / 2
/** … and all that are unknown together not more than this one: anybody can make up an author. */
const STRANGERS_SHARE = 1 / 8
/** Where there is little room anyhow nobody is held to a share. */
const ALWAYS_OPERATIONS = 64
const ALWAYS_BYTES = 64 * 1024
/** What nobody had the past of for so long waits in vain. Longer than any side of a room waits for another one. */
export const MAX_WAITING_MS = 5 * 60_000

/** Known to exist by a later one of its author, or by one of somebody else that depends on it. */
export type Gap = 'before' | 'past'

interface Waiting {
  readonly operation: Operation
  readonly since: number
}

/** What one author, or several together, have waiting. */
interface Account {
  count: number
  bytes: number
}

export class CausalBuffer {
  private readonly byAuthor = new Map<ReplicaId, Map<number, Waiting>>()
  private readonly limits: CausalBufferLimits
  private readonly total: Account = { count: 0, bytes: 0 }
  private readonly accounts = new Map<ReplicaId, Account>()
  /** Since when the oldest has been waiting, or earlier. */
  private oldest = Number.POSITIVE_INFINITY

  constructor(limits: CausalBufferLimits) {
    this.limits = limits
  }

  get size(): number {
    return this.total.count
  }

  has(author: ReplicaId, seq: number): boolean {
    return this.byAuthor.get(author)?.has(seq) ?? false
  }

  /**
   * @param isReady it will be taken out at once, so the limits do not apply to it.
   * @param isKnown says of an author whether it has been let in.
   * @returns false if the operation was already waiting or there is no room for it.
   */
  add(
    operation: Operation,
    isReady = false,
    since = 0,
    isKnown: (author: ReplicaId) => boolean = () => true,
  ): boolean {
    const { author, seq } = operation
    if (this.has(author, seq)) return false
    const bytes = bytesOf(operation)
    if (!isReady && !this.hasRoomFor(author, bytes, isKnown)) return false
    const waiting = this.byAuthor.get(author) ?? new Map<number, Waiting>()
    this.byAuthor.set(author, waiting)
    waiting.set(seq, { operation, since })
    this.charge(author, 1, bytes)
    this.oldest = Math.min(this.oldest, since)
    return true
  }

  private hasRoomFor(author: ReplicaId, bytes: number, isKnown: (author: ReplicaId) => boolean): boolean {
    if (!this.fits(this.total, bytes, 1)) return false
    const own = this.accounts.get(author) ?? { count: 0, bytes: 0 }
    if (!this.fits(own, bytes, AUTHOR_SHARE)) return false
    if (isKnown(author)) return true
    const strangers: Account = { count: 0, bytes: 0 }
    for (const [other, account] of this.accounts) {
      if (isKnown(other)) continue
      strangers.count += account.count
      strangers.bytes += account.bytes
    }
    return this.fits(strangers, bytes, STRANGERS_SHARE)
  }

  private fits(account: Account, bytes: number, share: number): boolean {
    const { maxOperations, maxBytes } = this.limits
    const operations = Math.min(maxOperations, Math.max(ALWAYS_OPERATIONS, maxOperations * share))
    return (
      account.count < operations &&
      account.bytes + bytes <= Math.min(maxBytes, Math.max(ALWAYS_BYTES, maxBytes * share))
    )
  }

  private charge(author: ReplicaId, count: number, bytes: number): void {
    const own = this.accounts.get(author) ?? { count: 0, bytes: 0 }
    for (const account of [own, this.total]) {
      account.count += count
      account.bytes += bytes
    }
    if (own.count === 0) this.accounts.delete(author)
    else this.accounts.set(author, own)
  }

  /** Forgets what has waited for too long. */
  expire(now: number): void {
    if (this.oldest + MAX_WAITING_MS > now) return
    this.oldest = Number.POSITIVE_INFINITY
    for (const [author, waiting] of this.byAuthor) {
      for (const [seq, { since }] of waiting) {
        if (since + MAX_WAITING_MS <= now) this.remove(author, seq)
        else this.oldest = Math.min(this.oldest, since)
      }
    }
  }

  /**
   * Takes out one operation of an epoch up to `epoch` whose past is applied, if there is one.
   * @param isHeld says which are not to be applied for now all the same.
   */
  takeReady(
    applied: VersionVector,
    epoch: number,
    isHeld: (operation: Operation) => boolean = () => false,
  ): Operation | undefined {
    for (const [author, waiting] of this.byAuthor) {
      const next = waiting.get((applied.get(author) ?? 0) + 1)?.operation
      if (!next || next.epoch > epoch || !isReady(next, applied) || isHeld(next)) continue
      this.remove(author, next.seq)
      return next
    }
    return undefined
  }

  *operations(): IterableIterator<Operation> {
    for (const waiting of this.byAuthor.values())
      for (const { operation } of waiting.values()) yield operation
  }

  /** Whether something waits that was made by one of these. */
  waitsFor(isMember: (author: ReplicaId) => boolean): boolean {
    for (const author of this.byAuthor.keys()) if (isMember(author)) return true
    return false
  }

  /**
   * Whether something waits that a member made, or that lacks something of one. All else may wait in vain: what was made
   * on a side of the room that never counted, by somebody whom a stranger let in.
   */
  waitsOnSomeOf(isMember: (author: ReplicaId) => boolean, applied: VersionVector): boolean {
    if (this.waitsFor(isMember)) return true
    for (const { deps } of this.operations()) {
      for (const [author, needed] of deps)
        if (isMember(author) && (applied.get(author) ?? 0) < needed) return true
    }
    return false
  }

  /**
   * The next operations of members that are known by what is here and follows them, each by its name: their author's own later
   * ones, or another's that depends on them.
   */
  missing(applied: VersionVector): Map<string, Gap> {
    const found = new Map<string, Gap>()
    for (const [author, waiting] of this.byAuthor) {
      const have = applied.get(author)
      if (have === undefined) continue
      const next = waiting.get(have + 1)?.operation
      if (next === undefined) found.set(`${author} ${have + 1}`, 'before')
      for (const [other, seq] of next?.deps ?? []) {
        const reached = applied.get(other)
        if (reached === undefined || reached >= seq || this.has(other, reached + 1)) continue
        const name = `${other} ${reached + 1}`
        if (!found.has(name)) found.set(name, 'past')
      }
    }
    return found
  }

  /** Operations that wait for nothing but that we reach their epoch. */
  readyAbove(applied: VersionVector, epoch: number): Operation[] {
    const found: Operation[] = []
    for (const [author, waiting] of this.byAuthor) {
      const next = waiting.get((applied.get(author) ?? 0) + 1)?.operation
      if (next && next.epoch > epoch && isReady(next, applied)) found.push(next)
    }
    return found
  }

  /** Forgets operations that turned out to be applied already, or that nobody needs any more. */
  discard(isObsolete: (operation: Operation) => boolean): void {
    for (const [author, waiting] of this.byAuthor) {
      for (const { operation } of waiting.values())
        if (isObsolete(operation)) this.remove(author, operation.seq)
    }
  }

  private remove(author: ReplicaId, seq: number): void {
    const waiting = this.byAuthor.get(author)
    const operation = waiting?.get(seq)?.operation
    if (!waiting || !operation) return
    waiting.delete(seq)
    if (waiting.size === 0) this.byAuthor.delete(author)
    this.charge(author, -1, -bytesOf(operation))
  }
}
