/**
 * Documents kept in a folder, in Node: a LevelDB for all rooms of it.
 *
 * Under `p/<room>/<partition>` stands the generation that counts; under `r/<room>/<partition>/<generation>/<n>` its
 * records. A replacement writes the next generation beside the one that counts, and turns the entry over in its last
 * batch.
 *
 * Invariants: every batch is atomic and on the disk (fsync) before its promise resolves. LevelDB lets one process
 * at a time have the folder, so a partition that nobody in this process has open is free.
 */
import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type BatchOperation, ClassicLevel } from 'classic-level'
import type { DocumentStorage, RoomStore } from '../storage/storage.js'
import { StorageUnavailableError } from '../storage/storage.js'
import { Closings, Turns } from '../storage/turns.js'

type Database = ClassicLevel<string, Uint8Array>
type Write = BatchOperation<Database, string, Uint8Array>

interface Range {
  readonly gte: string
  readonly lt: string
}

/** What one batch of a replacement takes: LevelDB holds a batch in memory. */
const BATCH_BYTES = 2 ** 20
/** Behind every key that begins with what stands before it. */
const END = '\uffff'
const NUMBER_DIGITS = 12

/** @param dir is made where it does not exist. One process at a time may use it. */
export function fileStorage(dir: string): DocumentStorage {
  const path = resolve(dir)
  const folder = FOLDERS.get(path) ?? new Folder(path)
  FOLDERS.set(path, folder)
  return folder
}

/** LevelDB can be opened once in a process: whoever names the same folder shares it. */
const FOLDERS = new Map<string, Folder>()

class Folder implements DocumentStorage {
  readonly #path: string
  readonly #closings = new Closings()
  /** Keys of partitions. */
  readonly #taken = new Set<string>()
  /** Opened by whoever needs it, closed after the last store. */
  #database: Promise<Database> | undefined
  #users = 0
  readonly #writes = new Turns()
  readonly #broken = new WeakSet<Database>()

  constructor(path: string) {
    this.#path = path
  }

  async open(room: string): Promise<RoomStore> {
    const store = await this.#take(room, () => `${prefixOf(room)}${newPartition()}`)
    if (store === undefined) throw new Error('A partition of its own can always be had')
    return store
  }

  openLeftBehind(room: string): Promise<RoomStore | undefined> {
    return this.#take(room, () => undefined)
  }

  async look(room: string): Promise<Uint8Array[][]> {
    return this.#using(async (database) => {
      const lists: Uint8Array[][] = []
      for (const { key, generation } of await partitionsOf(database, room)) {
        if (!this.#taken.has(key)) continue
        lists.push(await recordsIn(database, key, generation))
      }
      return lists.filter(({ length }) => length > 0)
    })
  }

  async #take(room: string, makeKey: () => string | undefined): Promise<RoomStore | undefined> {
    await this.#closings.over(room)
    const database = await this.#enter()
    let store: RoomStore | undefined
    try {
      const partitions = await partitionsOf(database, room)
      const key = partitions.find((partition) => !this.#taken.has(partition.key))?.key ?? makeKey()
      // Without a pause since the look at what is taken.
      if (key !== undefined) store = this.#store(room, key)
      return store
    } finally {
      if (store === undefined) await this.#leave()
    }
  }

  #store(room: string, key: string): RoomStore {
    this.#taken.add(key)
    const partition = new FilePartition(this, key)
    const close = async () => {
      await partition.over()
      this.#taken.delete(key)
      await this.#leave()
    }
    return {
      load: () => partition.load(),
      append: (records) => partition.append(records),
      replace: (records) => partition.replace(records),
      close: () => {
        const closing = close()
        this.#closings.add(room, closing)
        return closing
      },
    }
  }

  async #using<T>(work: (database: Database) => Promise<T>): Promise<T> {
    const database = await this.#enter()
    try {
      return await work(database)
    } finally {
      await this.#leave()
    }
  }

  async #enter(): Promise<Database> {
    this.#users++
    try {
      return await this.database()
    } catch (error) {
      this.#users--
      throw error
    }
  }

  async #leave(): Promise<void> {
    if (--this.#users === 0) await this.#close()
  }

  /** For whoever has entered. */
  async database(): Promise<Database> {
    this.#database ??= openDatabase(this.#path)
    const opening = this.#database
    try {
      return await opening
    } catch (error) {
      if (this.#database === opening) this.#database = undefined
      throw error
    }
  }

  /**
   * One write at a time, and none in a database where one has failed: LevelDB refuses it, or writes it behind what is torn,
   * where nobody finds it again. Whoever writes next has it opened anew.
   */
  write(database: Database, work: () => Promise<void>): Promise<void> {
    return this.#writes.take(async () => {
      if (this.#broken.has(database)) throw new Error('a write into this folder has just failed')
      try {
        await work()
      } catch (error) {
        this.#broken.add(database)
        await this.#giveUp(database).catch(() => {})
        throw error
      }
    })
  }

  async #giveUp(database: Database): Promise<void> {
    const opening = this.#database
    const isIt = (await opening?.catch(() => {})) === database
    if (isIt && this.#database === opening) await this.#close()
  }

  /** Whoever comes meanwhile opens it again behind this. */
  async #close(): Promise<void> {
    const database = this.#database
    this.#database = undefined
    if (database === undefined) return CLOSING.get(this.#path)
    const closed = database.then((opened) => opened.close())
    CLOSING.set(
      this.#path,
      closed.catch(() => {}),
    )
    await closed
  }
}

const CLOSING = new Map<string, Promise<void>>()

