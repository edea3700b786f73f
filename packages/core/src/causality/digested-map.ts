/**
 * What a replica holds, by member and number, with a digest that costs nothing to ask for: two are equal exactly if
 * neither lacks anything (overlay rule OV6).
 */
import { hash, mix } from './hash.js'
import type { ReplicaId } from './operation.js'

/** What is counted: the same number of another kind is something else. */
const KINDS = { operations: 1, reports: 2, presences: 3 } as const

export class DigestedMap<V> extends Map<ReplicaId, V> {
  private readonly kind: number
  private readonly numberOf: (value: V) => number
  /** Order does not matter, so that replicas need not sort: a sum of one hash per entry, modulo 2^32. */
  private sum = 0

  constructor(kind: keyof typeof KINDS, numberOf: (value: V) => number) {
    super()
    this.kind = KINDS[kind]
    this.numberOf = numberOf
  }

  get digest(): number {
    return this.sum
  }

  override set(replica: ReplicaId, value: V): this {
    const before = this.get(replica)
    if (before !== undefined) this.sum -= this.hashOf(replica, before)
    this.sum = modulo(this.sum + this.hashOf(replica, value))
    return super.set(replica, value)
  }

  override delete(replica: ReplicaId): boolean {
    const before = this.get(replica)
    if (before !== undefined) this.sum = modulo(this.sum - this.hashOf(replica, before))
    return super.delete(replica)
  }

  override clear(): void {
    this.sum = 0
    super.clear()
  }

  private hashOf(replica: ReplicaId, value: V): number {
    return mix(hash(replica) ^ mix(this.numberOf(value) * 4 + this.kind))
  }
}

function modulo(sum: number): number {
  return ((sum % 2 ** 32) + 2 ** 32) % 2 ** 32
}
