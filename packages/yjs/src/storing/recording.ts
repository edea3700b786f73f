/**
 * What of a document storage does not hold yet, whoever made it.
 *
 * As long as ids mean the same, what has changed is added to what is stored. Once the document is renumbered
 * (a cut, a return) nothing of that can stay: it is written anew, a piece at a time.
 *
 * Invariant: what was taken, in this order since the last rewriting began, makes the document as it was at the last take.
 */
import type * as Y from 'yjs'
import { type History, NO_HISTORY } from '../epochs/history.js'
import type { TableChain } from '../epochs/table-chain.js'
import { LocalChanges } from '../local-changes.js'
import { StatePieces } from '../state-pieces.js'
import { encodeMeaning, encodeTables, encodeUpdateRecord, updatePacking } from './stored-document.js'

/** Encoding and packing a piece is a short task; many records are more work than few. */
const PIECE_BYTES = 32 * 1024

/** The document was renumbered while it was written down, say: what there is of it is worth nothing. */
export class OutdatedError extends Error {
  override readonly name = 'OutdatedError'
}

export class Recording {
  readonly #doc: Y.Doc
  readonly #history: () => History | undefined
  readonly #onUnsaved: () => void
  readonly #changes = new LocalChanges()
  #hasNews = false
  #isMeaningUnsaved = false
  /** The tables that are stored, or have been taken to be. */
  #takenTables = NO_HISTORY.chain
  /** Whoever is reading a rewriting from before the last invalidation, reads in vain. */
  #invalidations = 0
  #isOutdated = true

  /** @param history what ids mean at the moment; undefined where they always mean the same. */
  constructor(doc: Y.Doc, history: () => History | undefined, onUnsaved: () => void) {
    this.#doc = doc
    this.#history = history
    this.#onUnsaved = onUnsaved
  }

  /** Only `rewrite` helps: nothing that is stored can stay. */
  get isOutdated(): boolean {
    return this.#isOutdated
  }

  record(transaction: Y.Transaction): void {
    if (this.#changes.record(transaction)) this.#hasNews = true
  }

  /** Once Yjs has cleaned up. */
  announce(): void {
    if (!this.#hasNews) return
    this.#hasNews = false
    this.#onUnsaved()
  }

  /** Ids stay what they are, and are called otherwise. */
  named(): void {
    this.#isMeaningUnsaved = true
    this.#onUnsaved()
  }

  /** What is stored is not to be relied on, or names ids that are gone; so is what is being rewritten. */
  invalidate(): void {
    this.#invalidations++
    this.#isOutdated = true
    this.#onUnsaved()
  }

  /** What is stored is the document as it is now. */
  isStored(): void {
    this.#begin()
    this.#takenTables = this.#history()?.chain ?? NO_HISTORY.chain
  }

  /** The records to be added to those that are stored. */
  take(): Uint8Array[] {
    if (this.#isOutdated) throw new Error('Nothing can be added to what is stored in an earlier naming')
    const records = this.#isMeaningUnsaved ? this.#takeMeaning() : []
    const update = this.#changes.take(this.#doc)
    if (update !== undefined) records.push(encodeUpdateRecord(update))
    return records
  }

  /**
   * The whole document as it is now, as records in the place of those that are stored; what changes while they are
   * read is taken later. @throws OutdatedError while they are read.
   */
  rewrite(pieceBytes = PIECE_BYTES): Iterable<Uint8Array> {
    this.#begin()
    const invalidations = this.#invalidations
    const meaning = this.#takeMeaning()
    const pieces = new StatePieces(this.#doc, pieceBytes)
    const isValid = () => invalidations === this.#invalidations
    return records(meaning, pieces, isValid)
  }

  #begin(): void {
    this.#changes.clear()
    this.#isMeaningUnsaved = false
    this.#isOutdated = false
    this.#takenTables = NO_HISTORY.chain
  }

  #takeMeaning(): Uint8Array[] {
    const history = this.#history()
    this.#isMeaningUnsaved = false
    const records = [encodeMeaning(history)]
    const tables: TableChain = history?.chain ?? NO_HISTORY.chain
    if (tables !== this.#takenTables) records.push(encodeTables(tables))
    this.#takenTables = tables
    return records
  }
}

function* records(
  meaning: readonly Uint8Array[],
  pieces: StatePieces,
  isValid: () => boolean,
): Generator<Uint8Array> {
  yield* meaning
  const packed = updatePacking()
  for (;;) {
    if (!isValid()) throw new OutdatedError('The document was renumbered while it was being written')
    const next = pieces.next()
    if (next.done) return
    yield packed(next.value.bytes)
  }
}
