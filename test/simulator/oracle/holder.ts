/**
 * What one device has, under whatever id it takes part: the actions in its document, and what of them it has yet
 * to tell. Learns it by standing between the core and the structure.
 */
import type {
  Cut,
  CutResult,
  CutWork,
  Epochs,
  NamedPayload,
  Naming,
  Origin,
  StatePiece,
  Structure,
} from '@tidemark/core'
import type { Model, Stored } from '../models/model.js'
import { type ActionId, inserts, isRemoval, removes, type TokenBook } from '../models/tokens.js'
import type { Coverage } from './coverage.js'
import type { Held, Ledger } from './ledger.js'
import { Unsent } from './unsent.js'
import { Violation } from './violation.js'

/** What a sponsor had when it began to encode its state. */
export interface Snapshot {
  readonly by: Holder
  readonly ledger: Ledger
  readonly held: Held
  readonly epoch: number
  /** Updates that the newcomer applies itself, behind the base. */
  readonly above: number
  readonly actions: ReadonlySet<ActionId>
  /** Of the sponsor's twin. */
  readonly plain: Uint8Array | undefined
}

/** Who is told what passes between core and structure. */
export interface Watcher {
  takeSnapshot(by: Holder): Snapshot
  /** It is about to switch. */
  commits(by: Holder, cut: Cut, fingerprint: Uint8Array): void
  /** It has switched. */
  committed(by: Holder): void
  /** A cut is about to be executed, in steps. */
  begins?(by: Holder): void
}

/** What is stored of a device, and what of it its user had not told then. */
export interface Memory {
  readonly document: Stored
  readonly actions: ReadonlySet<ActionId>
  readonly untold: readonly ActionId[]
}

/** Number of the state, and whether it ends here. */
const HEADER_BYTES = 5

export class Holder implements Structure {
  readonly name: string
  readonly model: Model
  actions = new Set<ActionId>()
  /** What came from a sponsor and is complete. */
  installed: Snapshot | undefined
  readonly epochs?: Epochs
  /** A cut is being executed. */
  isCutting = false
  private readonly book: TokenBook
  private readonly snapshots: Snapshot[]
  private readonly watcher: Watcher
  private readonly coverage: Coverage
  private readonly unsent: Unsent
  private taken: { readonly actions: readonly ActionId[]; readonly plain: Uint8Array | undefined } | undefined
  private loading: Snapshot | 'begun' | undefined
  private namingBefore: Naming | undefined
  private ledBackBefore = false
  private isComplete = false
  private appliedAbove = 0
  private isUnconfirmed = false
  private isOrphaned = false
  private holdsMore = false
  private openStates = 0

  constructor(
    name: string,
    model: Model,
    book: TokenBook,
    snapshots: Snapshot[],
    watcher: Watcher,
    coverage: Coverage,
  ) {
    this.name = name
    this.model = model
    this.book = book
    this.unsent = new Unsent(book)
    this.snapshots = snapshots
    this.watcher = watcher
    this.coverage = coverage
    const { epochs } = model.structure
    if (epochs) this.epochs = new WatchedEpochs(this, epochs, watcher)
  }

  /** Whose state is being loaded. */
  get source(): Snapshot | undefined {
    return this.loading === 'begun' ? undefined : this.loading
  }

  get isLoading(): boolean {
    return this.loading !== undefined
  }

  get hasUnsent(): boolean {
    return this.unsent.pending.length > 0
  }

  get naming(): Naming | undefined {
    return this.epochs?.namings[0]
  }

  /** Whether no table is lost: back to where nothing had been renumbered yet. */
  private get leadsBack(): boolean {
    const { namings = [], origins = [] } = this.epochs ?? {}
    return [...namings, ...origins].at(-1)?.epoch === 0
  }

  /** Several have brought the same (rule LI7). */
  meetsTwins(): void {
    this.book.hasTwins = true
    this.coverage.count('documents made anew because of twins')
  }

