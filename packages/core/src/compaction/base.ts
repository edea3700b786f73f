/**
 * What all replicas of one lineage and epoch have in common: the state at the last cut, here without its content
 * (protocol rule CU5).
 */
import * as buffer from 'lib0/buffer'
import * as encoding from 'lib0/encoding'
import { digest } from 'lib0/hash/sha256'
import type { Clock, Operation, ReplicaId, VersionVector } from '../causality/operation.js'
import { raise } from '../causality/version-vector.js'

/** Of the hash that names a base. */
export const BASE_HASH_BYTES = 8

export interface BaseState {
  /** It holds all operations with a clock up to this one. */
  readonly through: Clock
  /** Names the base in reports, hexadecimal; empty in epoch 0, whose base is whatever the founder had. */
  readonly hash: string
  /** What it holds per author; authors that had left by then are forgotten. */
  readonly applied: VersionVector
  readonly members: readonly ReplicaId[]
}

export const NO_BASE: BaseState = { through: 0, hash: '', applied: new Map(), members: [] }

/** The base after a cut through `through`. @param below everything between the two, in total order. */
export function advance(base: BaseState, through: Clock, below: readonly Operation[]): BaseState {
  const applied = new Map(base.applied)
  const members = new Set(base.members)
  for (const operation of below) {
    raise(applied, operation.author, operation.seq)
    if (operation.kind === 'join') members.add(operation.who)
    else if (operation.kind === 'leave') {
      members.delete(operation.who)
      applied.delete(operation.who)
    } else if (operation.kind === 'evict') {
      for (const who of operation.cutOffs.keys()) {
        members.delete(who)
        applied.delete(who)
      }
    }
  }
  return { through, hash: '', applied, members: [...members] }
}

/**
 * @param cut that led to it: of two that are concurrent and would lead to the same content only one was executed, and who
 * has executed the other one has another history.
 * @param fingerprint of the content, the same on every replica.
 */
export function baseHash(
  lineage: string,
  epoch: number,
  cut: Pick<Operation, 'author' | 'seq'>,
  base: BaseState,
  fingerprint: Uint8Array,
): string {
  const out = encoding.createEncoder()
  encoding.writeVarString(out, lineage)
  encoding.writeVarUint(out, epoch)
  encoding.writeVarString(out, cut.author)
  encoding.writeVarUint(out, cut.seq)
  encoding.writeVarUint(out, base.through)
  for (const member of [...base.members].sort()) encoding.writeVarString(out, member)
  for (const [author, seq] of [...base.applied].sort(([a], [b]) => (a < b ? -1 : 1))) {
    encoding.writeVarString(out, author)
    encoding.writeVarUint(out, seq)
  }
  encoding.writeVarUint8Array(out, fingerprint)
  return buffer.toHexString(digest(encoding.toUint8Array(out)).subarray(0, BASE_HASH_BYTES))
}
