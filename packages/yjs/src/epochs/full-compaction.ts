/**
 * History that can be cut, for one live document: its base, the tables of past cuts, the cut or load under way.
 *
 * Invariant: the live document is always in the present naming, except while a state is being loaded into it. At most
 * one of a cut and a load is under way.
 */
import type { Cut, CutResult, CutWork, Epochs, NamedPayload, Naming, StatePiece } from '@tidemark/core'
import type * as Y from 'yjs'
import {
  deleteMarks,
  fitInto,
  type IdTranslation,
  Rebuilding,
  Redone,
  type Starts,
  translateRelativePosition,
} from '../renumbering/index.js'
import { StatePieces } from '../state-pieces.js'
import { isParked } from '../store.js'
import { newAuthorClient } from './base-client.js'
import { type CutHost, type PreparedCut, YjsCutWork } from './cut-work.js'
import { restoreNames } from './earlier-names.js'
import { foreignNames, type RenameId, renameAuthors, renamePosition } from './foreign-names.js'
import type { EpochChange, FullHost } from './full-host.js'
import { giveStructure } from './give-structure.js'
import {
  bytesOf,
  type History,
  joinedLineages,
  linksFrom,
  linksToSend,
  NO_HISTORY,
  originsOf,
  presentNaming,
} from './history.js'
import { readPayload } from './incoming.js'
import { madeAnew } from './making-anew.js'
import { carryInto, copyOf, FORGOTTEN, historyAfterReturn, UNCHANGED, wayBack } from './return.js'
import { RoomLoad } from './room-load.js'
import { StateSender } from './state-transfer.js'
import { sameNaming } from './table-chain.js'
import { UndoTracking } from './undo-tracking.js'
import { weightOf } from './weight.js'

/** As large as what the transport sends at once. */
const FOUNDING_PIECE_BYTES = 16 * 1024

/**
 * How a document's ids are to be understood belongs to the document: an application may keep it while it makes and
 * destroys what connects it.
 */
const HISTORIES = new WeakMap<Y.Doc, History>()

export class FullCompaction implements Epochs, CutHost {
  readonly undo: UndoTracking
  readonly #host: FullHost
  #history: History
  #work: YjsCutWork | undefined
  /** Undefined: no load is under way; the sponsor's name comes after it began. */
  #load: RoomLoad | 'unnamed' | undefined
  /** Something was taken as a local change that a base need not hold yet. */
  #hasAuthored: boolean
  #isSwitching = false
  /** Something came twice, and not in the order that counts. */
  #isTangled = false
  /** An operation was refused here since the last cut; in total order it may count. */
  #hasRefused = false
  /** How positions are led on by the table of the latest cut, for those who are an epoch behind. */
  #fromBefore: (Pick<EpochChange, 'translatePosition'> & { readonly table: IdTranslation }) | undefined
  /** Clocks in the base of formatting marks that have no effect in the live document, right after a cut. */
  #idleMarks: readonly number[] = []

  constructor(host: FullHost) {
    this.#host = host
    const history = HISTORIES.get(host.doc)
    // Whatever had the document before may have left something unsynced.
    this.#hasAuthored = history !== undefined
    this.#history = history ?? NO_HISTORY
    this.undo = new UndoTracking(host.onObserverError)
  }

  get namings(): readonly Naming[] {
    return this.#history.namings
  }

