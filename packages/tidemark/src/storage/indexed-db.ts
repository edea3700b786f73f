/**
 * Documents kept in IndexedDB, in browsers.
 *
 * Records stand under [room, partition, number], ascending. Each call is one transaction, so it happens as a whole or
 * not at all; IndexedDB works them off in the order in which they were made.
 *
 * A partition belongs to whoever holds its Web Lock, which the browser takes back when a page is gone, however it
 * went.
 */
import { type DBSchema, type IDBPDatabase, openDB } from 'idb'
import { type DocumentStorage, type RoomStore, StorageUnavailableError, StoreLostError } from './storage.js'
import { Closings } from './turns.js'

interface Schema extends DBSchema {
  records: { key: RecordKey; value: Uint8Array }
}

type RecordKey = [room: string, partition: string, number: number]
type Database = IDBPDatabase<Schema>
type Writing = ReturnType<typeof writing>

export interface IndexedDBOptions {
  /**
   * 'strict': what is acknowledged survives a power failure, too; costs energy. 'relaxed': only the end of the page or the
   * browser. Default 'relaxed'.
   */
  readonly durability?: 'relaxed' | 'strict'
}

const VERSION = 1
const STORE = 'records'
const LOST = 'the database was closed by the browser, or on behalf of another page: what it held may be gone'
/** Records that a transaction is given before it has worked any of them off: each is copied within a task. */
const PUTS_AT_ONCE = 8

/** @param name of the database: one per application. */
export function indexedDBStorage(
  name: string,
  { durability = 'relaxed' }: IndexedDBOptions = {},
): DocumentStorage {
  return new IndexedDBStorage(name, durability)
}

/** Of all databases: a lock that is being let go of in this page is waited for. */
const CLOSINGS = new Closings()

class IndexedDBStorage implements DocumentStorage {
  readonly #name: string
  readonly #durability: 'relaxed' | 'strict'

  constructor(name: string, durability: 'relaxed' | 'strict') {
    this.#name = name
    this.#durability = durability
  }