async function openDatabase(path: string): Promise<Database> {
  await CLOSING.get(path)
  try {
    await mkdir(path, { recursive: true })
    const database: Database = new ClassicLevel(path, { keyEncoding: 'utf8', valueEncoding: 'view' })
    await database.open()
    return database
  } catch (error) {
    throw unavailable(path, error)
  }
}

function unavailable(path: string, error: unknown): Error {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const isLocked = (cause as { code?: unknown }).code === 'LEVEL_LOCKED'
  const reason = isLocked
    ? 'another process has it open. End that process, or give this one a folder of its own'
    : `it can not be opened: ${cause instanceof Error ? cause.message : String(cause)}. Check that it is a folder that this process may write to`
  return new StorageUnavailableError(`tidemark: fileStorage('${path}'): ${reason}`, { cause: error })
}

class FilePartition {
  readonly #folder: Folder
  readonly #key: string
  readonly #turns = new Turns()
  /** In which it is known what counts. */
  #database: Database | undefined
  #generation = 0
  #count = 0

  constructor(folder: Folder, key: string) {
    this.#folder = folder
    this.#key = key
  }

  /** Not before it is known what counts: whatever is written in ignorance of that may hide it. */
  #take<T>(work: (database: Database) => Promise<T>): Promise<T> {
    return this.#turns.take(async () => {
      const database = await this.#folder.database()
      // In one that was opened anew there may be what had seemed to fail.
      if (database !== this.#database) await this.#findOut(database)
      this.#database = database
      return work(database)
    })
  }

  async #findOut(database: Database): Promise<void> {
    const entry = await database.get(this.#key)
    this.#generation = entry === undefined ? 0 : generationIn(entry)
    const { gte, lt } = rangeOf(this.#key, this.#generation)
    const [last] = await database.keys({ gte, lt, reverse: true, limit: 1 }).all()
    this.#count = last === undefined ? 0 : Number(last.slice(-NUMBER_DIGITS)) + 1
  }

  /** Takes out what is replaced, and what a crash had left of a replacement before: until then it is not in the way. */
  async #tidy(database: Database): Promise<void> {
    const { gte, lt } = rangeOf(this.#key, this.#generation)
    await this.#clear(database, { gte: rangeOf(this.#key).gte, lt: gte })
    await this.#clear(database, { gte: lt, lt: rangeOf(this.#key).lt })
  }

  load(): Promise<Uint8Array[]> {
    return this.#take((database) => recordsIn(database, this.#key, this.#generation))
  }

  append(records: readonly Uint8Array[]): Promise<void> {
    const values = records.map((record) => record.slice())
    return this.#take(async (database) => {
      const puts = values.map((value, i): Write => this.#put(this.#generation, this.#count + i, value))
      await this.#batch(database, [this.#entry(this.#generation), ...puts])
      this.#count += records.length
    })
  }

  replace(records: Iterable<Uint8Array>): Promise<void> {
    return this.#take(async (database) => {
      const next = this.#generation + 1
      // What an attempt before may have left.
      await this.#clear(database, rangeOf(this.#key, next))
      const count = await this.#write(database, next, records)
      this.#generation = next
      this.#count = count
      await this.#tidy(database)
    })
  }

  /** Resolves once all that was called is done. */
  over(): Promise<void> {
    return this.#turns.over()
  }

  /** @returns how many records there are. Only with the last of them the generation counts. */
  async #write(database: Database, generation: number, records: Iterable<Uint8Array>): Promise<number> {
    let count = 0
    let batch: Write[] = []
    let bytes = 0
    for (const value of records) {
      batch.push(this.#put(generation, count++, value))
      bytes += value.length
      if (bytes < BATCH_BYTES) continue
      await this.#batch(database, batch)
      batch = []
      bytes = 0
    }
    // A generation without records is as good as none.
    const entry: Write = count > 0 ? this.#entry(generation) : { type: 'del', key: this.#key }
    await this.#batch(database, [...batch, entry])
    return count
  }

  #batch(database: Database, writes: Write[]): Promise<void> {
    return this.#folder.write(database, () => database.batch(writes, { sync: true }))
  }

  #clear(database: Database, range: Range): Promise<void> {
    return this.#folder.write(database, () => database.clear(range))
  }

  #put(generation: number, number: number, value: Uint8Array): Write {
    return { type: 'put', key: recordKey(this.#key, generation, number), value }
  }

  #entry(generation: number): Write {
    return { type: 'put', key: this.#key, value: new TextEncoder().encode(String(generation)) }
  }
}

function newPartition(): string {
  return randomBytes(9).toString('base64url')
}

/** Any string as one part of a key. */
function prefixOf(room: string): string {
  return `p/${encodeURIComponent(JSON.stringify(room))}/`
}

async function partitionsOf(database: Database, room: string) {
  const prefix = prefixOf(room)
  const entries = await database.iterator({ gte: prefix, lt: prefix + END }).all()
  return entries.map(([key, value]) => ({ key, generation: generationIn(value) }))
}

async function recordsIn(database: Database, key: string, generation: number): Promise<Uint8Array[]> {
  const values = await database.values(rangeOf(key, generation)).all()
  // Not a Buffer, whose `slice` does not copy.
  return values.map(({ buffer, byteOffset, length }) => new Uint8Array(buffer, byteOffset, length))
}

function generationIn(entry: Uint8Array): number {
  return Number(new TextDecoder().decode(entry))
}

function rangeOf(partitionKey: string, generation?: number): Range {
  const prefix = `r${partitionKey.slice(1)}/${generation === undefined ? '' : `${digits(generation)}/`}`
  return { gte: prefix, lt: prefix + END }
}

function recordKey(partitionKey: string, generation: number, number: number): string {
  return `${rangeOf(partitionKey, generation).gte}${digits(number)}`
}

function digits(number: number): string {
  return String(number).padStart(NUMBER_DIGITS, '0')
}
