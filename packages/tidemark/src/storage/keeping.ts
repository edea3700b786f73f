/**
 * One document in storage, from the opening to the end: loads what is there, stores what changes, and knows the names
 * that this device has had in the room.
 *
 * Invariants: nothing is said under a replica id before storage holds it (unless storage fails, which is told). Nothing of
 * the document is ever given up for what storage does: it stays in memory, and the room goes on.
 */
import type { FormerBase, ReplicaId, Scheduler } from '@tidemark/core'
import { mostAdvanced, type StoredDocument, type YjsStructure } from '@tidemark/yjs'
import { lastWriteFailed, storageFailed, storageUnusable } from '../advice.js'
import { type Opened, openRoom, type Partition } from './opening.js'
import { encodeBase, encodeReplicaIds, type Kept } from './records.js'
import type { DocumentStorage, RoomStore } from './storage.js'
import { StoreWriter } from './writer.js'

/** Ids are set aside before they are needed: a write each would delay every attempt to get in. */
const IDS_AT_ONCE = 4
/** Who had so many has long been forgotten under the first ones. */
const MAX_IDS = 64

const OTHER_MODE = 'what is stored was stored with another compaction mode'

export interface KeepingOptions {
  readonly storage: DocumentStorage
  readonly room: string
  readonly structure: YjsStructure
  /** Whether nothing was ever in the document. */
  readonly isEmpty: () => boolean
  readonly scheduler: Scheduler
  readonly newReplicaId: () => ReplicaId
  /** Ids can be made from then on; at once without it. */
  readonly whenIds?: Promise<void> | undefined
  /** The base that this replica is at. */
  readonly lastBase: () => FormerBase | undefined
  readonly onError: (error: Error) => void
}

export class Keeping {
  /** Resolves once the document holds all that was stored of it, or it turns out that it can not be read. Never rejects. */
  readonly whenLoaded: Promise<void>
  /** Resolves once this replica may look for its room. Never rejects. */
  readonly whenReady: Promise<void>
  readonly #options: KeepingOptions
  readonly #opening: Promise<Opened | undefined>
  #writer: StoreWriter | undefined
  /** What the writer is to write to, before there is one. */
  #own: RoomStore | undefined
  /** Once what is stored has begun to come into the document. */
  #loading: Opened | undefined
  #restoring: Generator<void, string | undefined> | undefined
  /** Whose ids mean something else: they come in once the room's state is here. */
  #aside: Partition[] = []
  /** Besides the writer's: to be emptied once what they hold is written there. */
  #takenIn: RoomStore[] = []
  #unreadable: RoomStore[] = []
  #formerIds: readonly ReplicaId[] = []
  #formerBase: FormerBase | undefined
  /** Set aside by this process, used or not. */
  readonly #ownIds: ReplicaId[] = []
  /** Stored, and not used yet. */
  readonly #spareIds: ReplicaId[] = []
  #unsaved: Uint8Array[] = []
  #isClosed = false
  /** Once closed: how that ends. */
  #closing: Promise<void> = Promise.resolve()
  #isCleared = false
  #fault: Error | undefined
  #hasFailed = () => {}

  constructor(options: KeepingOptions) {
    this.#options = options
    this.#opening = this.#open()
    this.whenLoaded = this.#opening.then(() => {})
    this.whenReady = this.#opening.then((opened) => this.#begin(opened))
  }

  /** Under these ids this device will never speak again. */
  get formerIds(): readonly ReplicaId[] {
    return this.#formerIds
  }

  get formerBase(): FormerBase | undefined {
    return this.#formerBase
  }

  get bytes(): number {
    return this.#writer?.bytes ?? 0
  }

