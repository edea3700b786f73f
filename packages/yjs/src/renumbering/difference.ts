/**
 * What there is to be done to a document so that it shows what another shows, and doing it.
 *
 * Mostly the live document and the one rebuilt after a cut show the same. But two who typed at one spot whose
 * tombstones were purged may see their insertions swap, somebody comes back to a room that went on, or an observer
 * edits in answer to such a change. Editors must hear of it by ordinary events, so a difference is applied through
 * Yjs' public interface.
 *
 * What stays in order stays untouched (a longest increasing subsequence); the rest is deleted and inserted again.
 * A nested type among the rest is inserted as a new object.
 */
import * as Y from 'yjs'
import { applyToList, type Change } from './list-changes.js'
import { Copies, contentAt, deleteEntry, setEntry } from './shown-content.js'
import {
  type Attributes,
  type Rename,
  type SharedType,
  sameRun,
  showsEntries,
  showsList,
  type TypePair,
  type Unit,
  type UnitRun,
  unitsOf,
  visibleRuns,
} from './visible-units.js'

export interface Difference {
  readonly isEmpty: boolean
  /** Pairs whose lists or maps differ. */
  readonly changed: readonly TypePair[]
  /** To be called within a transaction of the document. */
  apply(): Inserted
}

/** What a difference has inserted, and what it stands for. */
export interface Inserted {
  readonly types: readonly TypePair[]
  readonly documents: readonly DocumentPair[]
}

/** An item that holds a subdocument, and its counterpart in the document that is the model. */
export interface DocumentPair {
  readonly item: Y.Item
  readonly model: Y.Item
}

export const NOTHING_INSERTED: Inserted = { types: [], documents: [] }

export const NO_DIFFERENCE: Difference = { isEmpty: true, changed: [], apply: () => NOTHING_INSERTED }

/** How ids are to be read so that the two documents can be compared. */
export interface Names {
  readonly type: Rename
  readonly model: Rename
}

type Step = (made: Copies) => void

/** Compares these pairs, and whatever the two have in common within them. */
export function compare(roots: readonly TypePair[], names: Names): Difference {
  const comparison = new Comparison(roots, names)
  comparison.run()
  const { steps, changed } = comparison
  return {
    isEmpty: steps.length === 0,
    changed: [...changed],
    apply: () => {
      const made = new Copies()
      for (const step of steps) step(made)
      return { types: made.types.flatMap(sameShapes), documents: made.documents.flatMap(inDocument) }
    },
  }
}

class Comparison {
  readonly steps: Step[] = []
  readonly changed = new Set<TypePair>()
  readonly #names: Names
  readonly #queue: TypePair[]

  constructor(roots: readonly TypePair[], names: Names) {
    this.#names = names
    this.#queue = [...roots]
  }

  run(): void {
    // The queue grows while it is walked.
    for (const pair of this.#queue) {
      if (showsList(pair.type)) this.#compareLists(pair)
      if (showsEntries(pair.type)) this.#compareMaps(pair)
    }
  }

