/**
 * One document in storage, from the opening to the end: loads what is there, stores what changes, and knows the names
 * that this device has had in the room.
 *
 * Invariants: nothing is said under a replica id before storage holds it (unless storage fails, which is told). Nothing of
 * the document is ever given up for what storage does: it stays in memory, and the room goes on.
 */
import type { FormerBase, ReplicaId, Scheduler } from '@tidemark/core'
import type { YjsStructure } from '@tidemark/yjs'
import { storageFailed, storageUnusable } from '../advice.js'
import { type Opened, openRoom } from './opening.js'
import { encodeBase, encodeReplicaIds } from './records.js'
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
  /** Besides the writer's: to be emptied once what they hold is written there. */
  #leftBehind: RoomStore[] = []
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

  /** Resolves once all changes so far are stored. @throws if nothing is stored at all. */
  async whenSaved(): Promise<void> {
    await this.whenLoaded
    if (this.#isCleared) return
    if (this.#fault !== undefined) throw this.#fault
    await this.#writer?.whenSaved()
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
    const stores = [...this.#leftBehind.splice(0), ...this.#unreadable.splice(0)]
    await Promise.allSettled(stores.map((store) => store.close()))
  }

  // ------------------------------------------------------------------ loading

  async #open(): Promise<Opened | undefined> {
    const { storage, room, onError } = this.#options
    let opened: Opened | undefined
    try {
      opened = await openRoom(storage, room)
      this.#leftBehind = opened.leftBehind.map(({ store }) => store)
      this.#unreadable = opened.unreadable.map(({ store }) => store)
      for (const { fault } of opened.unreadable) onError(storageUnusable(new Error(fault)))
      if (!this.#isClosed) await this.#load(opened)
      if (!this.#isClosed) return opened
    } catch (error) {
      this.#fault = storageUnusable(error)
      onError(this.#fault)
    }
    await opened?.store.close().catch(() => {})
    await this.#letGo()
    return undefined
  }

  async #load({ kept, leftBehind, ofOthers }: Opened): Promise<void> {
    const { structure } = this.#options
    const mine = [...(kept ? [kept] : []), ...leftBehind.map((other) => other.kept)]
    this.#formerIds = mine.flatMap(({ replicaIds }) => replicaIds).slice(-MAX_IDS)
    this.#formerBase = kept?.base
    const [first, ...others] = [...mine, ...ofOthers]
    if (first === undefined) return
    // The document was in a room before, with another provider.
    if ((structure.epochs?.namings.length ?? 0) > 0) others.unshift(first)
    else await this.#restore(first.document)
    for (const { document } of others) {
      await this.#pause()
      if (this.#isClosed) return
      const fault = structure.absorb(document)
      if (fault !== undefined) throw new Error(fault)
    }
  }

  async #restore(document: Opened['ofOthers'][number]['document']): Promise<void> {
    const steps = this.#options.structure.restore(document)
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
    void saved.then(() => this.#emptyLeftBehind())
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

  /** What they held is stored as a part of the document now. */
  #emptyLeftBehind(): void {
    for (const store of this.#leftBehind.splice(0)) void emptied(store).catch(() => {})
  }

  #newId(): ReplicaId {
    const id = this.#options.newReplicaId()
    this.#ownIds.push(id)
    return id
  }

  async #setAside(): Promise<void> {
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