  userDid(actions: readonly ActionId[]): void {
    const sizeAfter = new Set([...this.actions, ...actions]).size
    for (const action of actions) {
      const token = this.book.tokens[action >> 1]
      if (token && !isRemoval(action)) token.by = { known: this.actions, size: this.actions.size, sizeAfter }
      this.actions.add(action)
      this.book.performed.add(action)
    }
    this.unsent.pending.push(...actions)
    if (actions.length > 0 && this.openStates > 0) this.coverage.met('sponsor typed during join')
  }

  /** Undefined while it can not be stored as what it is, or never is. */
  store(): Memory | undefined {
    const { model, actions, unsent } = this
    if (!model.store || this.isLoading || this.isCutting || this.holdsMore) return undefined
    return { document: model.store(), actions: new Set(actions), untold: unsent.all }
  }

  /** The process begins with what was stored. */
  restore({ document, actions, untold }: Memory): void {
    this.model.restore?.(document)
    this.actions = new Set(actions)
    this.unsent.restore(untold)
  }

  /** What the operation made of the last `takeLocalChange` carries. */
  changeTaken(): { readonly actions: readonly ActionId[]; readonly plain: Uint8Array | undefined } {
    const { taken } = this
    if (!taken) throw new Error(`${this.name} made an operation of nothing`)
    this.taken = undefined
    return taken
  }

  received(actions: readonly ActionId[], plain: Uint8Array | undefined): void {
    if (this.openStates > 0) this.coverage.met('state read while operations came in')
    for (const action of actions) {
      this.actions.add(action)
      this.unsent.hear(action)
    }
    if (plain) this.model.twin?.apply(plain)
  }

  /** It is in the room, with what it installed and what came since. */
  joined(): void {
    this.isUnconfirmed = false
  }

  /** A lineage begins with whatever it holds, changes that were to be sent included. */
  foundsWith(): void {
    this.unsent.forget()
  }

  /** It has founded a room with whatever it holds. */
  founded(): void {
    this.learnFromContent()
    this.installed = undefined
  }

  /** This identity is over. A state that was installed and not confirmed may hold more than its snapshot lists. */
  identityEnds(): void {
    if (this.isUnconfirmed) this.becomeUncertain()
    this.isUnconfirmed = false
    this.isCutting = false
  }

  /** What this device had and the room had not is left to its user. */
  orphaned(): void {
    this.isOrphaned = true
    this.book.hasOrphans = true
    this.coverage.met('content orphaned')
  }

  // ------------------------------------------------------------------ between core and structure

  apply(payload: Uint8Array, epoch: number, origin?: Origin): string | undefined {
    const present = this.naming?.epoch ?? 0
    if (this.isLoading) this.appliedAbove++
    if (epoch < present && !this.isLoading) this.coverage.met('operation applied an epoch late')
    else if (epoch < present) this.coverage.met('operation applied an epoch late while joining')
    return this.model.structure.apply(payload, epoch, origin)
  }

  takeLocalChange(): Uint8Array | undefined {
    const payload = this.model.structure.takeLocalChange()
    if (payload) {
      if (this.unsent.carried.length > 0) this.coverage.met('returned with edits')
      if (this.isCutting) this.coverage.met('local change taken at the switch')
      this.taken = { actions: this.unsent.all, plain: this.model.twin?.take() }
    } else if (!this.unsent.leaveUntold(this.installed?.actions)) {
      throw new Violation('nothing lost', `${this.name} typed something, but there is nothing to send`)
    }
    this.unsent.forget()
    return payload
  }

  encodeState(pieceBytes: number, tablesFrom?: number): Iterator<StatePiece, undefined> {
    const present = this.naming?.epoch ?? 0
    if (tablesFrom !== undefined && tablesFrom < present) this.coverage.met('tables sent to a newcomer')
    const number = this.snapshots.push(this.watcher.takeSnapshot(this)) - 1
    return this.labelled(this.model.structure.encodeState(pieceBytes, tablesFrom), number)
  }

