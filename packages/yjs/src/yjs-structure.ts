/**
 * A `Y.Doc` as the replicated structure.
 *
 * Invariants: whatever reaches the document through this structure carries it as the transaction's origin, and is
 * never sent again; everything else, whoever made it, leaves by `takeLocalChange` exactly once. Nothing ever
 * waits inside Yjs: delivery is causal, so an update that could not be integrated is refused before it is applied.
 *
 * What the document already holds at construction is nobody's change: a founder's content reaches newcomers as
 * state, and `beginLoad` finds what a newcomer brings along.
 *
 * With `compaction: 'full'` the document is renumbered at every cut (epochs/full-compaction.ts); with 'fixed' its ids
 * are left alone.
 */
import type { Epochs, Origin, StatePiece, Structure } from '@tidemark/core'
import * as Y from 'yjs'
import { Load } from './carry.js'
import { FullCompaction } from './epochs/full-compaction.js'
import type { EpochChange } from './epochs/full-host.js'
import { inspect, inspectAlone } from './gate.js'
import { LocalChanges } from './local-changes.js'
import { illFormedItems, repair } from './lone-surrogates.js'
import { fillBelow } from './renumbering/index.js'
import { StatePieces } from './state-pieces.js'
import { StateSize } from './state-size.js'
import { isParked } from './store.js'
import { Recording } from './storing/recording.js'
import { Storing } from './storing/storing.js'

export interface YjsStructureOptions {
  /** Whether cuts renumber the document ('full'), or its ids stay as they are ('fixed', unless told otherwise). */
  readonly compaction?: 'full' | 'fixed'
  /**
   * Something is ready for `takeLocalChange`. Called once Yjs has cleaned up all transactions, during a load too: what
   * is applied in answer to it has transactions and events of its own.
   */
  readonly onLocalChange: () => void
  /** The user's own change can not be shared as it is. */
  readonly onWarning?: (message: string) => void
  /**
   * An observer of the application's threw while a change from elsewhere was applied. The change is in. Without
   * this the error is raised again by itself, as it would be by an event handler.
   */
  readonly onObserverError?: (error: unknown) => void
  /** The document has got another naming: right after a cut, or a load that changed it. Only with 'full'. */
  readonly onEpoch?: (change: EpochChange) => void
  /** With 'full': another provider writes to the document, and will not understand the next naming. Once per origin. */
  readonly onForeign?: (origin: unknown) => void
  /**
   * With 'full', on return: nothing leads from this side's naming to the room's, so what was not synced can not be
   * placed. The room's state is shown instead; this is a copy of what was there.
   */
  readonly onOrphaned?: (document: Y.Doc) => void
  /** There is something in `recording` to be stored. Without this nothing is recorded. */
  readonly onUnsaved?: () => void
}

/** Marks in `Transaction.meta`, because a transaction may end long after the call that began it. */
const LOADING = Symbol('part of a state that is being loaded')
const RESTORING = Symbol('part of what was stored')
const MAY_FREE_OTHERS = Symbol('may integrate what another provider had left waiting')

/** Yjs kept a part of an update waiting that should have been integrated at once. */
export class ParkedUpdateError extends Error {
  override readonly name = 'ParkedUpdateError'
}

export class YjsStructure implements Structure {
  /** With 'full'. */
  readonly epochs?: Epochs
  /** With `onUnsaved`. */
  readonly recording: Recording | undefined
  readonly storing: Storing
  readonly #doc: Y.Doc
  readonly #options: YjsStructureOptions
  readonly #changes = new LocalChanges()
  readonly #full: FullCompaction | undefined
  #hasNews = false
  readonly #foreignOrigins = new Set<unknown>()
  readonly #size: StateSize
  #load: Load | undefined
  #illFormed: readonly Y.ID[] = []

