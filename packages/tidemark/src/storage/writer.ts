/**
 * Writes what is not stored yet, one write at a time; what comes up meanwhile goes with the next one.
 *
 * What can not be written stays in memory and is tried again, later and later. Nobody ever waits for a write but
 * those who ask to.
 *
 * Invariant: records are in the store in the order in which they were taken, and none without those before it: what was
 * left out would be taken for deleted. So a write that does not wait for the one before carries what that one does,
 * and the last one alone decides. A record may be there twice, which changes nothing.
 */
import type { Milliseconds, Scheduler } from '@tidemark/core'
import { OutdatedError } from '@tidemark/yjs'
import { type RoomStore, StoreLostError } from './storage.js'

/** Where records come from. */
export interface Source {
  /** What is stored is of no use: it is to be rewritten. */
  readonly isOutdated: boolean
  /** What is to be added to what is stored. Not while it is outdated. */
  take(): Uint8Array[]
  /** Everything, in the place of what is stored. */
  rewrite(): Iterable<Uint8Array>
  /** Has it rewritten. */
  invalidate(): void
}

const FIRST_RETRY_MS: Milliseconds = 500
const LONGEST_RETRY_MS: Milliseconds = 60_000
/** What was added may weigh as much as what it was added to, and so much at least, before all is written anew. */
const MIN_ADDED_BYTES = 128 * 1024
/** Or be so many records: each has to be read and integrated by itself. */
const MAX_ADDED_RECORDS = 10_000
/** Of those written all at once, packed, about. */
const RECORD_BYTES = 4 * 1024

export class StoreWriter {
  readonly #store: RoomStore
  readonly #source: Source
  readonly #scheduler: Scheduler
  readonly #onFailure: (error: unknown, failures: number) => void
  /** Taken, and not yet on its way. */
  #taken: Uint8Array[] = []
  /** In the store before long, if the last write succeeds: it carries all of them. */
  #onTheirWay: Uint8Array[] = []
  #last: Promise<void> = Promise.resolve()
  #isWriting = false
  /** Everything is on its way. */
  #isRewriting = false
  #isOver = false
  #failures = 0
  #cancelRetry: (() => void) | undefined
  #rewrittenBytes: number
  #addedBytes = 0
  #addedRecords: number
  /** Counts who asks to be told; up to which of them everything is written. */
  #asked = 0
  readonly #waiting: { readonly at: number; readonly resolve: (isSaved: boolean) => void }[] = []

  constructor(
    store: RoomStore,
    source: Source,
    scheduler: Scheduler,
    loaded: readonly Uint8Array[],
    onFailure: (error: unknown, failures: number) => void,
  ) {
    this.#store = store
    this.#source = source
    this.#scheduler = scheduler
    this.#onFailure = onFailure
    this.#rewrittenBytes = bytesOf(loaded)
    this.#addedRecords = Math.max(0, loaded.length - Math.ceil(this.#rewrittenBytes / RECORD_BYTES))
  }

  /** Bytes of all records that are stored. */
  get bytes(): number {
    return this.#rewrittenBytes + this.#addedBytes
  }