  beginLoad(): void {
    if (this.loading) throw new Violation('admission', `${this.name} loads two states at once`)
    this.isComplete = false
    this.appliedAbove = 0
    this.isCutting = false
    this.loading = 'begun'
    this.installed = undefined
    this.namingBefore = this.naming
    this.ledBackBefore = this.leadsBack
    this.model.structure.beginLoad()
  }

  loadPiece(bytes: Uint8Array): string | undefined {
    const number = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
    const snapshot = this.snapshots[number]
    if (!snapshot || (this.source && this.source !== snapshot)) {
      throw new Violation('admission', `${this.name} was given pieces of different states`)
    }
    // What is shown of a state that is still coming in can be typed into.
    if (!this.source && snapshot.plain && !this.model.keepsNoHalves) this.model.twin?.apply(snapshot.plain)
    this.loading = snapshot
    this.isComplete = bytes[HEADER_BYTES - 1] === 1
    return this.model.structure.loadPiece(bytes.subarray(HEADER_BYTES))
  }

  endLoad(isWhole: boolean): string | undefined {
    this.isOrphaned = false
    const refusal = this.model.structure.endLoad(isWhole)
    const { source } = this
    const isComplete = this.isComplete && (isWhole || !this.model.keepsNoHalves)
    this.loading = undefined
    if (isComplete && source && this.appliedAbove === source.above) {
      if (this.model.keepsNoHalves && source.plain) this.model.twin?.apply(source.plain)
      this.installed = source
      this.isUnconfirmed = true
    } else {
      this.coverage.met('load abandoned half way')
      if (!this.model.keepsNoHalves) this.becomeUncertain()
    }
    // Such a one tells what it has in the names of its last epoch: nobody can tell any more what it is. So does one from
    // elsewhere whose sponsor has lost tables, even if others in the room have them.
    const isFromElsewhere = this.namingBefore?.lineage !== this.naming?.lineage
    if (this.namingBefore !== undefined && (!this.ledBackBefore || (isFromElsewhere && !this.leadsBack)))
      this.book.hasGuests = true
    if (this.isOrphaned && this.ledBackBefore && this.leadsBack && !this.book.hasGuests)
      throw new Violation('nothing lost', `${this.name} can not place what it has, though no table is lost`)
    if (this.isOrphaned) this.actions = new Set()
    this.unsent.forget([...this.actions].filter((action) => !this.installed?.actions.has(action)))
    for (const action of this.installed?.actions ?? []) this.actions.add(action)
    this.noteCarried()
    this.model.twin?.carry()
    this.noteReturn()
    this.learnFromContent()
    return refusal
  }

  stateBytes(): number {
    return this.model.structure.stateBytes()
  }

  private noteCarried(): void {
    const { carriedBy } = this.book
    const { carried } = this.unsent
    const isBrought = (action: ActionId) => (carriedBy.get(action) ?? this.name) !== this.name
    if (carried.some(isBrought)) {
      this.coverage.met('two brought the same edits back')
      // Twins (rule LI7), even if everybody gets them in total order and makes nothing anew.
      this.book.hasTwins = true
    }
    for (const action of carried) carriedBy.set(action, this.name)
  }

  /** From one epoch into another, or even from another history. */
  private noteReturn(): void {
    const { namingBefore: before, naming } = this
    if (!before || !naming) return
    const isFromElsewhere = before.lineage !== naming.lineage && before.epoch + naming.epoch > 0
    // What it brings along is told by what it has, even if its sponsor left before the last operation.
    if (isFromElsewhere && !(this.ledBackBefore && this.leadsBack)) this.book.hasForgotten = true
    if (!this.installed) return
    if (before.lineage !== naming.lineage) {
      if (!isFromElsewhere) return
      this.coverage.met('histories met after a cut')
      this.book.hasMet = true
    } else if (before.epoch < naming.epoch) {
      this.coverage.met('returned across a cut')
      if (before.epoch + 1 < naming.epoch) this.coverage.met('returned several epochs behind')
      if (this.unsent.carried.length === 0) return
      this.coverage.met('returned with edits across a cut')
      if (before.epoch + 1 < naming.epoch) this.coverage.met('returned with edits across several cuts')
    }
  }

