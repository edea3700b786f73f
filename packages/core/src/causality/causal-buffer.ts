/**
 * Operations that arrived before something they depend on (protocol rule OP5: causal delivery).
 *
 * Bounded in number and bytes. What does not fit is forgotten, not refused: anti-entropy brings it again once
 * there is room, so nothing is lost by it.
 */
import { type Operation, payloadBytes, type ReplicaId, type VersionVector } from './operation.js'
import { isReady } from './version-vector.js'

export interface CausalBufferLimits {
  readonly maxOperations: number
  readonly maxBytes: number
}

export class CausalBuffer {
  private readonly byAuthor = new Map<ReplicaId, Map<number, Operation>>()
  private readonly limits: CausalBufferLimits
  private count = 0
  private bytes = 0

  constructor(limits: CausalBufferLimits) {
    this.limits = limits
  }

  get size(): number {
    return this.count
  }

  has(author: ReplicaId, seq: number): boolean {
    return this.byAuthor.get(author)?.has(seq) ?? false
  }

  /**
   * @param isReady it will be taken out at once, so the limits do not apply to it.
   * @returns false if the operation was already waiting or there is no room for it.
   */
  add(operation: Operation, isReady = false): boolean {
    if (this.has(operation.author, operation.seq)) return false
    const bytes = payloadBytes(operation)
    const isFull = this.count >= this.limits.maxOperations || this.bytes + bytes > this.limits.maxBytes
    if (isFull && !isReady) return false
    const waiting = this.byAuthor.get(operation.author) ?? new Map<number, Operation>()
    this.byAuthor.set(operation.author, waiting)
    waiting.set(operation.seq, operation)
    this.count++
    this.bytes += bytes
    return true
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
      const next = waiting.get((applied.get(author) ?? 0) + 1)
      if (!next || next.epoch > epoch || !isReady(next, applied) || isHeld(next)) continue
      this.remove(author, next.seq)
      return next
    }
    return undefined
  }

  *operations(): IterableIterator<Operation> {
    for (const waiting of this.byAuthor.values()) yield* waiting.values()
  }

  /** Whether an author's later operations are here and an earlier one is not. */
  hasGap(applied: VersionVector): boolean {
    for (const [author, waiting] of this.byAuthor) {
      const next = (applied.get(author) ?? 0) + 1
      if (applied.has(author) && !waiting.has(next)) return true
    }
    return false
  }

  /** Operations that wait for nothing but that we reach their epoch. */
  readyAbove(applied: VersionVector, epoch: number): Operation[] {
    const found: Operation[] = []
    for (const [author, waiting] of this.byAuthor) {
      const next = waiting.get((applied.get(author) ?? 0) + 1)
      if (next && next.epoch > epoch && isReady(next, applied)) found.push(next)
    }
    return found
  }

  /** Forgets operations that turned out to be applied already, or that nobody needs any more. */
  discard(isObsolete: (operation: Operation) => boolean): void {
    for (const [author, waiting] of this.byAuthor) {
      for (const operation of waiting.values()) if (isObsolete(operation)) this.remove(author, operation.seq)
    }
  }

  private remove(author: ReplicaId, seq: number): void {
    const waiting = this.byAuthor.get(author)
    const operation = waiting?.get(seq)
    if (!waiting || !operation) return
    waiting.delete(seq)
    if (waiting.size === 0) this.byAuthor.delete(author)
    this.count--
    this.bytes -= payloadBytes(operation)
  }
}
