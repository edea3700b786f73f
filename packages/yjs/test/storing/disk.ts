/** What stands in for a store in these tests: the records of one document, written whenever it is asked for. */
import * as Y from 'yjs'
import { OutdatedError, readStored, type StoredDocument, YjsStructure } from '../../src/index.js'

/** Small, so that a rewriting takes several steps. */
const PIECE_BYTES = 300

export class Disk {
  readonly #structure: YjsStructure
  #records: Uint8Array[] = []
  #rewriting: { readonly from: Iterator<Uint8Array>; readonly records: Uint8Array[] } | undefined
  rewritings = 0
  /** Those that were overtaken by a renumbering. */
  vain = 0

  constructor(structure: YjsStructure) {
    this.#structure = structure
  }

  get #recording() {
    const { recording } = this.#structure
    if (recording === undefined) throw new Error('Nothing is recorded')
    return recording
  }

  /** Does a part of what there is to be done. What is taken while a rewriting is under way goes behind it. */
  write(steps = 1): void {
    for (let left = steps; left > 0; left--) this.#step()
  }

  writeAll(): void {
    while (this.#rewriting !== undefined || this.#recording.isOutdated) this.#step()
    this.#step()
  }

  #step(): void {
    if (this.#rewriting !== undefined) this.#rewriteOn(this.#rewriting)
    else if (this.#recording.isOutdated) {
      this.#rewriting = { from: this.#recording.rewrite(PIECE_BYTES)[Symbol.iterator](), records: [] }
    } else this.#records.push(...this.#recording.take())
  }

  #rewriteOn({
    from,
    records,
  }: {
    readonly from: Iterator<Uint8Array>
    readonly records: Uint8Array[]
  }): void {
    try {
      const next = from.next()
      if (!next.done) return void records.push(next.value)
      this.#records = records
      this.rewritings++
    } catch (error) {
      if (!(error instanceof OutdatedError)) throw error
      this.vain++
    }
    this.#rewriting = undefined
  }

  /** What would be found after a crash at this moment; undefined if nothing has been written yet. */
  get stored(): StoredDocument | undefined {
    if (this.#records.length === 0) return undefined
    const stored = readStored(this.#records.map((record) => record.slice()))
    if (typeof stored === 'string') throw new Error(stored)
    return stored
  }
}

/** A new document, from what is stored. */
export function restored(stored: StoredDocument, onOrphaned: (document: Y.Doc) => void = () => {}) {
  const doc = new Y.Doc()
  const structure = new YjsStructure(doc, {
    compaction: stored.history === undefined ? 'fixed' : 'full',
    onLocalChange: () => {},
    onOrphaned,
    onUnsaved: () => {},
  })
  const steps = structure.storing.restore(stored)
  let step = steps.next()
  while (!step.done) step = steps.next()
  if (step.value !== undefined) throw new Error(step.value)
  return { doc, structure }
}
