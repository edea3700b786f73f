/**
 * A translation table as bytes, to be kept for those who come back later.
 *
 * What survives makes the new base, without a hole: so it is written in the order of the base, and where each run of it
 * goes need not be. What does not survive is the rest; it lies between, and of that it only has to be told which gap it
 * left. What is alike stands side by side (lengths, distances, names), and what is as a rule is 0, so that there is next
 * to nothing left once it is packed.
 *
 * Invariant: one table has one encoding, and only that encoding decodes: whatever names a place, gap or order
 * that a table made by `flatten` could not have is refused.
 */
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { type ColumnReader, ColumnWriter, columnsOf } from './columns.js'
import { GapReader, GapWriter } from './gap-encoding.js'
import { sortInSteps } from './sort-in-steps.js'
import {
  type ClientRuns,
  DEAD,
  type Gap,
  goneAt,
  TableBuilder,
  type TranslationTable,
} from './translation-table.js'

const VERSION = 2
/** What does not survive: dead, or in a gap that was not told of yet, or in the first one that was, the second one … */
const CODE_DEAD = 0
const CODE_NEW = 1
const CODE_KNOWN = 2

/** Clocks stay below this, as in the gate. */
const MAX_CLOCK = 2 ** 31
const RUNS_PER_STEP = 500

export function encodeTable(table: TranslationTable): Uint8Array {
  const steps = encodeTableInSteps(table)
  for (let step = steps.next(); ; step = steps.next()) if (step.done) return step.value
}

export function* encodeTableInSteps(table: TranslationTable): Generator<void, Uint8Array, void> {
  const clients = [...table.clients].sort(([a], [b]) => a - b)
  const head = new ColumnWriter()
  let before = 0
  for (const [client, { end }] of clients) {
    head.uint(client - before)
    head.uint(end)
    before = client
  }
  const survivors = yield* survivorColumns(clients.map(([, runs]) => runs))
  const others = new OthersWriter(table.gaps)
  for (const [, runs] of clients) yield* others.add(runs)
  const out = encoding.createEncoder()
  encoding.writeUint8(out, VERSION)
  encoding.writeVarUint(out, table.client)
  for (const column of [head, ...survivors, ...others.columns]) encoding.writeVarUint8Array(out, column.bytes)
  return encoding.toUint8Array(out)
}

/** Of each run of the new base: whose it is, how far it lies from that client's run before, and its length. */
function* survivorColumns(clients: readonly ClientRuns[]): Generator<void, ColumnWriter[], void> {
  const runAt = new Map<number, readonly [client: number, run: number]>()
  for (const [client, { fates }] of clients.entries()) {
    for (const [run, fate] of fates.entries()) {
      if (fate >= 0) runAt.set(fate, [client, run])
      if (run % RUNS_PER_STEP === RUNS_PER_STEP - 1) yield
    }
  }
  const [owners, distances, lengths] = [new ColumnWriter(), new ColumnWriter(), new ColumnWriter()]
  const expected = clients.map(() => 0)
  let base = 0
  let count = 0
  for (const to of yield* sortInSteps([...runAt.keys()])) {
    const [client, run] = runAt.get(to) as readonly [number, number]
    const { clocks, end } = clients[client] as ClientRuns
    const clock = clocks[run] ?? 0
    const length = (clocks[run + 1] ?? end) - clock
    if (to !== base) throw new Error('A translation table leaves out a part of the base it leads to')
    base += length
    owners.uint(client)
    distances.int(clock - (expected[client] ?? 0))
    lengths.uint(length)
    expected[client] = clock + length
    if (++count % RUNS_PER_STEP === 0) yield
  }
  return [owners, distances, lengths]
}

/** Of what does not survive: how much of it says the same, if not all up to the next survivor; and which gap it left. */
class OthersWriter {
  readonly #gaps: readonly Gap[]
  /** By the order of their first use. */
  readonly #places = new Map<number, number>()
  readonly #parts = new ColumnWriter()
  readonly #codes = new ColumnWriter()
  readonly #gapWriter = new GapWriter()

  constructor(gaps: readonly Gap[]) {
    this.#gaps = gaps
  }

  *add({ clocks, fates, end }: ClientRuns): Generator<void, void, void> {
    let next = 0
    for (const [run, fate] of fates.entries()) {
      const length = (clocks[run + 1] ?? end) - (clocks[run] ?? 0)
      if (fate >= 0) next = fate + length
      else {
        const isRest = (fates[run + 1] ?? 0) >= 0
        this.#parts.uint(isRest ? 0 : length)
        this.#codes.uint(fate === DEAD ? CODE_DEAD : this.#codeOf(goneAt(fate), next))
      }
      if (run % RUNS_PER_STEP === RUNS_PER_STEP - 1) yield
    }
  }

