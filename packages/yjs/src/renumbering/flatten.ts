/**
 * The canonical base of a document, and the table that leads into it.
 *
 * The base holds what is visible and nothing else, numbered densely under one client: type by type, breadth
 * first, so that parents come before their children; within a type the list in order, then the map by key. So
 * the items of a list have consecutive clocks, and the next survivor after an id is the next clock.
 *
 * Invariant: equal sequences of live content give equal bytes. Run boundaries are dissolved (neighbours whose
 * content can be joined are one struct), and nothing that is not live leaves a trace. Formatting marks are
 * content: those without effect are kept, because an operation above the cut may delete or follow them.
 *
 * Nothing recurses: documents may be nested to any depth.
 */
import * as Y from 'yjs'
import { IdRanges } from '../id-ranges.js'
import { isParked, type Struct } from '../store.js'
import { DEAD, type Gap, TableBuilder, type TranslationTable } from './translation-table.js'
import { encodeUpdate, newLooseItem } from './update-encoding.js'

export interface Flattened {
  readonly base: Uint8Array
  readonly table: TranslationTable
}

/**
 * @param client The base's synthetic client id. It must sort below every author's and be new to the document: a
 * concurrent write to a map entry of the base then comes after it.
 */
export function flatten(doc: Y.Doc, client: number): Flattened {
  if (isParked(doc.store)) throw new Error('A document with parked updates can not be flattened')
  if (doc.store.clients.has(client)) throw new Error(`Client ${client} of the new base is already in use`)
  const numbering = new Numbering(client)
  for (const name of [...doc.share.keys()].sort()) {
    const type = doc.share.get(name)
    if (type !== undefined) numbering.enqueue(type, name)
  }
  numbering.run()
  return { base: numbering.encode(), table: makeTable(doc, client, numbering.fates) }
}

function makeTable(doc: Y.Doc, client: number, fates: ReadonlyMap<Struct, number | Gap>): TranslationTable {
  const builder = new TableBuilder(client)
  const clients = [...doc.store.clients].sort(([a], [b]) => a - b)
  for (const [author, structs] of clients) {
    for (const struct of structs) builder.add(author, struct.length, fates.get(struct) ?? DEAD)
  }
  return builder.finish()
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
  /** The first clock given to each live item, and the gap each deleted one in a live container fell into. */
  readonly fates = new Map<Struct, number | Gap>()
  readonly #client: number
  readonly #structs: Y.Item[] = []
  readonly #queue: Container[] = []
  /** Contents to be joined into the next struct, which follows `#origin`. */
  #run: Y.Item['content'][] = []
  #runClock = 0
  #clock = 0

  constructor(client: number) {
    this.#client = client
  }

  enqueue(type: SharedType, parent: string | number): void {
    this.#queue.push({ type, parent })
  }

  run(): void {
    // The queue grows while it is walked.
    for (const container of this.#queue) {
      this.#numberList(container)
      this.#numberMap(container)
    }
  }

  encode(): Uint8Array {
    return encodeUpdate(new Map([[this.#client, this.#structs]]), new IdRanges())
  }

  #numberList({ type, parent }: Container): void {
    const start = this.#clock
    const lastClock = () => (this.#clock === start ? null : this.#clock - 1)
    let gap: MutableGap | undefined
    for (let item = type._start; item !== null; item = item.right) {
      if (item.deleted) {
        gap ??= { left: lastClock(), right: null, parent, parentSub: null }
        this.fates.set(item, gap)
        continue
      }
      if (gap !== undefined) gap.right = this.#clock
      gap = undefined
      if (!canJoin(this.#run.at(-1), item.content)) this.#flush(start, parent)
      this.#take(item)
    }
    this.#flush(start, parent)
  }

  /** Writes the run down; it follows whatever else the list that began at `start` holds. */
  #flush(start: number, parent: string | number): void {
    const first = this.#run[0]
    if (first === undefined) return
    const origin = this.#runClock === start ? null : this.#id(this.#runClock - 1)
    const content = this.#run.length === 1 ? first : joined(this.#run)
    this.#write(this.#runClock, origin, parent, null, content)
    this.#run = []
  }

  #numberMap({ type, parent }: Container): void {
    for (const key of [...type._map.keys()].sort()) {
      const current = type._map.get(key)
      if (current === undefined) continue
      const clock = this.#clock
      let left: number | null = null
      if (!current.deleted) {
        this.#take(current)
        this.#run = []
        this.#write(clock, null, parent, key, current.content)
        left = this.#clock - 1
      }
      const gap: Gap = { left, right: null, parent, parentSub: key }
      let item: Y.Item | null = current.deleted ? current : current.left
      for (; item !== null; item = item.left) this.fates.set(item, gap)
    }
  }

  #take(item: Y.Item): void {
    if (this.#run.length === 0) this.#runClock = this.#clock
    this.#run.push(item.content)
    this.fates.set(item, this.#clock)
    if (item.content instanceof Y.ContentType) this.enqueue(item.content.type, this.#clock)
    this.#clock += item.length
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
    this.#structs.push(
      newLooseItem(id, origin, origin === null ? place : null, origin === null ? parentSub : null, content),
    )
  }

  #id(clock: number): Y.ID {
    return Y.createID(this.#client, clock)
  }
}

function canJoin(left: Y.Item['content'] | undefined, right: Y.Item['content']): boolean {
  if (left === undefined) return true
  return (
    left.constructor === right.constructor &&
    (right instanceof Y.ContentString || right instanceof Y.ContentAny || right instanceof Y.ContentJSON)
  )
}

function joined(contents: readonly Y.Item['content'][]): Y.Item['content'] {
  const first = contents[0]
  if (first instanceof Y.ContentString) {
    return new Y.ContentString(contents.map((content) => (content as Y.ContentString).str).join(''))
  }
  const values = contents.flatMap((content) => content.getContent())
  return first instanceof Y.ContentJSON ? new Y.ContentJSON(values) : new Y.ContentAny(values)
}
