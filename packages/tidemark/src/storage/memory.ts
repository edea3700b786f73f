/**
 * Documents kept in the memory of this process: for tests, and where nothing better is at hand.
 *
 * Works like a real place: nothing is written before the call has returned, and what is read is a copy.
 */
import type { DocumentStorage, RoomStore } from './storage.js'
import { Closings, Turns } from './turns.js'

interface Partition {
  records: Uint8Array[]
  isOpen: boolean
}

export class MemoryStorage implements DocumentStorage {
  readonly #rooms = new Map<string, Partition[]>()
  readonly #closings = new Closings()

  async open(room: string): Promise<RoomStore> {
    await this.#closings.over(room)
    const partitions = this.#partitions(room)
    let partition = partitions.find(({ isOpen }) => !isOpen)
    if (partition === undefined) {
      partition = { records: [], isOpen: false }
      partitions.push(partition)
    }
    return this.#store(room, partition)
  }

  async openLeftBehind(room: string): Promise<RoomStore | undefined> {
    await this.#closings.over(room)
    const partition = this.#partitions(room).find(({ isOpen, records }) => !isOpen && records.length > 0)
    return partition && this.#store(room, partition)
  }

  async look(room: string): Promise<Uint8Array[][]> {
    return this.#partitions(room)
      .filter(({ isOpen, records }) => isOpen && records.length > 0)
      .map(({ records }) => copied(records))
  }

  /** What another process would find here if this one died at this moment: everything written, opened by nobody. */
  asAfterCrash(): MemoryStorage {
    const left = new MemoryStorage()
    for (const [room, partitions] of this.#rooms) {
      const copies = partitions.map(({ records }) => ({ records: copied(records), isOpen: false }))
      left.#rooms.set(
        room,
        copies.filter(({ records }) => records.length > 0),
      )
    }
    return left
  }

  #partitions(room: string): Partition[] {
    const partitions = this.#rooms.get(room) ?? []
    this.#rooms.set(room, partitions)
    return partitions
  }

  #store(room: string, partition: Partition): RoomStore {
    partition.isOpen = true
    const turns = new Turns()
    return {
      load: () => turns.take(async () => copied(partition.records)),
      append: (records) => {
        const added = copied(records)
        return turns.take(async () => {
          partition.records.push(...added)
        })
      },
      replace: (records) =>
        turns.take(async () => {
          partition.records = copied(records)
        }),
      close: () => {
        const closing = turns.over().then(() => {
          partition.isOpen = false
        })
        this.#closings.add(room, closing)
        return closing
      },
    }
  }
}

export function memoryStorage(): MemoryStorage {
  return new MemoryStorage()
}

function copied(records: Iterable<Uint8Array>): Uint8Array[] {
  return Array.from(records, (record) => record.slice())
}
