/**
 * Executing a cut, a little at a time.
 *
 * On the side grow the document at the cut (the old base and what lies below), its canonical form, and from that the
 * document after the cut (the new base and what lies above). The live document stays in its epoch, is edited and
 * receives operations, until `commit` moves the new structure into it in one go.
 *
 * Invariants: the live document is not touched before `commit`. What is made from `below` depends on nothing but the
 * old base and `below`, so it is the same at every replica. A step's size is counted in operations and bytes, never
 * in time; whoever has a clock has several done in a row. The first document is kept, for operations of its naming,
 * until nobody can send one any more.
 */
import type { Cut, CutResult, CutWork, NamedPayload, Naming } from '@tidemark/core'
import { type Base, Crossing, flattenInSteps, Rebuilding } from '../renumbering/index.js'
import { freeBaseClient } from './base-client.js'
import { Fingerprint } from './fingerprint.js'
import { bytesOf, type History, presentNaming } from './history.js'
import { readInto } from './incoming.js'
import { nameTheirPast } from './own-past.js'
import { packTable } from './table-chain.js'

/** What a step takes of operations: below a millisecond, even where each splits an item of a document of megabytes. */
const OPERATIONS_PER_STEP = 8
const BYTES_PER_STEP = 16 * 1024

export interface PreparedCut {
  readonly history: History
  /** From the epoch before to this one. */
  readonly crossing: Crossing
  /** The document after the cut, everything above it included. */
  readonly rebuilding: Rebuilding
  /** Of base and operations; together they take less. */
  readonly bytes: number
  /** Nothing lies above the cut. */
  readonly isAllBelow: boolean
  /** Every operation counts. One that does not may count in the live document, which got them in another order. */
  readonly sameOperations: boolean
  /** Clocks in the new base of formatting marks without effect. */
  readonly idleMarks: readonly number[]
}

export interface CutHost {
  readonly canSwitch: boolean
  /** The live document lacks an operation: whether it counts depends on the order, as it names what its author had not seen. */
  readonly hasRefused: boolean
  /** Moves the structure into the live document. */
  switchTo(prepared: PreparedCut): CutResult
}

export class YjsCutWork implements CutWork {
  readonly #host: CutHost
  readonly #old: History
  readonly #cut: Cut
  #preparation: Generator<void, void, void> | undefined
  #next: Pick<PreparedCut, 'history' | 'crossing' | 'rebuilding' | 'idleMarks'> | undefined
  #fingerprint: Uint8Array | undefined
  #aboveDone = 0
  /** Operations above the cut tell of the same things, and did not come in total order. */
  #isTangled = false
  #hasRefused = false
  #aboveBytes = 0
  #isOver = false

  constructor(host: CutHost, old: History, cut: Cut) {
    const { lineage, epoch } = presentNaming(old)
    if (cut.lineage !== lineage || cut.epoch !== epoch + 1) {
      throw new Error(`A cut to epoch ${cut.epoch} of ${cut.lineage} in epoch ${epoch} of ${lineage}`)
    }
    this.#host = host
    this.#old = old
    this.#cut = cut
    this.#preparation = this.#prepareNext()
  }

  /** To be called when another cut or a load begins, or after the commit: this one will never be committed. */
  abandon(): void {
    this.#isOver = true
    this.#preparation = undefined
    this.#next = undefined
  }

  prepare(): boolean {
    this.#assertAlive()
    if (this.#preparation !== undefined) {
      if (this.#preparation.next().done) this.#preparation = undefined
      return false
    }
    this.#integrateAbove(OPERATIONS_PER_STEP, BYTES_PER_STEP)
    return this.#isPrepared
  }

  get fingerprint(): Uint8Array {
    if (this.#fingerprint === undefined) throw new Error('The cut is not prepared yet')
    return this.#fingerprint
  }

  get canCommit(): boolean {
    return (
      !this.#isOver && this.#next !== undefined && this.#preparation === undefined && this.#host.canSwitch
    )
  }

  commit(): CutResult {
    this.#assertAlive()
    if (!this.canCommit || this.#next === undefined) throw new Error('The cut can not be committed now')
    this.#integrateAbove(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)
    if (this.#isTangled || this.#hasRefused || this.#host.hasRefused) this.#untangle(this.#next)
    const { history } = this.#next
    const bytes = history.baseBytes + this.#aboveBytes
    const isAllBelow = this.#cut.above.length === 0
    const result = this.#host.switchTo({
      ...this.#next,
      bytes,
      isAllBelow,
      sameOperations: !this.#hasRefused,
    })
    this.abandon()
    return result
  }

  get #isPrepared(): boolean {
    return this.#preparation === undefined && this.#aboveDone === this.#cut.above.length
  }

  #assertAlive(): void {
    if (this.#isOver) throw new Error('The cut was abandoned or is committed')
  }

  *#prepareNext(): Generator<void, void, void> {
    const { pieces, crossing, client, idleMarks } = yield* this.#flattenBelow()
    const fingerprint = new Fingerprint()
    for (const piece of pieces) {
      fingerprint.add(piece)
      yield
    }
    const packed = yield* packTable(crossing.table)
    const history = this.#historyAfter(pieces, crossing, client, packed)
    yield
    const rebuilding = new Rebuilding()
    for (const piece of pieces) {
      rebuilding.add(piece)
      yield
    }
    this.#fingerprint = fingerprint.bytes
    this.#next = { history, crossing, rebuilding, idleMarks }
  }

