/** Collaborate browser to browser on a Y.Doc, and keep no more history than somebody still needs. */
export type {
  Blocker,
  BlockReason,
  NestedMap,
  NetworkMap,
  ReplicaId,
  Scheduler,
  Signatures,
  SnapshotMove,
  Transport,
} from '@tidemark/core'
export type {
  Compaction,
  ConnectionStatus,
  LoggedOperation,
  Renumbering,
  TidemarkEvents,
  TidemarkStats,
  TidemarkStatus,
} from './events.js'
export type { CompactionMode, TidemarkOptions } from './options.js'
export { PasswordError } from './password-error.js'
export { TidemarkProvider } from './provider.js'
export { SignalingError } from './signaling-error.js'
export { type IndexedDBOptions, indexedDBStorage } from './storage/indexed-db.js'
export { MemoryStorage, memoryStorage } from './storage/memory.js'
export {
  type DocumentStorage,
  type RoomStore,
  StorageUnavailableError,
  StoreLostError,
} from './storage/storage.js'
