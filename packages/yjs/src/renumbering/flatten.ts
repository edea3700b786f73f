/**
 * The canonical base of a document, and the table that leads into it.
 *
 * The base holds what is visible and nothing else, numbered densely under one client: type by type, breadth
 * first, so that parents come before their children; within a type the list in order, then the map by key. So
 * the items of a list have consecutive clocks, and the next survivor after an id is the next clock. It comes in
 * pieces (updates to be applied in order) that are cut at places which only the content decides.
 *
 * Invariant: equal sequences of live content give equal bytes. Run boundaries are dissolved (neighbours whose
 * content can be joined are one struct), and nothing that is not live leaves a trace. Formatting marks are
 * content: those without effect are kept, because an operation above the cut may delete or follow them. They are told,
 * so that somebody can delete them.
 *
 * Nothing recurses: documents may be nested to any depth. No step is long: documents may have any size. Nobody
 * may change the document between two steps.
 */
import * as Y from 'yjs'
import { isParked, type Struct } from '../store.js'
import { IdleMarks } from './idle-marks.js'
import { joinable, joined, PieceWriter } from './piece-writer.js'
import { sortInSteps } from './sort-in-steps.js'
import { DEAD, type Gap, goneAt, TableBuilder, type TranslationTable } from './translation-table.js'
import { newLooseItem } from './update-encoding.js'

export interface Flattened {
  /** Updates that make the base when they are applied in this order to an empty document. */
  readonly pieces: readonly Uint8Array[]
  readonly table: TranslationTable
  /** Clocks in the base of formatting marks without effect. */
  readonly idleMarks: readonly number[]
}

const PIECE_BYTES = 16 * 1024
/** Structs looked at in one step; well below a millisecond. */
const STRUCTS_PER_STEP = 1000

/**
 * Yields after each step.
 *
 * @param client The base's synthetic client id. It must sort below every author's and be new to the document: a
 * concurrent write to a map entry of the base then comes after it.
 * @param pieceBytes About how long a piece is. It decides where pieces end, so it must be the same everywhere.
 */
export function* flattenInSteps(
  doc: Y.Doc,
  client: number,
  pieceBytes = PIECE_BYTES,
): Generator<void, Flattened, void> {
  if (isParked(doc.store)) throw new Error('A document with parked updates can not be flattened')
  if (doc.store.clients.has(client)) throw new Error(`Client ${client} of the new base is already in use`)
  const numbering = new Numbering(doc.store, client, pieceBytes)
  for (const name of yield* sortInSteps([...doc.share.keys()])) {
    const type = doc.share.get(name)
    if (type !== undefined) numbering.enqueue(type, name)
  }
  const pieces = yield* numbering.run()
  const table = yield* makeTable(doc, client, numbering.fates)
  return { pieces, table, idleMarks: numbering.idleMarks.clocks }
}

/** All steps at once. */
export function flatten(doc: Y.Doc, client: number, pieceBytes = PIECE_BYTES): Flattened {
  const steps = flattenInSteps(doc, client, pieceBytes)
  for (let step = steps.next(); ; step = steps.next()) if (step.done) return step.value
}

function* makeTable(doc: Y.Doc, client: number, fates: Fates): Generator<void, TranslationTable, void> {
  const builder = new TableBuilder(client, fates.gaps)
  let steps = 0
  for (const author of yield* sortInSteps([...doc.store.clients.keys()])) {
    const structs = doc.store.clients.get(author) ?? []
    const ofAuthor = fates.of(author)
    for (const [index, struct] of structs.entries()) {
      builder.add(author, struct.length, ofAuthor[index] ?? DEAD)
      if (++steps % STRUCTS_PER_STEP === 0) yield
    }
  }
  return builder.finish()
}

/** What becomes of each struct, in the code of {@link TableBuilder}: side by side with the store's own arrays. */
class Fates {
  readonly gaps: Gap[] = []
  readonly #store: Y.Doc['store']
  readonly #clients = new Map<number, { readonly structs: readonly Struct[]; readonly fates: Int32Array }>()
  #next = 0

  constructor(store: Y.Doc['store']) {
    this.#store = store
  }

  of(client: number): Int32Array {
    return this.#entry(client).fates
  }

  set(item: Y.Item, fate: number): void {
    const { structs, fates } = this.#entry(item.id.client)
    // Mostly the document goes on where its author did.
    const index =
      structs[this.#next] === item ? this.#next : Y.findIndexSS(structs as Struct[], item.id.clock)
    fates[index] = fate
    this.#next = index + 1
  }

  addGap(gap: Gap): number {
    this.gaps.push(gap)
    return goneAt(this.gaps.length - 1)
  }

  #entry(client: number) {
    let entry = this.#clients.get(client)
    if (entry === undefined) {
      const structs = this.#store.clients.get(client) ?? []
      entry = { structs, fates: new Int32Array(structs.length).fill(DEAD) }
      this.#clients.set(client, entry)
    }
    return entry
  }
}