  #compareLists(pair: TypePair): void {
    const before = visibleRuns(pair.type, this.#names.type)
    const after = visibleRuns(pair.model, this.#names.model)
    const prefix = commonLength(before, after)
    const suffix = commonLength(before.slice(prefix).reverse(), after.slice(prefix).reverse())
    for (const [index, run] of before.entries()) {
      if (index < prefix) pairRuns(run, after[index], this.#queue)
      else if (index >= before.length - suffix)
        pairRuns(run, after[after.length - before.length + index], this.#queue)
    }
    if (prefix === before.length && prefix === after.length) return
    const middleBefore = [...unitsOf(before.slice(prefix, before.length - suffix))]
    const middleAfter = [...unitsOf(after.slice(prefix, after.length - suffix))]
    const changes = changesBetween(middleBefore, middleAfter, this.#queue)
    const start = before.slice(0, prefix).reduce((sum, { length }) => sum + length, 0)
    this.changed.add(pair)
    this.steps.push((made) => applyToList(pair.type, start, changes, made))
  }

  #compareMaps(pair: TypePair): void {
    const { type, model } = pair
    if (type._map.size === 0 && model._map.size === 0) return
    const keys = new Set([...type._map.keys(), ...model._map.keys()])
    for (const key of keys) {
      const before = shownEntry(type, key)
      const after = shownEntry(model, key)
      if (before === undefined && after === undefined) continue
      if (before !== undefined && after !== undefined && this.#isSame(before, after)) {
        pairItems(before, after, this.#queue)
        continue
      }
      this.changed.add(pair)
      this.steps.push((made) => applyToMap(type, key, after, made))
    }
  }

  #isSame(item: Y.Item, model: Y.Item): boolean {
    const a = this.#names.type(item.id.client, item.id.clock, item.length)
    const b = this.#names.model(model.id.client, model.id.clock, model.length)
    return a.client === b.client && a.clock === b.clock
  }
}

function commonLength(a: readonly UnitRun[], b: readonly UnitRun[]): number {
  let length = 0
  while (length < a.length && sameRun(a[length], b[length])) length++
  return length
}

function pairRuns(run: UnitRun, model: UnitRun | undefined, queue: TypePair[]): void {
  if (model === undefined) throw new Error('Equal runs are not paired')
  // Types are never merged: every part of such a run is one unit long on both sides.
  const types = model.parts.filter(({ item }) => item.content instanceof Y.ContentType)
  let next = 0
  for (const { item } of run.parts) {
    if (item.content instanceof Y.ContentType) pairItems(item, types[next++]?.item, queue)
  }
}

function pairItems(item: Y.Item, model: Y.Item | undefined, queue: TypePair[]): void {
  if (item.content instanceof Y.ContentType && model?.content instanceof Y.ContentType) {
    queue.push({ type: item.content.type, model: model.content.type })
  }
}

function changesBetween(before: readonly Unit[], after: readonly Unit[], queue: TypePair[]): Change[] {
  const positions = new Map(after.map(({ key }, index) => [key, index]))
  const kept = longestIncreasing(before.map(({ key }) => positions.get(key) ?? -1))
  const changes: Change[] = []
  let next = 0
  const insertUntil = (end: number) => {
    for (; next < end; next++) {
      const unit = after[next]
      if (unit !== undefined) changes.push({ kind: 'insert', unit })
    }
  }
  for (const [index, unit] of before.entries()) {
    const position = positions.get(unit.key)
    const partner = position === undefined ? undefined : after[position]
    if (!kept.has(index) || position === undefined || partner === undefined) {
      changes.push({ kind: 'delete' })
      continue
    }
    insertUntil(position)
    next = position + 1
    pairItems(unit.item, partner.item, queue)
    const same = unit.run.attributesKey === partner.run.attributesKey
    const attributes = same ? undefined : attributeChange(unit.run.attributes, partner.run.attributes)
    changes.push({ kind: 'retain', attributes })
  }
  insertUntil(after.length)
  return changes
}

function attributeChange(before: Attributes, after: Attributes): Attributes {
  const removed = Object.keys(before).filter((key) => !(key in after))
  return { ...Object.fromEntries(removed.map((key) => [key, null])), ...after }
}

/** Indices of a longest strictly increasing subsequence of the values that are not negative. */
function longestIncreasing(values: readonly number[]): Set<number> {
  const tails: number[] = []
  const previous = new Map<number, number | undefined>()
  for (const [index, value] of values.entries()) {
    if (value < 0) continue
    let low = 0
    let high = tails.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((values[tails[middle] ?? 0] ?? 0) < value) low = middle + 1
      else high = middle
    }
    previous.set(index, tails[low - 1])
    tails[low] = index
  }
  const kept = new Set<number>()
  for (let index = tails.at(-1); index !== undefined; index = previous.get(index)) kept.add(index)
  return kept
}

export function shownEntry(type: SharedType, key: string): Y.Item | undefined {
  const item = type._map.get(key)
  return item === undefined || item.deleted ? undefined : item
}

function applyToMap(type: SharedType, key: string, item: Y.Item | undefined, made: Copies): void {
  if (item === undefined) deleteEntry(type, key)
  else setEntry(type, key, contentAt(item, item.length - 1, made))
}

/** None where it has become a mere value, as in a text. */
function inDocument({ copy, model }: Copies['documents'][number]): DocumentPair[] {
  return copy._item === null ? [] : [{ item: copy._item, model }]
}

/** A type and its copy, and whatever they contain, in pairs. */
function sameShapes(top: TypePair): TypePair[] {
  const pairs = [top]
  for (const { type, model } of pairs) {
    const originals = visibleTypes(model)
    for (const [place, copy] of visibleTypes(type)) {
      const original = originals.get(place)
      if (original !== undefined) pairs.push({ type: copy, model: original })
    }
  }
  return pairs
}

function visibleTypes(type: SharedType): Map<string, SharedType> {
  const types = new Map<string, SharedType>()
  let index = 0
  for (let item = type._start; item !== null; item = item.right) {
    if (item.deleted || !item.countable) continue
    if (item.content instanceof Y.ContentType) types.set(`at ${index}`, item.content.type)
    index += item.length
  }
  for (const [key, item] of type._map) {
    if (!item.deleted && item.content instanceof Y.ContentType) types.set(`of ${key}`, item.content.type)
  }
  return types
}
