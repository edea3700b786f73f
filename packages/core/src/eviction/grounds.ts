/**
 * What an eviction rests on, read from its own past (protocol rules EV5, ID8): the fences of all members, and how far those had
 * taken in whom it evicts. The same wherever it is applied, whatever came at the same moment.
 */
import type {
  Body,
  Clock,
  EvictOperation,
  JoinOperation,
  Operation,
  ReplicaId,
  VersionVector,
} from '../causality/operation.js'
import { raise } from '../causality/version-vector.js'

export interface Known {
  /** Applied operations above the snapshot point, in total order. Fences of what is not carried out are among them. */
  readonly held: readonly Operation[]
  /** Applied, of a replica; undefined if it is forgotten, or was never let in. */
  appliedOf(replica: ReplicaId): number | undefined
  /** Members now, and at which clock each was let in. */
  readonly members: ReadonlyMap<ReplicaId, Clock>
  /** How many stages a member has fenced at or below the snapshot point. */
  stageBelow(member: ReplicaId): number
  /** Whom the stages up to that of the eviction evict, as far as they are open. */
  readonly decided: ReadonlySet<ReplicaId>
}

/** @returns whether it evicts just those whom the fences in its past do, and cuts them off where those do. */
export function isGrounded(evict: EvictOperation, known: Known): boolean {
  const { cutOffs, stage } = evict
  const { past, inside, outside } = split(evict, known.held)
  // Somebody may let in once more who is there: that says nothing of it.
  const letsIn = ({ who, clock }: JoinOperation) => (known.members.get(who) ?? clock) === clock
  const joinedAfterwards = new Set(
    inOf(outside, 'join')
      .filter(letsIn)
      .map(({ who }) => who),
  )
  const leftAfterwards = inOf(outside, 'leave').map(({ who }) => who)
  const leftBefore = new Set(inOf(inside, 'leave').map(({ who }) => who))
  const concerned = [...known.members.keys(), ...leftAfterwards].filter(
    (member) => !joinedAfterwards.has(member),
  )

  // Or was let in by somebody who had (rule EV4).
  const fences = inOf(inside, 'fence').filter((fence) => fence.stage >= stage)
  const joins = inOf(inside, 'join').filter((join) => join.stage >= stage && letsIn(join))
  const fenced = new Set([...fences.map(({ author }) => author), ...joins.map(({ who }) => who)])
  const hasFenced = (member: ReplicaId) => fenced.has(member) || known.stageBelow(member) >= stage
  if (concerned.some((member) => !known.decided.has(member) && !hasFenced(member))) return false

  const isMissing = (member: ReplicaId) => known.decided.has(member) && !cutOffs.has(member)
  if ([...known.members.keys()].some((member) => !joinedAfterwards.has(member) && isMissing(member)))
    return false

  return [...cutOffs].every(([who, seq]) => {
    const applied = known.appliedOf(who)
    if (applied === undefined) return true
    if (leftBefore.has(who) || !known.decided.has(who)) return isEvictedIn(inside, who)
    const first = known.held.find(({ author }) => author === who)
    return seq === Math.max(past.get(who) ?? 0, first === undefined ? applied : first.seq - 1)
  })
}

interface Split {
  readonly past: VersionVector
  readonly inside: readonly Operation[]
  readonly outside: readonly Operation[]
}

/** What lies in the past of an operation, and what came besides. */
function split({ author, seq, deps }: Operation, held: readonly Operation[]): Split {
  const past: VersionVector = new Map(deps)
  raise(past, author, seq - 1)
  const inside: Operation[] = []
  const outside: Operation[] = []
  // The total order extends causality: whatever names an operation stands behind it.
  for (let i = held.length - 1; i >= 0; i--) {
    const operation = held[i] as Operation
    const isInside = (past.get(operation.author) ?? 0) >= operation.seq
    ;(isInside ? inside : outside).push(operation)
    if (isInside) for (const [other, needed] of operation.deps) raise(past, other, needed)
  }
  return { past, inside, outside }
}

function isEvictedIn(operations: readonly Operation[], who: ReplicaId): boolean {
  return inOf(operations, 'evict').some(({ cutOffs }) => cutOffs.has(who))
}

function inOf<Kind extends Body['kind']>(operations: readonly Operation[], kind: Kind) {
  return operations.filter(
    (operation): operation is Extract<Operation, { kind: Kind }> => operation.kind === kind,
  )
}
