/**
 * Operations, written short. Ids have four letters, because ids on the wire have four at least.
 */
import type { Clock, CutOperation, Operation, ReplicaId, VersionVector } from '../src/index.js'

export type Entries = Readonly<Record<ReplicaId, number>>

export const vector = (entries: Entries): VersionVector => new Map(Object.entries(entries))

export const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

export function update(
  author: ReplicaId,
  seq: number,
  clock: Clock,
  deps: Entries = {},
  payload: Uint8Array = bytes(seq),
): Operation {
  return { kind: 'update', author, seq, clock, deps: vector(deps), epoch: 0, payload }
}

export function join(
  author: ReplicaId,
  seq: number,
  clock: Clock,
  who: ReplicaId,
  floor: Clock,
  deps: Entries = {},
): Operation {
  return { kind: 'join', author, seq, clock, deps: vector(deps), epoch: 0, who, floor, stage: 0 }
}

export function leave(
  author: ReplicaId,
  seq: number,
  clock: Clock,
  who: ReplicaId = author,
  deps: Entries = {},
): Operation {
  return { kind: 'leave', author, seq, clock, deps: vector(deps), epoch: 0, who }
}

export function cut(
  author: ReplicaId,
  seq: number,
  clock: Clock,
  through: Clock,
  deps: Entries = {},
): CutOperation {
  return { kind: 'cut', author, seq, clock, deps: vector(deps), epoch: 0, through }
}
