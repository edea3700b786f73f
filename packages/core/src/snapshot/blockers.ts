/**
 * Who holds the snapshot point back, or the next cut, and why (protocol rule SP8): for people, nothing is decided by it.
 */
import type { Clock, ReplicaId } from '../causality/operation.js'
import type { MemberStanding } from './stability.js'

export type BlockReason =
  /** We have no link to it and hear nothing. */
  | 'silent'
  /** It answers nobody: whether it is to be evicted is being asked. */
  | 'suspected'
  /** That it goes is decided, and not carried out yet. */
  | 'being evicted'
  /** It is being let in by us. */
  | 'joining'
  /** It has not said yet that it holds everything. */
  | 'behind'

export interface Blocker {
  readonly replica: ReplicaId
  readonly reason: BlockReason
}

export interface BlockersInput {
  readonly self: ReplicaId
  readonly members: readonly ReplicaId[]
  readonly newcomers: readonly ReplicaId[]
  readonly standing: (member: ReplicaId) => MemberStanding | undefined
  readonly point: Clock
  /** Where nothing but the next cut is waited for: the epoch that everybody has to have told of. */
  readonly epoch: number | undefined
  readonly isSilent: (member: ReplicaId) => boolean
  readonly isSuspected: (member: ReplicaId) => boolean
  readonly isBeingEvicted: (member: ReplicaId) => boolean
}

/**
 * A member blocks by what we know of it (its known clock), or by what it says of others (its floor). In the
 * second case it may itself be waiting for one of the first, so those are named alone if there are any.
 */
export function blockers(input: BlockersInput): Blocker[] {
  const newcomers = input.newcomers.map((replica): Blocker => ({ replica, reason: 'joining' }))
  const others = input.members.filter((member) => member !== input.self)
  const { epoch } = input
  if (epoch !== undefined) {
    const elsewhere = others.filter((member) => input.standing(member)?.epoch !== epoch)
    return elsewhere.map((replica) => ({ replica, reason: reasonOf(replica, input) }))
  }
  const unheard = others.filter((member) => (input.standing(member)?.known ?? 0) <= input.point)
  const behind = others.filter((member) => (input.standing(member)?.floor ?? 0) <= input.point)
  const named = unheard.length > 0 ? unheard : behind
  const members = named.map((replica): Blocker => {
    return { replica, reason: reasonOf(replica, input) }
  })
  return [...newcomers, ...members]
}

function reasonOf(member: ReplicaId, input: BlockersInput): BlockReason {
  if (input.isBeingEvicted(member)) return 'being evicted'
  if (input.isSuspected(member)) return 'suspected'
  return input.isSilent(member) ? 'silent' : 'behind'
}