  get origins(): readonly Naming[] {
    return originsOf(this.#history)
  }

  get baseBytes(): number {
    return this.#history.baseBytes
  }

  get isLoading(): boolean {
    return this.#load !== undefined
  }

  /** What the document tells of edits now is told again, in the new naming. */
  get isSwitching(): boolean {
    return this.#isSwitching
  }

  /** What is to be stored of it. A state that is being loaded into the document itself counts as far as it is here. */
  get kept(): History {
    const load = this.#load
    return load instanceof RoomLoad && load.isStraight ? ofPart(load) : this.#history
  }

  /** The document is being filled with what was stored of it, whose ids mean this. */
  restore(history: History): void {
    this.#hasAuthored = true
    this.#remember(history)
  }

  /** Comes back to a document that is here as a whole. */
  returnTo(history: History, rebuilding: Rebuilding): void {
    if (this.#load !== undefined) throw new Error('Another state is being loaded')
    this.#finishReturn({ room: { history, rebuilding }, bytes: this.#host.stateBytes() })
  }

  found(lineage: string): void {
    if (this.#load !== undefined) throw new Error('A room was founded while a state is being loaded')
    this.#abandonWork()
    const pieces: Uint8Array[] = []
    const state = new StatePieces(this.#host.doc, FOUNDING_PIECE_BYTES)
    for (let next = state.next(); !next.done; next = state.next()) pieces.push(next.value.bytes)
    this.#host.changes.clear()
    this.#hasAuthored = false
    const { chain, lineages } = this.#history
    const baseBytes = bytesOf(pieces)
    const history: History = {
      namings: [{ lineage, epoch: 0 }, ...this.#history.namings],
      pieces,
      baseBytes,
      client: 0,
      table: undefined,
      crossing: undefined,
      chain,
      lineages: joinedLineages([lineage], lineages),
    }
    const isFirst = history.namings.length === 1
    if (isFirst || !this.canSwitch) return this.#become(history, baseBytes)
    // Where histories met, several may have told of one thing, each in its own way. What newcomers make of the pieces counts.
    const rebuilding = new Rebuilding()
    for (const piece of pieces) rebuilding.add(piece)
    this.#move({ doc: rebuilding.doc, history, bytes: baseBytes, sameOperations: false }, UNCHANGED)
  }

  reaches(naming: Naming): boolean {
    return linksFrom(this.#history, naming) !== undefined
  }

  settle(): void {
    this.#fromBefore = undefined
    this.#remember({ ...this.#history, table: undefined, crossing: undefined })
  }

  weight(payload: Uint8Array): number {
    return weightOf(payload)
  }

  apply(operation: NamedPayload): string | undefined {
    if (this.#load === 'unnamed') throw new Error('An operation came before its base')
    const refusal = this.#load === undefined ? this.#applyLive(operation) : this.#load.apply(operation)
    if (refusal !== undefined) this.#hasRefused = true
    return refusal
  }

  #applyLive(operation: NamedPayload): string | undefined {
    const { crossing } = this.#history
    const twins = crossing?.twins
    const incoming = readPayload(operation, this.#history, this.#host.doc)
    if (crossing?.twins !== twins) this.#isTangled = true
    if (typeof incoming === 'string') return incoming
    // In total order it comes to stand in the same place everywhere.
    if (incoming.contents.crossed !== undefined) this.#isTangled = true
    this.#integrate(incoming.update, false, incoming.contents.sections)
    return undefined
  }

  get isTangled(): boolean {
    return this.#isTangled && this.#load === undefined
  }

  untangle(operations: readonly NamedPayload[]): void {
    if (!this.isTangled || !this.canSwitch || !this.#host.changes.isEmpty) return
    const { rebuilding, history, bytes, hasRefused } = madeAnew(this.#history, operations)
    if (hasRefused) this.#hasRefused = true
    const mayLack = this.#hasRefused
    this.#move({ doc: rebuilding.doc, history, bytes, sameOperations: false, mayLack }, UNCHANGED)
  }

  noteTaken(): void {
    this.#hasAuthored = true
  }

  encodeState(pieceBytes: number, tablesFrom?: number): Iterator<StatePiece, undefined> {
    const links = linksToSend(this.#history, tablesFrom)
    // Whoever needs tables is among those who may get operations of the epoch before.
    const isLateExpected = tablesFrom !== undefined && tablesFrom < presentNaming(this.#history).epoch
    const crossing = isLateExpected ? this.#history.crossing : undefined
    return new StateSender(this.#history, links, crossing, pieceBytes)
  }

  beginLoad(): void {
    this.#abandonWork()
    this.#abortLoad()
    this.#load = 'unnamed'
  }

  enter(namings: readonly Naming[]): void {
    if (this.#load !== 'unnamed') throw new Error('A room was entered without a load')
    if (namings.length === 0) throw new Error('A room without a name was entered')
    const { doc } = this.#host
    // Where everything was deleted, and cut, there is nothing left but the tables that tell so.
    const isEmpty = doc.store.clients.size === 0 && this.#history.chain.links.length === 0
    const isStraight = isEmpty && doc._transaction === null
    const integrateLive = (update: Uint8Array, starts: Starts) => this.#integrate(update, true, starts)
    this.#load = new RoomLoad(doc, namings, isStraight ? integrateLive : undefined)
    if (isStraight) this.#host.onNamed()
  }

  loadPiece(bytes: Uint8Array): string | undefined {
    if (this.#load === undefined) throw new Error('A piece of a state arrived without a load')
    if (this.#load === 'unnamed') throw new Error('A piece of a state arrived before the name of its room')
    return this.#load.add(bytes)
  }

  endLoad(): undefined {
    if (this.#load === undefined) throw new Error('A load ended that had not begun')
    const load = this.#load
    if (load === 'unnamed' || !load.isComplete) {
      this.#abortLoad()
    } else if (load.isStraight) {
      this.#load = undefined
      this.#host.changes.dropBelow(load.reached)
      this.#become(load.room.history, load.bytes)
    } else {
      this.#load = undefined
      this.#finishReturn(load)
    }
  }

  begin(cut: Cut): CutWork {
    if (this.#load !== undefined) throw new Error('A cut began while a state is being loaded')
    this.#abandonWork()
    this.#work = new YjsCutWork(this, this.#history, cut)
    return this.#work
  }

  get canSwitch(): boolean {
    const { doc } = this.#host
    const isOpen = doc._transaction !== null || doc._transactionCleanups.length > 0
    return !isOpen && !isParked(doc.store)
  }

  get hasRefused(): boolean {
    return this.#hasRefused
  }

  switchTo(prepared: PreparedCut): CutResult {
    // What lay below the cut is in the base now: it must not be kept by the work that put it there.
    this.#work = undefined
    const { history, rebuilding, bytes, isAllBelow } = prepared
    const sameOperations = prepared.sameOperations && !this.#hasRefused
    const { table } = prepared.crossing
    const { doc, changes } = this.#host
    const bytesBefore = this.#host.stateBytes()
    const from = presentNaming(this.#history).epoch
    // A newcomer may not make operations yet: what its user did goes along, and stays a local change.
    if (!changes.isEmpty) carryInto({ rebuilding, client: history.client }, doc, table, changes)
    const next = { doc: rebuilding.doc, history, bytes, sameOperations, mayLack: !sameOperations }
    const moved = this.#move(next, table)
    this.#fromBefore = { table, translatePosition: moved.translatePosition }
    this.#hasRefused = !prepared.sameOperations
    const change = { from, to: from + 1, ...moved }
    // What is below a cut is everybody's.
    if (isAllBelow) this.#hasAuthored = false
    this.#idleMarks = isAllBelow && changes.isEmpty ? prepared.idleMarks : []
    this.#host.onEpoch(change)
    return { bytesBefore, bytesAfter: this.#host.stateBytes(), changedVisibly: change.changedVisibly }
  }

  /** Only of a document that is its base and nothing else it is known which marks have no effect. */
  tidy(): void {
    const { doc, changes, onObserverError } = this.#host
    const clocks = changes.isEmpty ? this.#idleMarks : []
    this.#idleMarks = []
    if (this.canSwitch) deleteMarks(doc, this.#history.client, clocks, onObserverError)
  }

  translatePosition(position: Y.RelativePosition, fromEpoch: number): Y.RelativePosition | null | undefined {
    const epoch = this.#history.namings[0]?.epoch
    if (fromEpoch === epoch) return position
    const { table } = this.#history
    if (epoch === undefined || fromEpoch !== epoch - 1 || table === undefined) return undefined
    const known = this.#fromBefore
    return known?.table === table
      ? known.translatePosition(position)
      : translateRelativePosition(position, table)
  }

  #integrate(update: Uint8Array, isLoading: boolean, starts: Starts): void {
    const fresh = fitInto(this.#host.doc, update, starts)
    if (fresh !== update) this.#isTangled = true
    this.#host.integrate(fresh, isLoading)
  }

  #become(history: History, bytes: number): void {
    this.#remember(history)
    this.#host.onSwitched(bytes)
    this.#host.onNamed()
  }

  #remember(history: History): void {
    this.#history = history
    HISTORIES.set(this.#host.doc, history)
  }

  #finishReturn(load: Pick<RoomLoad, 'room' | 'bytes'>): void {
    const { doc, changes } = this.#host
    const own = this.#history
    const { history: room, rebuilding } = load.room
    const way = wayBack({ history: own, store: doc.store }, { history: room, store: rebuilding.doc.store })
    const table = way.kind === 'lost' ? FORGOTTEN : way.table
    const [before] = own.namings
    let rename: RenameId = (id) => id
    if (way.kind === 'lost') {
      if (!this.#isKnownTo(room)) this.#host.onOrphaned(copyOf(doc))
      // Its clocks are used up, but not in this room.
      doc.clientID = newAuthorClient()
    } else if (way.inverse !== undefined) {
      rename = restoreNames(doc, way.inverse, this.undo.managers)
    } else if (way.kind === 'foreign' && before !== undefined && own.client !== 0) {
      rename = renameAuthors(doc, foreignNames(before, own.client), this.undo.managers)
    }
    const inverse = way.kind === 'lost' ? undefined : way.inverse
    carryInto({ rebuilding, client: room.client }, doc, table, changes, {
      isForeign: way.kind === 'foreign',
      inverse,
    })
    this.#hasAuthored = false
    const history = historyAfterReturn(own, room)
    const moved = this.#move(
      { doc: rebuilding.doc, history, bytes: load.bytes, sameOperations: false },
      table,
      rename,
    )
    const to = presentNaming(history).epoch
    const isSame = before !== undefined && history.namings.some((naming) => sameNaming(naming, before))
    if (!isSame) this.#host.onEpoch({ from: before?.epoch ?? 0, to, ...moved })
  }

  /** Whether the room has everything that is here: it is further on in our lineage, and nothing of ours is unsynced. */
  #isKnownTo(room: History): boolean {
    if (this.#hasAuthored || !this.#host.changes.isEmpty) return false
    const [own] = this.#history.namings
    const { lineage, epoch } = presentNaming(room)
    return own !== undefined && own.lineage === lineage && own.epoch <= epoch
  }

  /** Gives the live document the structure of another one, and what depends on ids the new ones. */
  #move(
    next: {
      readonly doc: Y.Doc
      readonly history: History
      readonly bytes: number
      readonly sameOperations: boolean
      readonly mayLack?: boolean
    },
    table: IdTranslation,
    rename: RenameId = (id) => id,
  ): Pick<EpochChange, 'translatePosition' | 'changedVisibly'> {
    const { changes, doc } = this.#host
    const redone = new Redone(doc.store)
    let isAnswered = false
    const onAnswer = (update: Uint8Array) => {
      isAnswered = true
      changes.add(update)
    }
    const { managers: undoManagers } = this.undo
    this.#isSwitching = true
    this.#isTangled = false
    const { sameOperations, mayLack = false } = next
    let changedVisibly: boolean
    try {
      changedVisibly = giveStructure(this.#host, next.doc, table, {
        undoManagers,
        redone,
        sameOperations,
        mayLack,
        onAnswer,
      })
    } finally {
      this.#isSwitching = false
    }
    const survivor: RenameId = (id) => redone.survivor(rename(id), table).id
    const translatePosition = (position: Y.RelativePosition) =>
      translateRelativePosition(renamePosition(position, survivor), table)
    this.#host.onRenumbered()
    this.#become(next.history, next.bytes)
    this.undo.translateMeta(translatePosition)
    if (isAnswered) this.#host.onLocalChange()
    return { translatePosition, changedVisibly }
  }

  #abortLoad(): void {
    const load = this.#load
    this.#load = undefined
    // The live document holds a part of that room's state: it is of that room until it enters another one.
    if (load instanceof RoomLoad && load.isStraight && load.holdsAny) this.#remember(ofPart(load))
  }

  #abandonWork(): void {
    this.#work?.abandon()
    this.#work = undefined
  }
}

/** Of a document that holds a part of a state. */
function ofPart({ namings, lineages }: RoomLoad): History {
  return { ...NO_HISTORY, namings, lineages }
}