type SharedType = Y.ContentType['type']

interface MutableGap extends Gap {
  right: number | null
}

interface Container {
  readonly type: SharedType
  /** As in {@link Gap.parent}. */
  readonly parent: string | number
}

class Numbering {
  readonly fates: Fates
  readonly idleMarks = new IdleMarks()
  readonly #client: number
  readonly #writer: PieceWriter
  readonly #queue: Container[] = []
  /** Contents to be joined into the next struct, which follows `#origin`. */
  #run: Y.Item['content'][] = []
  #runClock = 0
  #clock = 0
  #structs = 0

  constructor(store: Y.Doc['store'], client: number, pieceBytes: number) {
    this.fates = new Fates(store)
    this.#client = client
    this.#writer = new PieceWriter(client, pieceBytes)
  }

  enqueue(type: SharedType, parent: string | number): void {
    this.#queue.push({ type, parent })
  }

  *run(): Generator<void, readonly Uint8Array[], void> {
    // The queue grows while it is walked.
    for (const container of this.#queue) {
      yield* this.#numberList(container)
      if (container.type._map.size > 0) yield* this.#numberMap(container)
      if (this.#isStepOver()) yield
    }
    return this.#writer.finish()
  }

  #isStepOver(): boolean {
    return ++this.#structs % STRUCTS_PER_STEP === 0
  }

  *#numberList({ type, parent }: Container): Generator<void, void, void> {
    const start = this.#clock
    let gap: MutableGap | undefined
    let gapFate = DEAD
    for (let item = type._start; item !== null; item = item.right) {
      if (this.#isStepOver()) yield
      if (item.deleted) {
        if (gap === undefined) {
          gap = { left: this.#clock === start ? null : this.#clock - 1, right: null, parent, parentSub: null }
          gapFate = this.fates.addGap(gap)
        }
        this.fates.set(item, gapFate)
        continue
      }
      if (gap !== undefined) gap.right = this.#clock
      gap = undefined
      this.fates.set(item, this.#clock)
      this.idleMarks.add(item.content, this.#clock)
      let rest = this.#take(item.content, start, parent)
      for (; rest !== undefined; rest = this.#take(rest, start, parent)) yield
    }
    this.idleMarks.endList()
    this.#flush(start, parent)
  }

  /** Adds content of a list to the run at hand, up to where the piece is full. @returns what is left of it. */
  #take(content: Y.Item['content'], start: number, parent: string | number): Y.Item['content'] | undefined {
    if (!joinable(this.#run.at(-1), content)) this.#flush(start, parent)
    if (this.#writer.isFull) {
      this.#flush(start, parent)
      this.#writer.endPiece()
    }
    const { content: taken, left } = this.#writer.takeUnits(content, this.#run.length === 0)
    if (this.#run.length === 0) this.#runClock = this.#clock
    this.#run.push(taken)
    if (taken instanceof Y.ContentType) this.enqueue(taken.type, this.#clock)
    this.#clock += taken.getLength()
    return left
  }

  /** Writes the run down; it follows whatever else the list that began at `start` holds. */
  #flush(start: number, parent: string | number): void {
    if (this.#run.length === 0) return
    const origin = this.#runClock === start ? null : this.#id(this.#runClock - 1)
    this.#write(this.#runClock, origin, parent, null, joined(this.#run))
    this.#run = []
  }

  *#numberMap({ type, parent }: Container): Generator<void, void, void> {
    for (const key of yield* sortInSteps([...type._map.keys()])) {
      const current = type._map.get(key)
      if (current === undefined) continue
      let left: number | null = null
      if (!current.deleted) {
        if (this.#writer.isFull) this.#writer.endPiece()
        this.fates.set(current, this.#clock)
        if (current.content instanceof Y.ContentType) this.enqueue(current.content.type, this.#clock)
        this.#write(this.#clock, null, parent, key, current.content)
        this.#clock += current.length
        left = this.#clock - 1
      }
      let item: Y.Item | null = current.deleted ? current : current.left
      const gap = item === null ? DEAD : this.fates.addGap({ left, right: null, parent, parentSub: key })
      for (; item !== null; item = item.left) {
        this.fates.set(item, gap)
        if (this.#isStepOver()) yield
      }
      if (this.#isStepOver()) yield
    }
  }

  #write(
    clock: number,
    origin: Y.ID | null,
    parent: string | number,
    parentSub: string | null,
    content: Y.Item['content'],
  ): void {
    const place = typeof parent === 'string' ? parent : this.#id(parent)
    const id = this.#id(clock)
    this.#writer.write(
      newLooseItem(id, origin, origin === null ? place : null, origin === null ? parentSub : null, content),
    )
  }

  #id(clock: number): Y.ID {
    return Y.createID(this.#client, clock)
  }
}
