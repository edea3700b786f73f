/**
 * The messages that travel on links. One page: who sends what to whom, and what for.
 *
 * | message        | from → to             | says                                                        |
 * |----------------|-----------------------|-------------------------------------------------------------|
 * | hello          | both ends of a link   | who I am, which room history (lineage) I belong to          |
 * | origins        | member of another     | what my history stems from, and whether it goes on from yours |
 * | heartbeat      | neighbour             | I live; digest of what I have                               |
 * | gossip         | neighbour             | operations, reports, presences (cursors), new or asked for  |
 * | sync           | neighbour             | what I have: send me the rest (anti-entropy)                |
 * | prune, graft   | neighbour             | stop / start again pushing what these authors make          |
 * | relay          | neighbour, on to one  | negotiation bytes of two members that want a link           |
 * | join-request   | newcomer → sponsor    | let me in                                                   |
 * | welcome        | sponsor → newcomer    | where the room stands, with a nonce; the state follows      |
 * | piece          | sponsor → newcomer    | part of the state, or of the operations above it            |
 * | piece-received | newcomer → sponsor    | this many are loaded: send more                             |
 * | installed      | newcomer → sponsor    | I hold all of it                                            |
 * | go             | sponsor → newcomer    | your join is made; what happened since the welcome          |
 * | no             | sponsor → newcomer    | start over                                                  |
 * | bye            | either end            | why the link is about to be closed                          |
 * | probe          | member, on to one     | are you there? and the answer                               |
 * | evicted        | member → whoever was  | whom the room has evicted, and up to where they count       |
 */
import type { Clock, Operation, ReplicaId, VersionVector } from '../causality/operation.js'
import type { BaseState } from '../compaction/base.js'
import type { Report } from '../snapshot/report.js'
import type { Naming } from '../structure.js'

/** A member's ephemeral state. Of two, the one with the larger `n` counts. */
export interface Presence {
  readonly replica: ReplicaId
  readonly n: number
  readonly bytes: Uint8Array
}

/** One member as a sponsor describes it to a newcomer. */
export interface WelcomeMember {
  readonly replica: ReplicaId
  readonly joined: Clock
  readonly sponsor: ReplicaId | undefined
  readonly known: Clock
  readonly floor: Clock
  /** Number of its last report in effect. */
  readonly n: number
  /** The epoch it has told of, and its clock when it first did. */
  readonly epoch: number
  readonly since: Clock
  /** How many stages of eviction it has fenced, or owes no fence for. */
  readonly stage: number
}

export interface Hello {
  readonly type: 'hello'
  readonly replica: ReplicaId
  /** Empty: not in the room yet. */
  readonly lineage: string
  /** Whether the sender's structure is renumbered by cuts. All members of a room do it alike. */
  readonly renumbers: boolean
  /** Whether the sender signs what it says of itself. All members of a room do it alike (rule ID1). */
  readonly signs: boolean
  readonly digest: number
}

export interface Origins {
  readonly type: 'origins'
  readonly namings: readonly Naming[]
  /** Whether tables lead from the other end's naming to ours. Undefined while we do not know the other's. */
  readonly isAhead: boolean | undefined
}

export interface Heartbeat {
  readonly type: 'heartbeat'
  readonly digest: number
}

export interface Gossip {
  readonly type: 'gossip'
  readonly operations: readonly Operation[]
  readonly reports: readonly Report[]
  readonly presences: readonly Presence[]
  /** The last message of an answer to `sync`: with it the receiver has all that the sender had. */
  readonly answer: boolean
}

export interface Sync {
  readonly type: 'sync'
  readonly applied: ReadonlyMap<ReplicaId, number>
  /** Number of the newest report held, per member. */
  readonly reports: ReadonlyMap<ReplicaId, number>
  readonly presences: ReadonlyMap<ReplicaId, number>
  readonly point: Clock
}

export interface Prune {
  readonly type: 'prune'
  readonly authors: readonly ReplicaId[]
}

export interface Graft {
  readonly type: 'graft'
  /** Empty: everybody. */
  readonly authors: readonly ReplicaId[]
}

export interface Relay {
  readonly type: 'relay'
  readonly from: ReplicaId
  readonly to: ReplicaId
  readonly hops: number
  readonly bytes: Uint8Array
}

export interface Probe {
  readonly type: 'probe'
  readonly from: ReplicaId
  readonly to: ReplicaId
  readonly hops: number
  readonly isAnswer: boolean
}

export interface Evicted {
  readonly type: 'evicted'
  /** Of those that are being evicted the seq is not known yet: 2^32 - 1 then. */
  readonly cutOffs: ReadonlyMap<ReplicaId, number>
}

export interface JoinRequest {
  readonly type: 'join-request'
  /** How what the newcomer brings along is named, newest first; empty if it brings nothing. */
  readonly namings: readonly Naming[]
  /** Earlier ones that it can lead back to, newest first (rule LI5). */
  readonly origins: readonly Naming[]
  /** Hash of the base that goes with the newest naming, if it knows one (rule CU4). */
  readonly base: string
  /** It wants in even if nothing leads from what it brings to what the sponsor holds (rule CU11). */
  readonly insists: boolean
}

export interface Welcome {
  readonly type: 'welcome'
  readonly nonce: number
  readonly lineage: string
  readonly clock: Clock
  readonly epoch: number
  readonly point: Clock
  readonly floor: Clock
  readonly applied: VersionVector
  readonly namings: readonly Naming[]
  readonly base: BaseState
  readonly members: readonly WelcomeMember[]
  /** Who was a member at the snapshot point, and since when (rule EV1). */
  readonly electorate: ReadonlyMap<ReplicaId, Clock>
  /** How ids that are used begin, where members sign (rule JO1), oldest first. */
  readonly former: readonly string[]
  /** How many stages of eviction are decided, and the sets of those not carried out yet. */
  readonly stage: number
  readonly decided: readonly (readonly ReplicaId[])[]
  /** Who was evicted, and up to where they count. */
  readonly cutOffs: ReadonlyMap<ReplicaId, number>
  /** Hash of everything up to the snapshot point, where members sign (rule ID9). */
  readonly history?: Uint8Array
}

export interface Piece {
  readonly type: 'piece'
  readonly nonce: number
  readonly index: number
  readonly last: boolean
  /** Share of the state so far, in thousandths. */
  readonly permille: number
  /** Empty in pieces that hold operations. */
  readonly bytes: Uint8Array
  /** Operations above the base, in total order. They follow the last bytes. */
  readonly operations: readonly Operation[]
}

export interface PieceReceived {
  readonly type: 'piece-received'
  readonly nonce: number
  readonly count: number
}

export interface Installed {
  readonly type: 'installed'
  readonly nonce: number
  /** The newcomer's word that this sponsor lets it in, where members sign (rule ID4). */
  readonly consent?: Uint8Array
}

export interface Go {
  readonly type: 'go'
  readonly nonce: number
  readonly operations: readonly Operation[]
}

export interface No {
  readonly type: 'no'
  readonly nonce: number
  readonly reason: string
  /** A newcomer's word that its id is over, where members sign (rule ID5). */
  readonly consent?: Uint8Array
}

export interface Bye {
  readonly type: 'bye'
  readonly reason: string
}

export type Message =
  | Hello
  | Origins
  | Heartbeat
  | Gossip
  | Sync
  | Prune
  | Graft
  | Relay
  | JoinRequest
  | Welcome
  | Piece
  | PieceReceived
  | Installed
  | Go
  | No
  | Bye
  | Probe
  | Evicted
