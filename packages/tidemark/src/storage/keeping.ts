/**
 * One document in storage, from the opening to the end: loads what is there, stores what changes, and knows the names
 * that this device has had in the room.
 *
 * Invariants: nothing is said under a replica id before storage holds it (unless storage fails, which is told). Nothing of
 * the document is ever given up for what storage does: it stays in memory, and the room goes on.
 */
import type { FormerBase, ReplicaId, Scheduler } from '@tidemark/core'
import { mostAdvanced, type StoredDocument, type YjsStructure } from '@tidemark/yjs'
import { storageFailed, storageUnusable } from '../advice.js'
import { type Opened, openRoom, type Partition } from './opening.js'
import { encodeBase, encodeReplicaIds, type Kept } from './records.js'
import type { DocumentStorage, RoomStore } from './storage.js'
import { StoreWriter } from './writer.js'

/** Ids are set aside before they are needed: a write each would delay every attempt to get in. */
const IDS_AT_ONCE = 4
/** Who had so many has long been forgotten under the first ones. */
const MAX_IDS = 64

export interface KeepingOptions {
  readonly storage: DocumentStorage
  readonly room: string
  readonly structure: YjsStructure
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
  #writer: StoreWriter | undefined
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
  #isCleared = false
  #fault: Error | undefined
  #hasFailed = () => {}

  constructor(options: KeepingOptions) {
    this.#options = options
    const opening = this.#open()
    this.whenLoaded = opening.then(() => {})
    this.whenReady = opening.then((opened) => this.#begin(opened))
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

  /** Resolves once all changes so far are stored. @throws if nothing is stored at all. */
  async whenSaved(): Promise<void> {
    await this.whenLoaded
    if (this.#isCleared) return
    if (this.#fault !== undefined) throw this.#fault
    const isSaved = await this.#writer?.whenSaved()
    if (isSaved === false && !this.#isCleared)
      throw new Error('tidemark: storage: closed before all was written')
  }

  flush(): void {
    this.#writer?.flush()
  }

  /** Forgets what is stored and nobody else has open, and stores nothing any more. */
  async clear(): Promise<void> {
    this.#isCleared = true
    await this.whenReady
    await this.#writer?.abandon()
    this.#writer = undefined
    await this.#letGo()
    const { storage, room } = this.#options
    const stores = [await storage.open(room)]
    for (let other = await storage.openLeftBehind(room); other; other = await storage.openLeftBehind(room))
      stores.push(other)
    await Promise.all(stores.map(emptied))
  }

  /** Stores what there is, and lets go of the document. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#writer?.close().catch((error) => this.#options.onError(storageFailed(error)))
    void this.#letGo()
  }

  async #letGo(): Promise<void> {
    const aside = this.#aside.splice(0).map(({ store }) => store)
    const stores = [...aside, ...this.#takenIn.splice(0), ...this.#unreadable.splice(0)]
    await Promise.allSettled(stores.map((store) => store.close()))
  }

  // ------------------------------------------------------------------ loading

  async #open(): Promise<Opened | undefined> {
    const { storage, room, onError } = this.#options
    let opened: Opened | undefined
    try {
      opened = await openRoom(storage, room)
      this.#aside = [...opened.leftBehind]
      this.#unreadable = opened.unreadable.map(({ store }) => store)
      for (const { fault } of opened.unreadable) onError(storageUnusable(new Error(fault)))
      if (!this.#isClosed) opened = await this.#load(opened)
      if (!this.#isClosed) return opened
    } catch (error) {
      this.#fault = storageUnusable(error)
      onError(this.#fault)
    }
    await opened?.store.close().catch(() => {})
    await this.#letGo()
    return undefined
  }

  /** @returns what is to be written to. */
  async #load(opened: Opened): Promise<Opened> {
    const { structure, storage, room } = this.#options
    const { kept, leftBehind, ofOthers } = opened
    let writable = opened
    const ids = [kept, ...leftBehind.map((partition) => partition.kept)].flatMap(
      (one) => one?.replicaIds ?? [],
    )
    this.#formerIds = ids.slice(-MAX_IDS)
    this.#formerBase = kept?.base
    const first = kept ?? ofOthers[mostAdvanced(ofOthers.map(({ document }) => document))]
    if (first === undefined) return opened
    // Where another provider had the document in a room, it is the document that others are added to.
    if ((structure.epochs?.namings.length ?? 0) === 0) await this.#restore(first.document)
    else if (!this.#absorb(first) && kept !== undefined) {
      this.#aside.push({ store: opened.store, kept })
      writable = { ...opened, store: await storage.open(room), records: [], kept: undefined }
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
    for (let step = steps.next(); ; step = steps.next()) {
      if (step.done && step.value !== undefined) throw new Error(step.value)
      if (step.done || this.#isClosed) return
      await this.#pause()
    }
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
    if (opened === undefined) return
    if (this.#isClosed || this.#isCleared) {
      await Promise.allSettled([opened.store.close(), this.#letGo()])
      return
    }
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
