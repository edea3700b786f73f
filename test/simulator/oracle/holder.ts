/**
 * What one device has, under whatever id it takes part: the actions in its document, and what of them it has yet
 * to tell. Learns it by standing between the core and the structure.
 */
import type { StatePiece, Structure } from '@tidemark/core'
import type { Model } from '../models/model.js'
import { type ActionId, inserts, removes, type TokenBook } from '../models/tokens.js'
import type { Coverage } from './coverage.js'
import type { Held, Ledger } from './ledger.js'
import { Violation } from './violation.js'

/** What a sponsor had when it began to encode its state. */
export interface Snapshot {
  readonly by: Holder
  readonly ledger: Ledger
  readonly held: Held
  readonly actions: ReadonlySet<ActionId>
}

/** Number of the state, and whether it ends here. */
const HEADER_BYTES = 5

export class Holder implements Structure {
  readonly name: string
  readonly model: Model
  readonly actions = new Set<ActionId>()
  /** What came from a sponsor and is complete. */
  installed: Snapshot | undefined
  private readonly book: TokenBook
  private readonly snapshots: Snapshot[]
  private readonly takeSnapshot: (by: Holder) => Snapshot
  private readonly coverage: Coverage
  private pending: ActionId[] = []
  private carried: ActionId[] | undefined
  private taken: ActionId[] | undefined
  private loading: Snapshot | 'begun' | undefined
  private isComplete = false
  private isUnconfirmed = false
  private holdsMore = false
  private openStates = 0

  constructor(
    name: string,
    model: Model,
    book: TokenBook,
    snapshots: Snapshot[],
    takeSnapshot: (by: Holder) => Snapshot,
    coverage: Coverage,
  ) {
    this.name = name
    this.model = model
    this.book = book
    this.snapshots = snapshots
    this.takeSnapshot = takeSnapshot
    this.coverage = coverage
  }

  /** Whose state is being loaded. */
  get source(): Snapshot | undefined {
    return this.loading === 'begun' ? undefined : this.loading
  }

  get isLoading(): boolean {
    return this.loading !== undefined
  }

  get hasUnsent(): boolean {
    return this.pending.length > 0
  }

  userDid(actions: readonly ActionId[]): void {
    for (const action of actions) {
      this.actions.add(action)
      this.book.performed.add(action)
    }
    this.pending.push(...actions)
    if (actions.length > 0 && this.openStates > 0) this.coverage.met('sponsor typed during join')
  }

  /** The actions that the operation made of the last `takeLocalChange` carries. */
  actionsTaken(): readonly ActionId[] {
    const { taken } = this
    if (!taken) throw new Error(`${this.name} made an operation of nothing`)
    this.taken = undefined
    return taken
  }

  received(actions: readonly ActionId[]): void {
    if (this.openStates > 0) this.coverage.met('state read while operations came in')
    for (const action of actions) this.actions.add(action)
  }

  /** It is in the room, with what it installed and what came since. */
  joined(): void {
    this.isUnconfirmed = false
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
  }

  // ------------------------------------------------------------------ between core and structure

  apply(payload: Uint8Array): string | undefined {
    return this.model.structure.apply(payload)
  }

  takeLocalChange(): Uint8Array | undefined {
    const payload = this.model.structure.takeLocalChange()
    if (payload) {
      if (this.carried && this.carried.length > 0) this.coverage.met('returned with edits')
      this.taken = [...(this.carried ?? []), ...this.pending]
    } else if (this.pending.length > 0) {
      throw new Violation('nothing lost', `${this.name} typed something, but there is nothing to send`)
    }
    this.carried = undefined
    this.pending = []
    return payload
  }

  encodeState(pieceBytes: number): Iterator<StatePiece, undefined> {
    const number = this.snapshots.push(this.takeSnapshot(this)) - 1
    return this.labelled(this.model.structure.encodeState(pieceBytes), number)
  }

  beginLoad(): void {
    if (this.loading) throw new Violation('admission', `${this.name} loads two states at once`)
    this.isComplete = false
    this.loading = 'begun'
    this.installed = undefined
    this.model.structure.beginLoad()
  }

  loadPiece(bytes: Uint8Array): string | undefined {
    const number = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
    const snapshot = this.snapshots[number]
    if (!snapshot || (this.source && this.source !== snapshot)) {
      throw new Violation('admission', `${this.name} was given pieces of different states`)
    }
    this.loading = snapshot
    this.isComplete = bytes[HEADER_BYTES - 1] === 1
    return this.model.structure.loadPiece(bytes.subarray(HEADER_BYTES))
  }

  endLoad(): void {
    this.model.structure.endLoad()
    const { source, isComplete } = this
    this.loading = undefined
    this.pending = []
    if (isComplete && source) {
      this.installed = source
      this.isUnconfirmed = true
    } else {
      this.coverage.met('load abandoned half way')
      this.becomeUncertain()
    }
    this.carried = [...this.actions].filter((action) => !this.installed?.actions.has(action))
    for (const action of this.installed?.actions ?? []) this.actions.add(action)
    this.learnFromContent()
  }

  fold(payloads: readonly Uint8Array[]): void {
    this.model.structure.fold(payloads)
  }

  stateBytes(): number {
    return this.model.structure.stateBytes()
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
    const shown = new Set(this.model.shown())
    for (const token of this.book.tokens) {
      if (shown.has(token.id)) this.actions.add(inserts(token.id))
      else if (this.book.isShown(token, this.actions)) this.actions.add(removes(token.id))
    }
  }
}
