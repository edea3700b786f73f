/**
 * The applied operations above the base, in total order (protocol rules OP4 and SP5).
 *
 * Invariant: per author the sequence numbers in the log have no gap, because operations are applied in causal
 * order and leave at the front of the total order, which extends causality.
 */
import { type Clock, compareOperations, type Operation, payloadBytes, type ReplicaId } from './operation.js'

export class OperationLog {
  private ordered: Operation[] = []
  private readonly byAuthor = new Map<ReplicaId, Operation[]>()
  private payloadSum = 0

  get length(): number {
    return this.ordered.length
  }

  /** Bytes of all payloads in the log. */
  get bytes(): number {
    return this.payloadSum
  }

  /** In total order. */
  get operations(): readonly Operation[] {
    return this.ordered
  }

  insert(operation: Operation): void {
    let at = this.ordered.length
    for (; at > 0; at--) {
      const before = this.ordered[at - 1]
      if (before && compareOperations(before, operation) < 0) break
    }
    this.ordered.splice(at, 0, operation)
    const own = this.byAuthor.get(operation.author)
    const last = own?.[own.length - 1]
    if (last && last.seq !== operation.seq - 1) {
      throw new Error(`log gap: ${operation.author} ${operation.seq} after ${last.seq}`)
    }
    if (own) own.push(operation)
    else this.byAuthor.set(operation.author, [operation])
    this.payloadSum += payloadBytes(operation)
  }

  /** One of them, if it is here. */
  get(author: ReplicaId, seq: number): Operation | undefined {
    const own = this.byAuthor.get(author)
    return own?.[seq - (own[0]?.seq ?? 0)]
  }

  /** What a replica that has applied `vector` lacks, in total order. Costs nothing per operation it has. */
  missingFrom(vector: ReadonlyMap<ReplicaId, number>): Operation[] {
    const missing: Operation[] = []
    for (const [author, own] of this.byAuthor) {
      const first = own[0]
      if (!first) continue
      const from = Math.max(0, (vector.get(author) ?? 0) - first.seq + 1)
      for (let i = from; i < own.length; i++) missing.push(own[i] as Operation)
    }
    return missing.sort(compareOperations)
  }

  /** In the order of their seq. */
  by(author: ReplicaId): readonly Operation[] {
    return this.byAuthor.get(author) ?? []
  }

  /** All operations with `after < clock ≤ through`, in total order. */
  between(after: Clock, through: Clock): Operation[] {
    return this.ordered.filter(({ clock }) => clock > after && clock <= through)
  }

  /** Removes and returns all operations with `clock ≤ point`, in total order. */
  takeThrough(point: Clock): Operation[] {
    let count = 0
    while (count < this.ordered.length && (this.ordered[count] as Operation).clock <= point) count++
    if (count === 0) return []
    const taken = this.ordered.splice(0, count)
    const perAuthor = new Map<ReplicaId, number>()
    for (const operation of taken) {
      perAuthor.set(operation.author, (perAuthor.get(operation.author) ?? 0) + 1)
      this.payloadSum -= payloadBytes(operation)
    }
    for (const [author, dropped] of perAuthor) {
      const own = this.byAuthor.get(author)
      if (!own) continue
      own.splice(0, dropped)
      if (own.length === 0) this.byAuthor.delete(author)
    }
    return taken
  }
}
