/**
 * What the author of an update had seen, told by updates alone: whoever gives payloads a meaning is told of no others.
 *
 * An operation names what changed since its author's operation before (rule OP5). Where that was none with a payload, what
 * it named counts for the next one that has; and a newcomer has seen whatever had been seen by the author of its join.
 *
 * Invariant: with those of its author's updates before, and those of the updates it names, the past of an update is
 * whole. It is the same on every replica, as far as it lies above the base.
 */
import type { Operation, ReplicaId, VersionVector } from './operation.js'
import { raise } from './version-vector.js'

type Past = ReadonlyMap<ReplicaId, number>

export class UpdatePasts {
  /** By author: what it had seen when it made its last operation, and has named in no update. */
  private readonly unnamed = new Map<ReplicaId, VersionVector>()
  /** Of updates that name less than they should; the others' are their dependencies. */
  private readonly pasts = new WeakMap<Operation, Past>()

  of(operation: Operation): Past {
    return this.pasts.get(operation) ?? operation.deps
  }

  /** Operations are noted in an order that respects causality. */
  note(operation: Operation): void {
    const { author, kind, deps } = operation
    const unnamed = this.unnamed.get(author)
    if (kind === 'update') {
      if (unnamed) this.pasts.set(operation, joined(unnamed, deps))
      this.unnamed.delete(author)
      return
    }
    const seen = joined(unnamed ?? [], deps)
    if (kind === 'leave') this.unnamed.delete(operation.who)
    if (kind === 'evict') for (const who of operation.cutOffs.keys()) this.unnamed.delete(who)
    if (kind !== 'leave' || operation.who !== author) this.unnamed.set(author, seen)
    if (kind === 'join') this.unnamed.set(operation.who, joined(seen, [[author, operation.seq]]))
  }

  /** What is in the base everybody has seen, whoever crosses the cut above it. */
  forgetBase(base: Past): void {
    for (const [author, seen] of this.unnamed) {
      for (const [other, seq] of seen) if (seq <= (base.get(other) ?? 0)) seen.delete(other)
      if (seen.size === 0) this.unnamed.delete(author)
    }
  }
}

function joined(...vectors: readonly Iterable<readonly [ReplicaId, number]>[]): VersionVector {
  const all: VersionVector = new Map()
  for (const vector of vectors) for (const [author, seq] of vector) raise(all, author, seq)
  return all
}