  /** Takes what there is, and writes it. */
  save(): void {
    if (this.#isOver || this.#cancelRetry !== undefined) return
    this.#collect()
    if (!this.#isWriting) void this.#work()
  }

  /** Resolves once all that has changed so far is stored, however long that takes; with false if it will never be. */
  whenSaved(): Promise<boolean> {
    return new Promise((resolve) => {
      if (this.#isOver) return resolve(false)
      this.#waiting.push({ at: ++this.#asked, resolve })
      this.save()
    })
  }

  /** The page may be gone in a moment: what there is goes out now, without waiting for the write before. */
  flush(): void {
    this.#retryNow()
    if (this.#isOver) return
    if (this.#isWriting) this.#sendNow()
    else this.save()
  }

  /** Writes what there is, and then nothing any more. Called in one go, so that nobody changes the document meanwhile. */
  close(): Promise<void> {
    if (this.#isOver) return Promise.resolve()
    this.#retryNow()
    this.#sendNow()
    this.#stop()
    const written = this.#last
    written.then(
      () => this.#told(true),
      () => this.#told(false),
    )
    return this.#store.close().then(() => written)
  }

  /** Writes nothing any more, and lets go of the store as it is. */
  async abandon(): Promise<void> {
    if (this.#isOver) return
    this.#stop()
    this.#told(false)
    await this.#store.close()
  }

  #stop(): void {
    this.#isOver = true
    this.#retryNow()
    this.#taken = []
  }

  #collect(): void {
    if (this.#source.isOutdated) this.#taken = []
    else for (const record of this.#source.take()) this.#taken.push(record)
  }

  async #work(): Promise<void> {
    this.#isWriting = true
    try {
      do while (!this.#isOver && (await this.#writeNext()));
      while (
        // Something may have come up between the last look and this one.
        !this.#isOver &&
        !this.#isIdle
      )
    } catch (error) {
      if (!this.#isOver) this.#failed(error)
    } finally {
      this.#isWriting = false
    }
  }

  get #isIdle(): boolean {
    const isWritten = this.#taken.length === 0 && !this.#isUnderWay && !this.#source.isOutdated
    return isWritten && this.#waiting.length === 0
  }

  get #isUnderWay(): boolean {
    return this.#isRewriting || this.#onTheirWay.length > 0
  }

  /** @returns whether there was anything. */
  async #writeNext(): Promise<boolean> {
    if (this.#isUnderWay) {
      await this.#hasArrived()
      return true
    }
    const asked = this.#asked
    this.#collect()
    if (this.#source.isOutdated || this.#isOverweight) this.#sendAll(() => this.#source.rewrite())
    else if (this.#taken.length > 0) this.#sendTaken()
    const isAnything = this.#isUnderWay
    if (isAnything) {
      if (!(await this.#hasArrived())) return true
      this.#failures = 0
    }
    this.#told(true, asked)
    return isAnything
  }

  /** Without waiting for what is on its way, which may fail yet: so this carries all of it. */
  #sendNow(): void {
    // Nothing can be added to what may never be there. Nor may it be read on while others use the document.
    if (this.#isRewriting) this.#source.invalidate()
    if (this.#source.isOutdated) return this.#sendAll(() => [...this.#source.rewrite()])
    this.#collect()
    if (this.#taken.length > 0) this.#sendTaken()
  }

  #sendTaken(): void {
    this.#onTheirWay = [...this.#onTheirWay, ...this.#taken]
    this.#taken = []
    this.#send(this.#append(this.#onTheirWay))
  }

  #sendAll(records: () => Iterable<Uint8Array>): void {
    this.#onTheirWay = []
    this.#taken = []
    this.#isRewriting = true
    this.#send(this.#replace(records))
  }

  #send(write: Promise<void>): void {
    this.#last = write
    write.catch(() => {})
  }

  /**
   * Waits for the last write: one that is sent meanwhile carries what this one does.
   * @returns false if it has come to nothing, because the document was renumbered meanwhile, or what it adds to is gone.
   */
  async #hasArrived(): Promise<boolean> {
    const write = this.#last
    try {
      await write
    } catch (error) {
      if (write === this.#last) return this.#notArrived(error)
    }
    if (write !== this.#last) return this.#hasArrived()
    this.#onTheirWay = []
    this.#isRewriting = false
    return true
  }

  #notArrived(error: unknown): false {
    if (this.#isOver) return false
    const isLost = error instanceof StoreLostError
    if (this.#isRewriting || isLost) this.#source.invalidate()
    this.#taken = [...this.#onTheirWay, ...this.#taken]
    this.#onTheirWay = []
    this.#isRewriting = false
    if (error instanceof OutdatedError || isLost) return false
    throw error
  }

  async #append(records: readonly Uint8Array[]): Promise<void> {
    await this.#store.append(records)
    this.#addedBytes += bytesOf(records)
    this.#addedRecords += records.length
  }

  async #replace(records: () => Iterable<Uint8Array>): Promise<void> {
    let bytes = 0
    const all = records()
    await this.#store.replace(
      (function* () {
        for (const record of all) {
          bytes += record.length
          yield record
        }
      })(),
    )
    this.#rewrittenBytes = bytes
    this.#addedBytes = 0
    this.#addedRecords = 0
  }

  get #isOverweight(): boolean {
    const limit = Math.max(MIN_ADDED_BYTES, this.#rewrittenBytes)
    return this.#addedBytes > limit || this.#addedRecords > MAX_ADDED_RECORDS
  }

  #told(isSaved: boolean, upTo = this.#asked): void {
    while ((this.#waiting[0]?.at ?? Number.POSITIVE_INFINITY) <= upTo) this.#waiting.shift()?.resolve(isSaved)
  }

  #failed(error: unknown): void {
    this.#onFailure(error, ++this.#failures)
    const delay = Math.min(FIRST_RETRY_MS * 2 ** (this.#failures - 1), LONGEST_RETRY_MS)
    this.#cancelRetry?.()
    this.#cancelRetry = this.#scheduler.at(this.#scheduler.now() + delay, () => {
      this.#cancelRetry = undefined
      this.save()
    })
  }

  #retryNow(): void {
    this.#cancelRetry?.()
    this.#cancelRetry = undefined
  }
}

export function bytesOf(records: readonly Uint8Array[]): number {
  return records.reduce((sum, { length }) => sum + length, 0)
}
