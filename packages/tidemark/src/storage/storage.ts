/**
 * Where a document is kept between two visits: what a provider asks of a place that bytes can be written to.
 *
 * A document's records are a list of byte strings that means nothing to the place. It is added to, and now and then
 * replaced as a whole. Everybody who has a document open keeps a list of its own, a *partition*: two tabs of one origin
 * write beside each other without knowing of each other.
 *
 * Invariants, which `STORAGE_CONTRACT` of `tidemark/testing` holds every implementation to:
 * - A call takes effect as a whole or not at all, also if the process is killed in the middle of it.
 * - Calls take effect in the order in which they are made; nobody has to wait for one before the next.
 * - What a promise has resolved for survives the process.
 * - At most one opener has a partition at any time. One whose opener is gone, politely or not, is free.
 */

/** A place to keep documents: `memoryStorage`, `indexedDBStorage`, or `fileStorage` of `tidemark/node`. */
export interface DocumentStorage {
  /**
   * Takes a partition of the room that nobody has: one that was left behind, or an empty one.
   * Waits for stores of this room that are being closed in this process.
   */
  open(room: string): Promise<RoomStore>
  /** Takes a further one that was left behind and holds anything, to be emptied into one's own. */
  openLeftBehind(room: string): Promise<RoomStore | undefined>
  /** What those partitions of the room hold that somebody else has open: one list of records each, to look at. */
  look(room: string): Promise<Uint8Array[][]>
}

/** A partition, while it is open. */
export interface RoomStore {
  /** All records, in order. */
  load(): Promise<Uint8Array[]>
  /**
   * Adds records behind those that are there: all of them or none.
   * @throws StoreLostError where those may be gone, until they have been replaced.
   */
  append(records: readonly Uint8Array[]): Promise<void>
  /**
   * Puts these in the place of all records there are. They are read one by one, in tasks of their own where there are
   * many; what the iterator throws rejects the call, and leaves everything as it was.
   */
  replace(records: Iterable<Uint8Array>): Promise<void>
  /** Lets go of the partition once all that was called before is done. Nothing may be called after it. */
  close(): Promise<void>
}

/** The place can not be used as it is; the message says what to do. */
export class StorageUnavailableError extends Error {
  override readonly name = 'StorageUnavailableError'
}

/** What was stored may be gone, deleted by the user or another page, say: nothing can be added to it, all is to be written anew. */
export class StoreLostError extends Error {
  override readonly name = 'StoreLostError'
}
