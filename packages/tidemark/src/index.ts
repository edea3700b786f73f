/** Collaborate browser to browser on a Y.Doc, and keep no more history than somebody still needs. */
export type {
  Blocker,
  BlockReason,
  NestedMap,
  NetworkMap,
  ReplicaId,
  Scheduler,
  SnapshotMove,
  Transport,
} from '@tidemark/core'
export type { CompactionMode, TidemarkOptions } from './options.js'
export {
  type ConnectionStatus,
  type LoggedOperation,
  type TidemarkEvents,
  TidemarkProvider,
  type TidemarkStats,
} from './provider.js'
export { SignalingError } from './signaling-error.js'