  /** Each piece says which state it is of. */
  private *labelled(
    pieces: Iterator<StatePiece, undefined>,
    number: number,
  ): Generator<StatePiece, undefined> {
    this.openStates++
    for (let piece = pieces.next(); piece.value; piece = pieces.next()) {
      const bytes = new Uint8Array(HEADER_BYTES + piece.value.bytes.length)
      const isLast = piece.value.progress >= 1
      new DataView(bytes.buffer).setUint32(0, number)
      bytes[HEADER_BYTES - 1] = isLast ? 1 : 0
      bytes.set(piece.value.bytes, HEADER_BYTES)
      if (isLast) this.openStates--
      yield { bytes, progress: piece.value.progress }
    }
    return undefined
  }

  private becomeUncertain(): void {
    this.holdsMore = true
    this.book.isUncertain = true
    this.learnFromContent()
  }

  /** States without a join behind them have brought actions that nobody listed. */
  private learnFromContent(): void {
    if (!this.holdsMore) return
    const there = new Set([...this.model.shown(), ...(this.model.unnamed?.() ?? [])])
    for (const token of this.book.tokens) {
      if (there.has(token.id)) this.actions.add(inserts(token.id))
      else if (this.book.isShown(token, this.actions)) this.actions.add(removes(token.id))
    }
  }
}

/** Stands between the core and the structure where cuts are executed. */
class WatchedEpochs implements Epochs {
  private readonly holder: Holder
  private readonly inner: Epochs
  private readonly watcher: Watcher

  constructor(holder: Holder, inner: Epochs, watcher: Watcher) {
    this.holder = holder
    this.inner = inner
    this.watcher = watcher
  }

  get namings(): readonly Naming[] {
    return this.inner.namings
  }

  get origins(): readonly Naming[] {
    return this.inner.origins
  }

  get baseBytes(): number {
    return this.inner.baseBytes
  }

  found(lineage: string): void {
    this.inner.found(lineage)
    this.holder.foundsWith()
  }

  enter(namings: readonly Naming[]): void {
    this.inner.enter(namings)
  }

  reaches(naming: Naming): boolean {
    return this.inner.reaches(naming)
  }

  weight(payload: Uint8Array): number {
    return this.inner.weight(payload)
  }

  settle(): void {
    this.inner.settle()
  }

  tidy(): void {
    this.inner.tidy?.()
  }

  get isTangled(): boolean {
    return this.inner.isTangled ?? false
  }

  untangle(operations: readonly NamedPayload[]): void {
    this.holder.meetsTwins()
    this.inner.untangle?.(operations)
  }

  begin(cut: Cut): CutWork {
    this.holder.isCutting = true
    this.watcher.begins?.(this.holder)
    return new WatchedWork(this.holder, this.watcher, cut, this.inner.begin(cut))
  }
}

class WatchedWork implements CutWork {
  private readonly holder: Holder
  private readonly watcher: Watcher
  private readonly cut: Cut
  private readonly inner: CutWork

  constructor(holder: Holder, watcher: Watcher, cut: Cut, inner: CutWork) {
    this.holder = holder
    this.watcher = watcher
    this.cut = cut
    this.inner = inner
  }

  prepare(): boolean {
    return this.inner.prepare()
  }

  get fingerprint(): Uint8Array {
    return this.inner.fingerprint
  }

  get canCommit(): boolean {
    return this.inner.canCommit
  }

  commit(): CutResult {
    const { holder, watcher, cut, inner } = this
    watcher.commits(holder, cut, inner.fingerprint)
    holder.isCutting = false
    const result = inner.commit()
    watcher.committed(holder)
    return result
  }
}