  async open(room: string): Promise<RoomStore> {
    const left = await this.openLeftBehind(room)
    if (left !== undefined) return left
    const partition = randomName()
    const release = await heldLock(this.#lockOf(room, partition))
    if (release === undefined) throw new Error('Somebody has a partition that was made up just now')
    return this.#store(room, partition, release)
  }

  async openLeftBehind(room: string): Promise<RoomStore | undefined> {
    await CLOSINGS.over(this.#lockOf(room))
    for (const partition of await this.#using((database) => partitionsOf(database, room))) {
      const release = await heldLock(this.#lockOf(room, partition))
      if (release !== undefined) return this.#store(room, partition, release)
    }
    return undefined
  }

  async look(room: string): Promise<Uint8Array[][]> {
    const held = new Set((await locks().query()).held?.map((lock) => lock.name))
    return this.#using(async (database) => {
      const partitions = await partitionsOf(database, room)
      const ofOthers = partitions.filter((partition) => held.has(this.#lockOf(room, partition)))
      return Promise.all(ofOthers.map((partition) => database.getAll(STORE, rangeOf(room, partition))))
    })
  }

  async #store(room: string, partition: string, release: () => void): Promise<RoomStore> {
    try {
      const store = await IndexedDBPartition.open(this.#name, room, partition, this.#durability)
      return {
        load: () => store.load(),
        append: (records) => store.append(records),
        replace: (records) => store.replace(records),
        close: () => {
          const closing = store.close().then(release)
          CLOSINGS.add(this.#lockOf(room), closing)
          return closing
        },
      }
    } catch (error) {
      release()
      throw error
    }
  }

  /** Of a partition, or, with none, the name for all of the room. */
  #lockOf(room: string, partition = ''): string {
    return JSON.stringify(['tidemark', this.#name, room, partition])
  }

  async #using<T>(work: (database: Database) => Promise<T>): Promise<T> {
    const database = await openDatabase(this.#name)
    try {
      return await work(database)
    } finally {
      database.close()
    }
  }
}

class IndexedDBPartition {
  readonly #name: string
  readonly #room: string
  readonly #partition: string
  readonly #durability: 'relaxed' | 'strict'
  /** None while the browser or another page has had it closed, and nothing was written since. */
  #database: Database | undefined
  #reopening: Promise<Database> | undefined
  /** What was stored may be gone. */
  #isLost = false
  /** Of the next record. Numbers go on through replacements. */
  #next = 0
  readonly #pending = new Set<Promise<unknown>>()

  private constructor(name: string, room: string, partition: string, durability: 'relaxed' | 'strict') {
    this.#name = name
    this.#room = room
    this.#partition = partition
    this.#durability = durability
  }

  static async open(name: string, room: string, partition: string, durability: 'relaxed' | 'strict') {
    const made = new IndexedDBPartition(name, room, partition, durability)
    const database = await made.#open()
    try {
      const last = await database.transaction(STORE).store.openKeyCursor(made.#range, 'prev')
      made.#next = last === null ? 0 : last.key[2] + 1
      return made
    } catch (error) {
      database.close()
      throw error
    }
  }

  async #open(): Promise<Database> {
    this.#database = await openDatabase(this.#name, (closed) => this.#lose(closed))
    return this.#database
  }

  #lose(closed: Database): void {
    if (this.#database !== closed) return
    this.#isLost = true
    this.#database = undefined
  }

  #reopen(): Promise<Database> {
    this.#reopening ??= this.#open().finally(() => {
      this.#reopening = undefined
    })
    return this.#reopening
  }

  load(): Promise<Uint8Array[]> {
    if (this.#database === undefined) return Promise.reject(new StoreLostError(LOST))
    return this.#noted(this.#database.getAll(STORE, this.#range))
  }

  append(records: readonly Uint8Array[]): Promise<void> {
    return this.#noted(this.#append(records))
  }

  replace(records: Iterable<Uint8Array>): Promise<void> {
    return this.#noted(this.#replace(records))
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#pending)
    this.#database?.close()
  }

  /** Everything is asked for before this returns: a page may be gone right after. */
  async #append(records: readonly Uint8Array[]): Promise<void> {
    if (this.#isLost || this.#database === undefined) throw new StoreLostError(LOST)
    const { store, done } = this.#writing(this.#database)
    const puts = records.map((record) => store.put(record, this.#key(this.#next++)))
    await settled(done, puts)
  }

  async #replace(records: Iterable<Uint8Array>): Promise<void> {
    // Whatever is appended before this is done comes behind it, however many records there will be.
    const database = this.#database ?? (await this.#reopen())
    const transaction = this.#writing(database)
    const first = this.#next
    const { store, done } = transaction
    const iterator = records[Symbol.iterator]()
    const last: RecordKey[2] = first + MAX_RECORDS
    this.#next = last
    try {
      const before = IDBKeyRange.bound([this.#room, this.#partition], this.#key(first), false, true)
      await this.#putAll(transaction, iterator, first, store.delete(before))
    } catch (error) {
      await aborted(transaction, done)
      throw error
    }
    await done
    if (this.#database === database) this.#isLost = false
  }

  #writing(database: Database): Writing {
    try {
      return writing(database, this.#durability)
    } catch (error) {
      // Then it is closed, and this page has not been told yet.
      if ((error as { name?: unknown }).name === 'InvalidStateError') this.#lose(database)
      throw error
    }
  }

  async #putAll({ store }: Writing, records: Iterator<Uint8Array>, first: number, clearing: Promise<void>) {
    const asked: Promise<unknown>[] = []
    const ask = (request: Promise<unknown>) => {
      asked.push(request)
      request.catch(() => {})
    }
    ask(clearing)
    for (let number = first, next = records.next(); !next.done; next = records.next(), number++) {
      ask(store.put(next.value, this.#key(number)))
      // The transaction lives on for as long as it is given more in answer to what it has done.
      if (asked.length >= PUTS_AT_ONCE) await Promise.all(asked.splice(0))
    }
    await Promise.all(asked)
  }

  #noted<T>(call: Promise<T>): Promise<T> {
    this.#pending.add(call)
    const done = () => this.#pending.delete(call)
    call.then(done, done)
    return call
  }

  #key(number: number): RecordKey {
    return [this.#room, this.#partition, number]
  }

  get #range(): IDBKeyRange {
    return rangeOf(this.#room, this.#partition)
  }
}

/** A replacement's numbers are set aside before it is known how many it needs. */
const MAX_RECORDS = 2 ** 24

/** The requests fail along with their transaction, and that is what is told. */
async function settled(done: Promise<void>, requests: readonly Promise<unknown>[]): Promise<void> {
  for (const request of requests) request.catch(() => {})
  await done
}

async function aborted({ abort }: Writing, done: Promise<void>): Promise<void> {
  abort()
  await done.catch(() => {})
}

function writing(database: Database, durability: 'relaxed' | 'strict') {
  const transaction = database.transaction(STORE, 'readwrite', { durability })
  const { store, done } = transaction
  done.catch(() => {})
  const abort = () => {
    try {
      transaction.abort()
    } catch {
      // It has ended by itself.
    }
  }
  return { store, done, abort }
}

function rangeOf(room: string, partition: string): IDBKeyRange {
  return IDBKeyRange.bound([room, partition], [room, partition, []])
}

/** One step for each, however many records it has. */
async function partitionsOf(database: Database, room: string): Promise<string[]> {
  const partitions: string[] = []
  const { store } = database.transaction(STORE)
  let cursor = await store.openKeyCursor(IDBKeyRange.bound([room], [room, []]))
  while (cursor !== null) {
    const [, partition] = cursor.key
    partitions.push(partition)
    cursor = await cursor.continue([room, partition, Number.POSITIVE_INFINITY] as RecordKey)
  }
  return partitions
}

/** @param onClosed it is of no use any more, and may be gone altogether. */
async function openDatabase(name: string, onClosed = (_closed: Database) => {}): Promise<Database> {
  locks()
  try {
    const database: Database = await openDB<Schema>(name, VERSION, {
      upgrade: (made) => {
        made.createObjectStore(STORE)
      },
      // Another page wants to change or delete the database: it may not have to wait for this one.
      blocking: () => {
        database.close()
        onClosed(database)
      },
      terminated: () => onClosed(database),
    })
    return database
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new StorageUnavailableError(
      `tidemark: indexedDBStorage('${name}'): the database can not be opened (${reason}). Some browsers refuse it in private ` +
        'windows, or when the disk is full',
      { cause: error },
    )
  }
}

function locks(): LockManager {
  const { navigator, indexedDB } = globalThis as Partial<typeof globalThis>
  if (indexedDB !== undefined && navigator?.locks !== undefined) return navigator.locks
  throw new StorageUnavailableError(
    'tidemark: indexedDBStorage needs IndexedDB and the Web Locks API, which browsers have in secure contexts alone: ' +
      'serve the page over https (or from localhost)',
  )
}

/** @returns what lets go of it, or undefined if somebody has it. */
function heldLock(name: string): Promise<(() => void) | undefined> {
  return new Promise((resolve, reject) => {
    const holding = locks().request(name, { ifAvailable: true }, (lock) => {
      if (lock === null) return resolve(undefined)
      return new Promise<void>((release) => resolve(release))
    })
    holding.catch(reject)
  })
}

function randomName(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(9)), (byte) => byte.toString(36)).join('-')
}
