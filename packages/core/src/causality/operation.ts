/**
 * Operations and their total order (protocol rules OP1 to OP4).
 */

/**
 * A replica's name: 4 to 43 characters of [A-Za-z0-9_-], drawn at random, never used twice. Where members sign what they say,
 * the public key of its signatures.
 */
export type ReplicaId = string

/** Lamport clock value: 1, 2, 3, … */
export type Clock = number

/** How many operations of each author a replica has applied. A missing entry is 0. */
export type VersionVector = Map<ReplicaId, number>

/** What operations of each kind carry besides their head. */
export type Body =
  | { readonly kind: 'update'; readonly payload: Uint8Array }
  | {
      readonly kind: 'join'
      /** The newcomer. */
      readonly who: ReplicaId
      /** The floor that the newcomer was welcomed with. */
      readonly floor: Clock
      /** How many stages of eviction its sponsor had fenced: the newcomer owes no fence up to there (rule EV4). */
      readonly stage: number
      /** Where members sign: the newcomer's own word that this sponsor lets it in, at this floor (rule ID4). */
      readonly consent?: Uint8Array
    }
  | {
      readonly kind: 'leave'
      /** Usually the author itself; otherwise an earlier, abandoned id of the author's (rule JO9). */
      readonly who: ReplicaId
      /** Where members sign, of another one: its own word that it is over (rule ID5). */
      readonly consent?: Uint8Array
    }
  | {
      readonly kind: 'cut'
      /** The new base is the state at all operations with a clock up to this one (rule CU1). */
      readonly through: Clock
    }
  | {
      /** Whoever makes it takes nothing more of those that the stages so far evict: its past is the cut-off (rule EV3). */
      readonly kind: 'fence'
      /** Stages decided and fenced by it: 1, 2, 3, … */
      readonly stage: number
      /** The sets of the stages that are not carried out yet, newest last. */
      readonly decided: readonly (readonly ReplicaId[])[]
    }
  | {
      /** Takes evicted members off the map: of each, everything up to this seq counts, and nothing after it (rule EV5). */
      readonly kind: 'evict'
      /** It carries out all stages up to this one. */
      readonly stage: number
      readonly cutOffs: ReadonlyMap<ReplicaId, number>
    }

export interface OperationHead {
  readonly author: ReplicaId
  /** 1, 2, 3, … per author, without gaps. */
  readonly seq: number
  readonly clock: Clock
  /** What the author had applied, as the entries that changed since its previous operation. */
  readonly deps: ReadonlyMap<ReplicaId, number>
  /** The naming that the payload uses: how many cuts its author had executed. */
  readonly epoch: number
  /** In its author's first operation of an epoch: hash of the base, by which others know the cut (rule CU4). */
  readonly base?: string
  /** Its author's, where members sign; never of an update (rule ID3). */
  readonly signature?: Uint8Array
}

export type Operation = OperationHead & Body
export type JoinOperation = Extract<Operation, { kind: 'join' }>
export type CutOperation = Extract<Operation, { kind: 'cut' }>
export type EvictOperation = Extract<Operation, { kind: 'evict' }>

/** A place in the total order. */
export interface Position {
  readonly clock: Clock
  readonly author: ReplicaId
}

/** Total order by (clock, author). It extends causality, and every replica computes the same one (rule OP4). */
export function compareOperations(a: Position, b: Position): number {
  return a.clock - b.clock || (a.author < b.author ? -1 : a.author > b.author ? 1 : 0)
}

/** Whose membership an operation ends. */
export function endedBy(operation: Operation): ReplicaId[] {
  if (operation.kind === 'leave') return [operation.who]
  return operation.kind === 'evict' ? [...operation.cutOffs.keys()] : []
}

/** What it takes in memory, roughly: the names in it count as well. */
export function bytesOf(operation: Operation): number {
  const names = operation.deps.size + (operation.kind === 'evict' ? operation.cutOffs.size : 0)
  const decided =
    operation.kind === 'fence' ? operation.decided.reduce((sum, set) => sum + 1 + set.length, 0) : 0
  return payloadBytes(operation) + NAME_BYTES * (names + decided)
}

/** A replica id and a number in a map. */
const NAME_BYTES = 64

export function payloadBytes(operation: Operation): number {
  return operation.kind === 'update' ? operation.payload.length : 0
}