  *#flattenBelow(): Generator<void, Base & Pick<PreparedCut, 'crossing' | 'idleMarks'>, void> {
    const shadow = new Rebuilding()
    for (const piece of this.#old.pieces) {
      shadow.add(piece)
      yield
    }
    const { below } = this.#cut
    const late = this.#crossingFor(below)
    for (let at = 0; at < below.length; ) {
      const end = batchEnd(below, at, OPERATIONS_PER_STEP, BYTES_PER_STEP)
      const batch = below.slice(at, end)
      shadow.together(() => {
        for (const operation of batch) this.#integrateBelow(shadow, operation, late)
      })
      at = end
      yield
    }
    const client = freeBaseClient(this.#cut, shadow.doc.store.clients)
    const { pieces, table, idleMarks } = yield* flattenInSteps(shadow.doc, client)
    return { pieces, client, crossing: new Crossing(shadow.doc, table), idleMarks }
  }

  /** Copied only where it makes a difference: that takes as long as there is in it, in one step. */
  #crossingFor(below: readonly NamedPayload[]): Crossing | undefined {
    const { crossing } = this.#old
    if (crossing === undefined) return undefined
    const { epoch } = presentNaming(this.#old)
    const late = below.filter((operation) => operation.epoch !== epoch)
    const isAsCarried = crossing.twins === 0 && nameTheirPast(late, crossing.table)
    return isAsCarried ? crossing : crossing.pristine()
  }

  #integrateBelow(shadow: Rebuilding, operation: NamedPayload, crossing: Crossing | undefined): void {
    const incoming = readInto(operation, presentNaming(this.#old), crossing, shadow.doc)
    if (incoming === undefined) this.#hasRefused = true
    else shadow.add(incoming.update, incoming.contents.sections)
  }

  #integrateAbove(operations: number, bytes: number): void {
    if (this.#next === undefined) throw new Error('The cut is not prepared yet')
    const { crossing, rebuilding } = this.#next
    const { above } = this.#cut
    const end = batchEnd(above, this.#aboveDone, operations, bytes)
    const batch = above.slice(this.#aboveDone, end)
    rebuilding.together(() => this.#integrateInto(rebuilding, crossing, batch))
    this.#aboveDone = end
  }

  #integrateInto(rebuilding: Rebuilding, crossing: Crossing, batch: readonly NamedPayload[]): void {
    for (const operation of batch) {
      const { twins } = crossing
      const incoming = readInto(operation, this.#naming, crossing, rebuilding.doc)
      if (incoming === undefined) {
        this.#hasRefused = true
        continue
      }
      const { update, contents } = incoming
      this.#aboveBytes += update.length
      if (rebuilding.add(update, contents.sections) || crossing.twins > twins) this.#isTangled = true
    }
  }

  #untangle(next: Pick<PreparedCut, 'history' | 'crossing' | 'rebuilding' | 'idleMarks'>): void {
    const crossing = next.crossing.pristine()
    const rebuilding = new Rebuilding()
    for (const piece of next.history.pieces) rebuilding.add(piece)
    rebuilding.together(() => {
      for (const operation of inTotalOrder(this.#cut.above)) {
        const incoming = readInto(operation, this.#naming, crossing, rebuilding.doc)
        if (incoming === undefined) this.#hasRefused = true
        else rebuilding.add(incoming.update, incoming.contents.sections)
      }
    })
    this.#next = { ...next, crossing, rebuilding, history: { ...next.history, crossing } }
  }

  /** That the cut leads to. */
  get #naming(): Naming {
    const { lineage, epoch } = this.#cut
    return { lineage, epoch }
  }

  #historyAfter(
    pieces: readonly Uint8Array[],
    crossing: Crossing,
    client: number,
    packed: Uint8Array,
  ): History {
    const { table } = crossing
    const { namings, chain, lineages } = this.#old
    const baseBytes = bytesOf(pieces)
    return {
      namings: [{ lineage: this.#cut.lineage, epoch: this.#cut.epoch }],
      pieces,
      baseBytes,
      client,
      table,
      crossing,
      chain: chain.with({ from: namings, packed }, baseBytes),
      lineages,
    }
  }
}

/** Where it is not told where one comes from, they stay as they came. */
function inTotalOrder(operations: readonly NamedPayload[]): readonly NamedPayload[] {
  if (operations.some(({ origin }) => origin === undefined)) return operations
  return operations.toSorted(({ origin: a }, { origin: b }) => {
    if (a === undefined || b === undefined) return 0
    return a.clock - b.clock || (a.author < b.author ? -1 : a.author > b.author ? 1 : 0)
  })
}

/** How far a step goes from `start`: at least one operation, if there is any. */
function batchEnd(list: readonly NamedPayload[], start: number, operations: number, bytes: number): number {
  let end = start
  for (let taken = 0; end < list.length && end - start < operations && taken < bytes; end++) {
    taken += list[end]?.payload.length ?? 0
  }
  return end
}
