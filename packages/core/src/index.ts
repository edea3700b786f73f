/** The protocol of Tidemark as a deterministic state machine, and what drives it. */
export * from './causality/operation.js'
export type { Signatures } from './identity/signatures.js'
export {
  DEFAULT_CONFIG,
  type ExecutedCut,
  type FormerBase,
  type Input,
  type Milliseconds,
  type News,
  type Notice,
  type Order,
  type Output,
  type ReplicaConfig,
  type RoomMode,
  type SnapshotMove,
} from './machine.js'
export type { MemberRecord } from './membership/roster.js'
export type { OpenEviction } from './replica/flush.js'
export { Replica, type Status } from './replica/replica.js'
export type { ReplicaStats } from './replica/standing.js'
export type { Scheduler } from './session/scheduler.js'
export { Session, type SessionOptions } from './session/session.js'
export type { Blocker, BlockReason } from './snapshot/blockers.js'
export { type NestedMap, NetworkMap } from './snapshot/network-map.js'
export type {
  Cut,
  CutResult,
  CutWork,
  Epochs,
  NamedPayload,
  Naming,
  Origin,
  StatePiece,
  Structure,
} from './structure.js'
export type { Lane, LinkId, Transport, TransportEvents, TransportSession } from './transport.js'
export { MAX_PRESENCE_BYTES } from './wire/limits.js'