  /** For the next identity. */
  takeId(): ReplicaId {
    const id = this.#spareIds.shift() ?? this.#newId()
    if (this.#spareIds.length === 0) this.#setAside()
    return id
  }

  /** The base that this replica is at has changed, or it has got into the room. */
  noteBase(): void {
    const base = this.#options.lastBase()
    if (base === undefined || base.hash === '' || base.hash === this.#formerBase?.hash) return
    this.#formerBase = base
    this.#unsaved.push(encodeBase(base))
    this.save()
  }

  save(): void {
    this.#writer?.save()
  }

  /**
   * The document holds the room's state now: what other pages of this device had left behind, in another naming, comes back.
   * @returns whether all of it has.
   */
  inRoom(): boolean {
    for (const partition of this.#aside.splice(0)) {
      const fault = this.#options.structure.storing.absorb(partition.kept.document)
      if (fault === undefined) this.#takenIn.push(partition.store)
      else this.#aside.push(partition)
    }
    this.#emptyTakenIn()
    return this.#aside.length === 0
  }

  /** Resolves once all changes so far are stored, those before the closing included. @throws if they never will be. */
  async whenSaved(): Promise<void> {
    await this.whenLoaded
    if (this.#isCleared) return
    if (this.#fault !== undefined) throw this.#fault
    const isSaved = !this.#isClosed && (await this.#writer?.whenSaved())
    if (!isSaved && !this.#isCleared) await this.#closing
  }

  flush(): void {
    this.#writer?.flush()
  }

  /** Forgets what is stored and nobody else has open, and stores nothing any more. */
  async clear(): Promise<void> {
    this.#isCleared = true
    await this.whenReady
    await this.#closing.catch(() => {})
    await this.#writer?.abandon()
    this.#writer = undefined
    await this.#letGo()
    const { storage, room } = this.#options
    const stores = [await storage.open(room)]
    for (let other = await storage.openLeftBehind(room); other; other = await storage.openLeftBehind(room))
      stores.push(other)
    await Promise.all(stores.map(emptied))
  }

  /** Stores what there is, and lets go of the document: whoever has it does what he likes with it from then on. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    if (this.#isCleared || this.#fault !== undefined) return
    const closing = this.#writer === undefined ? this.#closeEarly() : this.#writer.close()
    this.#closing = closing.catch((error) => {
      throw error === this.#fault ? error : lastWriteFailed(error)
    })
    this.#closing.catch((error) => this.#options.onError(error))
    if (this.#writer !== undefined) void this.#letGo()
  }

  /** The place is still being opened, or read: what is to be written waits for that. */
  async #closeEarly(): Promise<void> {
    const write = this.#lastWords()
    const opened = await this.#opening
    try {
      if (write !== undefined && opened === undefined) throw this.#fault
      if (write !== undefined && opened !== undefined && !this.#isCleared) await write(opened)
    } finally {
      await this.#letGo()
    }
  }

  async #letGo(): Promise<void> {
    const own = this.#own === undefined ? [] : [this.#own]
    this.#own = undefined
    const aside = this.#aside.splice(0).map(({ store }) => store)
    const stores = [...own, ...aside, ...this.#takenIn.splice(0), ...this.#unreadable.splice(0)]
    await Promise.allSettled(stores.map((store) => store.close()))
  }

  // ------------------------------------------------------------------ last words

  /** Takes what is not stored yet, at this moment. @returns what writes it, if there is anything. */
  #lastWords(): ((opened: Opened) => Promise<void>) | undefined {
    try {
      return this.#loading === undefined ? this.#wordsAlone() : this.#wordsAdded(this.#loading)
    } catch (error) {
      return () => Promise.reject(error)
    }
  }

  /** Nothing of what is stored is in the document. What it holds is stored as by another page: the next one takes it in. */
  #wordsAlone() {
    const { structure, isEmpty } = this.#options
    if (structure.recording === undefined || isEmpty()) return undefined
    const records = [...this.#rewrite(structure.recording.rewrite())]
    return async ({ kept, ofOthers, store }: Opened) => {
      for (const { document } of kept === undefined ? ofOthers : [kept])
        if ((document.history === undefined) !== (structure.epochs === undefined)) throw new Error(OTHER_MODE)
      if (kept === undefined) return store.replace(records)
      const beside = await this.#emptyStore()
      await beside.replace(records).finally(() => beside.close())
    }
  }

  /** What is stored is in the document, or on its way into it. */
  #wordsAdded({ kept }: Opened) {
    const { recording } = this.#options.structure
    if (recording === undefined) return undefined
    if (!recording.isOutdated) {
      const added = recording.take()
      if (added.length === 0) return undefined
      if (kept !== undefined) return ({ store }: Opened) => store.append(added)
    }
    // Only a whole document can take the place of what is stored.
    this.#restoreRest()
    const records = [...this.#rewrite(recording.rewrite())]
    return ({ store }: Opened) => store.replace(records)
  }

  #restoreRest(): void {
    for (let isDone = this.#restoring === undefined; !isDone; )
      isDone = this.#restoring?.next().done !== false
  }

  /** There is none that is left behind, but for what another page leaves just now. */
  async #emptyStore(): Promise<RoomStore> {
    const { storage, room } = this.#options
    const store = await storage.open(room)
    if ((await store.load()).length === 0) return store
    return this.#emptyStore().finally(() => store.close())
  }

  // ------------------------------------------------------------------ loading

  async #open(): Promise<Opened | undefined> {
    const { storage, room, onError } = this.#options
    try {
      const opened = await openRoom(storage, room)
      this.#own = opened.store
      this.#aside = [...opened.leftBehind]
      this.#unreadable = opened.unreadable.map(({ store }) => store)
      if (this.#isClosed) return opened
      for (const { fault } of opened.unreadable) onError(storageUnusable(new Error(fault)))
      return await this.#load(opened)
    } catch (error) {
      this.#fault = storageUnusable(error)
      // Once closed it is a fault only to what was not stored yet.
      if (!this.#isClosed) onError(this.#fault)
      await this.#letGo()
      return undefined
    }
  }

  /** @returns what is to be written to. */
  async #load(opened: Opened): Promise<Opened> {
    const { structure } = this.#options
    const { kept, leftBehind, ofOthers } = opened
    let writable = opened
    const ids = [kept, ...leftBehind.map((partition) => partition.kept)].flatMap(
      (one) => one?.replicaIds ?? [],
    )
    this.#formerIds = ids.slice(-MAX_IDS)
    this.#formerBase = kept?.base
    const first = kept ?? ofOthers[mostAdvanced(ofOthers.map(({ document }) => document))]
    if (first === undefined) return opened
    this.#loading = opened
    // Where another provider had the document in a room, it is the document that others are added to.
    if ((structure.epochs?.namings.length ?? 0) === 0) await this.#restore(first.document)
    else if (!this.#absorb(first) && kept !== undefined) {
      this.#aside.push({ store: opened.store, kept })
      this.#own = undefined
      writable = { ...opened, store: await this.#emptyStore(), records: [], kept: undefined }
      this.#own = writable.store
    }
    for (const partition of [...this.#aside]) {
      await this.#pause()
      if (this.#isClosed) break
      if (!this.#absorb(partition.kept)) continue
      this.#aside.splice(this.#aside.indexOf(partition), 1)
      this.#takenIn.push(partition.store)
    }
    return writable
  }

  /** @returns whether it could be, before the room's state is here. */
  #absorb({ document }: Kept): boolean {
    const { structure } = this.#options
    if (!structure.storing.meansSame(document)) return false
    const fault = structure.storing.absorb(document)
    if (fault !== undefined) throw new Error(fault)
    return true
  }

  async #restore(document: StoredDocument): Promise<void> {
    const steps = this.#options.structure.storing.restore(document)
    this.#restoring = steps
    while (!this.#isClosed) {
      const step = steps.next()
      if (step.done && step.value !== undefined) throw new Error(step.value)
      if (step.done) break
      await this.#pause()
    }
    this.#restoring = undefined
  }

  /** The user goes first. */
  #pause(): Promise<void> {
    const { scheduler } = this.#options
    return new Promise((resolve) => {
      scheduler.at(scheduler.now(), resolve)
    })
  }

  // ------------------------------------------------------------------ storing

  async #begin(opened: Opened | undefined): Promise<void> {
    // Who has closed or cleared it meanwhile lets go of what was opened.
    if (opened === undefined || this.#isClosed || this.#isCleared) return
    const { scheduler, structure } = this.#options
    // Then the document is there, but not in this partition yet.
    if (opened.kept === undefined) structure.recording?.invalidate()
    const writer = new StoreWriter(
      opened.store,
      this.#source(),
      scheduler,
      opened.records,
      (error, failures) => {
        if (failures === 1) this.#options.onError(storageFailed(error))
        this.#hasFailed()
      },
    )
    this.#writer = writer
    this.#own = undefined
    const failed = new Promise<void>((resolve) => {
      this.#hasFailed = resolve
    })
    const saved = this.#setAside()
    this.#emptyTakenIn()
    await Promise.race([saved, failed])
  }

  #source() {
    const { recording } = this.#options.structure
    if (recording === undefined) throw new Error('Nothing of this document is recorded')
    return {
      get isOutdated() {
        return recording.isOutdated
      },
      invalidate: () => recording.invalidate(),
      take: () => [...this.#unsaved.splice(0), ...recording.take()],
      rewrite: () => this.#rewrite(recording.rewrite()),
    }
  }

  /** The document, and what is kept beside it as it is at this moment. */
  #rewrite(document: Iterable<Uint8Array>): Iterable<Uint8Array> {
    this.#unsaved = []
    const beside = [encodeReplicaIds([...this.#formerIds, ...this.#ownIds].slice(-MAX_IDS))]
    const last = this.#options.lastBase()
    if (last !== undefined && last.hash !== '') this.#formerBase = last
    if (this.#formerBase !== undefined) beside.push(encodeBase(this.#formerBase))
    return (function* () {
      yield* beside
      yield* document
    })()
  }

  /** Once what they held is stored as a part of the document. */
  #emptyTakenIn(): void {
    const stores = this.#takenIn.splice(0)
    if (stores.length === 0) return
    const empty = () => stores.map((store) => emptied(store).catch(() => {}))
    const leave = () => stores.map((store) => store.close().catch(() => {}))
    void this.#writer?.whenSaved().then((isSaved) => (isSaved ? empty() : leave()))
  }

  #newId(): ReplicaId {
    const id = this.#options.newReplicaId()
    this.#ownIds.push(id)
    return id
  }

  async #setAside(): Promise<void> {
    if (this.#options.whenIds) await this.#options.whenIds
    if (this.#writer === undefined) return
    const ids = Array.from({ length: IDS_AT_ONCE }, () => this.#newId())
    this.#unsaved.push(encodeReplicaIds(ids))
    await this.#writer.whenSaved()
    this.#spareIds.push(...ids)
  }
}

async function emptied(store: RoomStore): Promise<void> {
  await store.replace([]).finally(() => store.close())
}