  constructor(doc: Y.Doc, options: YjsStructureOptions) {
    this.#doc = doc
    this.#options = options
    this.#size = new StateSize(doc)
    if (options.compaction === 'full') {
      this.#full = this.#newFullCompaction()
      this.epochs = this.#full
    }
    const { onUnsaved } = options
    this.recording = onUnsaved && new Recording(doc, () => this.#full?.kept, onUnsaved)
    this.storing = this.#newStoring()
    doc.on('beforeObserverCalls', this.#findIllFormed)
    doc.on('afterTransaction', this.#suppressCleanup)
    doc.on('afterTransactionCleanup', this.#record)
    doc.on('afterAllTransactions', this.#announce)
  }

  destroy(): void {
    this.#full?.undo.destroy()
    this.#doc.off('beforeObserverCalls', this.#findIllFormed)
    this.#doc.off('afterTransaction', this.#suppressCleanup)
    this.#doc.off('afterTransactionCleanup', this.#record)
    this.#doc.off('afterAllTransactions', this.#announce)
  }

  /** @param epoch the naming the payload was authored in; it and `origin` are of no meaning with 'fixed'. */
  apply(payload: Uint8Array, epoch = 0, origin?: Origin): string | undefined {
    if (this.#full !== undefined) return this.#full.apply({ payload, epoch, ...(origin && { origin }) })
    if (this.#load !== undefined) throw new Error('An operation was applied while a state is being loaded')
    const contents = inspect(payload, this.#doc.store)
    if (typeof contents === 'string') return contents
    const misplaced = contents.crossed ?? contents.astray
    if (misplaced !== undefined) return misplaced
    this.#integrate([payload], [])
    return undefined
  }

  vet(payload: Uint8Array): string | undefined {
    return inspectAlone(payload)
  }

  takeLocalChange(): Uint8Array | undefined {
    if (this.#load !== undefined || this.#full?.isLoading) return undefined
    const payload = this.#changes.take(this.#doc)
    if (payload !== undefined) this.#full?.noteTaken()
    return payload
  }

  /**
   * With 'fixed', take the local change first: the state holds it, and should its operation never leave this
   * replica, the newcomer would have what nobody else has.
   */
  encodeState(pieceBytes: number, tablesFrom?: number): Iterator<StatePiece, undefined> {
    if (this.#full !== undefined) return this.#full.encodeState(pieceBytes, tablesFrom)
    return new StatePieces(this.#doc, pieceBytes)
  }

  /** May be called again before `endLoad`: then another sponsor begins. */
  beginLoad(): void {
    if (this.#full !== undefined) return this.#full.beginLoad()
    this.#load = new Load()
  }

  loadPiece(bytes: Uint8Array): string | undefined {
    if (this.#full !== undefined) return this.#full.loadPiece(bytes)
    if (this.#load === undefined) throw new Error('A piece of a state arrived without a load')
    return this.#load.add(bytes)
  }

  /** Calls no `onLocalChange`: there may be something to take, so ask. */
  endLoad(isWhole = true): string | undefined {
    if (this.#full !== undefined) return this.#full.endLoad()
    const load = this.#load
    if (load === undefined) throw new Error('A load ended that had not begun')
    const refusal = isWhole ? load.into(this.#doc, (piece) => this.#integrate([piece], [LOADING])) : undefined
    this.#load = undefined
    load.leaveRest(this.#doc, this.#changes)
    return refusal
  }

  /** An estimate that costs little at every call; how old it can be is said at {@link StateSize}. */
  stateBytes(): number {
    return this.#size.bytes
  }

  /**
   * Keeps an undo manager of the document working across cuts: its stacks, and the relative positions in the steps'
   * `meta`, until this structure is destroyed. Several may do so for one manager. @returns a function that stops it.
   * With 'fixed' there is nothing to do.
   */
  trackUndo(manager: Y.UndoManager): () => void {
    return this.#full?.undo.track(manager) ?? (() => {})
  }

  /**
   * A position from somebody who may be one epoch behind. @returns null if what contained it is gone, undefined if
   * no table leads from that epoch to the present one.
   */
  translatePosition(position: Y.RelativePosition, fromEpoch: number): Y.RelativePosition | null | undefined {
    return this.#full === undefined ? position : this.#full.translatePosition(position, fromEpoch)
  }

  #newStoring(): Storing {
    return new Storing({
      doc: this.#doc,
      full: this.#full,
      recording: this.recording,
      integrate: (updates) => this.#integrate(updates, [LOADING, RESTORING]),
      isLocal: (update) => {
        this.#changes.add(update)
        this.#options.onLocalChange()
      },
      structureOf: (doc) => this.#anotherFor(doc),
    })
  }

  #anotherFor(doc: Y.Doc) {
    const onOrphaned = (document: Y.Doc) => this.#tell(() => this.#options.onOrphaned?.(document))
    const structure = new YjsStructure(doc, { compaction: 'full', onLocalChange: () => {}, onOrphaned })
    const full = structure.#full
    if (full === undefined) throw new Error('Full compaction is on')
    return {
      full,
      takeLocalChange: () => structure.takeLocalChange(),
      destroy: () => structure.destroy(),
    }
  }

  #newFullCompaction(): FullCompaction {
    return new FullCompaction({
      doc: this.#doc,
      changes: this.#changes,
      origin: this,
      stateBytes: () => this.stateBytes(),
      integrate: (update, isLoading) => this.#integrate([update], isLoading ? [LOADING] : []),
      onSwitched: (bytes) => this.#size.restart(bytes),
      onNamed: () => this.recording?.named(),
      onRenumbered: () => this.recording?.invalidate(),
      onLocalChange: () => this.#options.onLocalChange(),
      onObserverError: (error) => this.#reportObserverError(error),
      onEpoch: (change) => this.#tell(() => this.#options.onEpoch?.(change)),
      onOrphaned: (document) => this.#tell(() => this.#options.onOrphaned?.(document)),
    })
  }

  /** In one transaction. @param marks of it. */
  #integrate(updates: readonly Uint8Array[], marks: readonly symbol[]): void {
    // Yjs would join the open transaction, and these changes would take its origin and leave again as local ones.
    if (this.#doc._transaction !== null)
      throw new Error('An update arrived within a transaction of the application')
    const parkedByOthers = isParked(this.#doc.store)
    let integrated = false
    try {
      Y.transact(
        this.#doc,
        (transaction) => {
          for (const mark of marks) transaction.meta.set(mark, true)
          if (parkedByOthers) transaction.meta.set(MAY_FREE_OTHERS, true)
          for (const update of updates) {
            if (marks.includes(RESTORING)) fillBelow(this.#doc, update)
            Y.applyUpdate(this.#doc, update, this)
          }
          integrated = true
        },
        this,
        false,
      )
    } catch (error) {
      if (!integrated) throw error
      this.#reportObserverError(error)
    }
    if (!parkedByOthers && isParked(this.#doc.store)) {
      throw new ParkedUpdateError('Yjs did not integrate an update that had passed the gate')
    }
  }

  /** What the application does wrong must not stop what is under way. */
  #tell(listener: () => void): void {
    try {
      listener()
    } catch (error) {
      this.#reportObserverError(error)
    }
  }

  #reportObserverError(error: unknown): void {
    if (this.#options.onObserverError === undefined) void Promise.reject(error)
    else this.#options.onObserverError(error)
  }

  #isOwn(transaction: Y.Transaction): boolean {
    return transaction.origin === this
  }

  readonly #findIllFormed = (transaction: Y.Transaction): void => {
    this.#illFormed = this.#isOwn(transaction) ? [] : illFormedItems(transaction)
  }

  /**
   * Yjs deletes formatting marks that have no effect after each change from elsewhere. Half a state is full of
   * marks whose text is yet to come: the clean-up would take them out for everybody.
   */
  readonly #suppressCleanup = (transaction: Y.Transaction): void => {
    if (this.#isOwn(transaction) && transaction.meta.has(LOADING)) transaction._needFormattingCleanup = false
  }

  readonly #record = (transaction: Y.Transaction): void => {
    this.#size.noteDeletions(transaction)
    if (!transaction.meta.has(RESTORING)) this.recording?.record(transaction)
    if (this.#isOwn(transaction) && !transaction.meta.has(MAY_FREE_OTHERS)) return
    if (this.#full !== undefined) this.#noteForeign(transaction)
    this.#checkShareable(transaction)
    if (this.#full?.isSwitching) return
    if (this.#changes.record(transaction)) this.#hasNews = true
  }

  /**
   * Not earlier: while Yjs cleans up, observers of a new transaction are called after all others, and each would see
   * what all of them have done.
   */
  readonly #announce = (): void => {
    this.recording?.announce()
    if (!this.#hasNews) return
    this.#hasNews = false
    this.#options.onLocalChange()
  }

  #noteForeign({ local, origin }: Y.Transaction): void {
    if (local || origin === this || this.#foreignOrigins.has(origin)) return
    this.#foreignOrigins.add(origin)
    this.#options.onForeign?.(origin)
  }

  #checkShareable(transaction: Y.Transaction): void {
    if (this.#illFormed.length > 0 && repair(this.#doc.store, this.#illFormed)) {
      this.#options.onWarning?.('Text with half a surrogate pair was typed; the half has become U+FFFD')
    }
    this.#illFormed = []
    for (const keys of transaction.changed.values()) {
      if (keys.has('__proto__')) this.#options.onWarning?.('The key __proto__ was set; nobody will accept it')
    }
  }
}