  #codeOf(gap: number, next: number): number {
    const place = this.#places.get(gap)
    const used = this.#places.size
    if (place !== undefined) return CODE_KNOWN + place
    const first = this.#gaps[gap]
    if (first === undefined) throw new Error('A translation table names a gap it does not hold')
    this.#places.set(gap, used)
    this.#gapWriter.add(first, next)
    return CODE_NEW
  }

  get columns(): ColumnWriter[] {
    return [this.#parts, this.#codes, ...this.#gapWriter.columns]
  }
}

/** @returns why these bytes are no table, if they are not. */
export function decodeTable(bytes: Uint8Array): TranslationTable | string {
  try {
    const table = readTable(decoding.createDecoder(bytes))
    return sameBytes(encodeTable(table), bytes) ? table : 'the translation table is not in its one encoding'
  } catch (error) {
    return `the translation table can not be decoded: ${error instanceof Error ? error.message : String(error)}`
  }
}

interface Survivors {
  readonly client: number
  readonly end: number
  /** Clock, length and new clock of each run. */
  readonly runs: (readonly [clock: number, length: number, to: number])[]
  next: number
}

function readTable(from: decoding.Decoder): TranslationTable {
  const version = decoding.readUint8(from)
  if (version !== VERSION) throw new Error(`version ${version} is unknown`)
  const client = decoding.readVarUint(from)
  const column = columnsOf(from)
  const clients = readClients(column())
  readSurvivors(clients, column(), column(), column())
  const others = new OthersReader(client, column)
  for (const one of clients) others.add(one)
  return others.finish()
}

function readClients(head: ColumnReader): Survivors[] {
  const clients: Survivors[] = []
  for (let client = 0; head.hasMore; ) {
    client += head.uint()
    const end = head.uint()
    if (end < 1 || end >= MAX_CLOCK) throw new Error('a client has an impossible end')
    clients.push({ client, end, runs: [], next: 0 })
  }
  return clients
}

function readSurvivors(
  clients: readonly Survivors[],
  owners: ColumnReader,
  distances: ColumnReader,
  lengths: ColumnReader,
): void {
  for (let to = 0; owners.hasMore; ) {
    const of = clients[owners.uint()]
    if (of === undefined) throw new Error('a run is of a client that is not there')
    const clock = of.next + distances.int()
    const length = lengths.uint()
    if (clock < 0 || length < 1 || clock + length > of.end)
      throw new Error('a run lies at an impossible clock')
    of.runs.push([clock, length, to])
    of.next = clock + length
    to += length
    if (to >= MAX_CLOCK) throw new Error('a run leads to an impossible clock')
  }
  for (const { runs } of clients) runs.sort(([a], [b]) => a - b)
}

class OthersReader {
  readonly #parts: ColumnReader
  readonly #codes: ColumnReader
  readonly #gapReader: GapReader
  readonly #gaps: Gap[] = []
  readonly #builder: TableBuilder

  constructor(client: number, column: () => ColumnReader) {
    this.#parts = column()
    this.#codes = column()
    this.#gapReader = new GapReader(column)
    this.#builder = new TableBuilder(client, this.#gaps)
  }

  add({ client, end, runs }: Survivors): void {
    let at = 0
    let next = 0
    for (const [clock, length, to] of runs) {
      this.#fill(client, at, clock, next)
      this.#builder.add(client, length, to)
      at = clock + length
      next = to + length
    }
    this.#fill(client, at, end, next)
  }

  #fill(client: number, from: number, to: number, next: number): void {
    if (from > to) throw new Error('two runs have the same ids')
    for (let at = from; at < to; ) {
      const part = this.#parts.uint()
      const length = part === 0 ? to - at : part
      if (length > to - at) throw new Error('a run has an impossible length')
      const code = this.#codes.uint()
      this.#builder.add(client, length, code === CODE_DEAD ? DEAD : goneAt(this.#gap(code, next)))
      at += length
    }
  }

  #gap(code: number, next: number): number {
    if (code === CODE_NEW) return this.#gaps.push(this.#gapReader.read(next)) - 1
    const gap = code - CODE_KNOWN
    if (gap >= this.#gaps.length) throw new Error('a run names a gap that is not there')
    return gap
  }

  finish(): TranslationTable {
    return this.#builder.finish()
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}
