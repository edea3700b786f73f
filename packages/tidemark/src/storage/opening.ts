/**
 * Everything that a place holds of a room and nobody has open, taken and read.
 */
import { mostAdvanced } from '@tidemark/yjs'
import { type Kept, readKept } from './records.js'
import { type DocumentStorage, type RoomStore, StorageUnavailableError } from './storage.js'

export interface Partition {
  readonly store: RoomStore
  readonly kept: Kept
}

export interface Opened {
  /** To be written to from now on. Of those that were left behind it is the one that the others can be led to. */
  readonly store: RoomStore
  readonly records: readonly Uint8Array[]
  readonly kept: Kept | undefined
  /** Further ones: to be taken in, and then to be emptied. */
  readonly leftBehind: readonly Partition[]
  /** What others have, who are still at it: where there is nothing else, it is a beginning. */
  readonly ofOthers: readonly Kept[]
  /** Partitions that can not be read, and stay as they are. */
  readonly unreadable: readonly { readonly store: RoomStore; readonly fault: string }[]
}

/** @throws if the place can not be used. Then nothing is left open. */
export async function openRoom(storage: DocumentStorage, room: string): Promise<Opened> {
  const stores: RoomStore[] = []
  const read: (Partition & { readonly records: readonly Uint8Array[] })[] = []
  const unreadable: { store: RoomStore; fault: string }[] = []
  try {
    let empty: RoomStore | undefined
    for (let store: RoomStore | undefined = await storage.open(room); store !== undefined; ) {
      stores.push(store)
      const records = await store.load()
      const kept = readKept(records)
      if (typeof kept === 'string') unreadable.push({ store, fault: faultOf(kept) })
      else if (kept === undefined) empty ??= store
      else read.push({ store, kept, records })
      store = await storage.openLeftBehind(room)
    }
    const [own] = read.splice(mostAdvanced(read.map(({ kept }) => kept.document)), 1)
    if (own !== undefined) {
      await empty?.close()
      return { ...own, leftBehind: read, ofOthers: [], unreadable }
    }
    const [fault] = unreadable
    if (fault !== undefined) throw new StorageUnavailableError(fault.fault)
    if (empty === undefined) throw new Error('A partition of its own can always be had')
    const lists = await storage.look(room)
    const ofOthers = lists.map(readKept).filter((kept) => typeof kept === 'object')
    return { store: empty, records: [], kept: undefined, leftBehind: [], ofOthers, unreadable }
  } catch (error) {
    await Promise.allSettled(stores.map((store) => store.close()))
    throw error
  }
}

function faultOf(reason: string): string {
  return (
    `what is stored of this document can not be read: ${reason}. It stays as it is: use the version and settings that it was ` +
    'stored with, or forget it with clearStorage()'
  )
}
