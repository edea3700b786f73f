/**
 * Everything that a place holds of a room and nobody has open, taken and read.
 */
import { type Kept, readKept } from './records.js'
import { type DocumentStorage, type RoomStore, StorageUnavailableError } from './storage.js'

export interface Opened {
  /** To write to from now on. */
  readonly store: RoomStore
  readonly records: readonly Uint8Array[]
  readonly kept: Kept | undefined
  /** Further partitions: to be taken in, and then to be emptied. */
  readonly leftBehind: readonly { readonly store: RoomStore; readonly kept: Kept }[]
  /** What others have, who are still at it: where there is nothing else, it is a beginning. */
  readonly ofOthers: readonly Kept[]
  /** Partitions that can not be read, and stay as they are. */
  readonly unreadable: readonly { readonly store: RoomStore; readonly fault: string }[]
}

/** @throws if the place can not be used. Then nothing is left open. */
export async function openRoom(storage: DocumentStorage, room: string): Promise<Opened> {
  const stores: RoomStore[] = []
  try {
    const unreadable: { store: RoomStore; fault: string }[] = []
    const store = await storage.open(room)
    stores.push(store)
    const records = await store.load()
    const kept = readKept(records)
    if (typeof kept === 'string') throw new StorageUnavailableError(faultOf(kept))
    const leftBehind: { store: RoomStore; kept: Kept }[] = []
    for (;;) {
      const other = await storage.openLeftBehind(room)
      if (other === undefined) break
      stores.push(other)
      const found = readKept(await other.load())
      // It stays open, or it would be found again and again.
      if (typeof found === 'string') unreadable.push({ store: other, fault: faultOf(found) })
      else if (found !== undefined) leftBehind.push({ store: other, kept: found })
    }
    const isNew = kept === undefined && leftBehind.length === 0
    const lists = isNew ? await storage.look(room) : []
    const ofOthers = lists.map(readKept).filter((found) => typeof found === 'object')
    return { store, records, kept, leftBehind, ofOthers, unreadable }
  } catch (error) {
    await Promise.allSettled(stores.map((store) => store.close()))
    throw error
  }
}

function faultOf(reason: string): string {
  return (
    `what is stored of this document can not be read: ${reason}. It stays as it is, and nothing is stored for now: use the ` +
    'version and settings that it was stored with, or forget it with clearStorage()'
  )
}
