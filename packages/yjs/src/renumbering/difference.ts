/**
 * The visible difference between a live document and the one rebuilt after a cut, and showing it.
 *
 * Mostly there is none. But two who typed at one spot whose tombstones were purged may see their insertions swap,
 * and a write to a map may win that had lost. Editors must hear of it by ordinary events, so it is applied to the
 * live document through Yjs' public interface before the structures are exchanged.
 *
 * What stays in order stays untouched (a longest increasing subsequence); the rest is deleted and inserted again.
 * A nested type among the rest is shown as a new object.
 */
import * as Y from 'yjs'
import {
  type Attributes,
  type Rename,
  type SharedType,
  sameRun,
  type Unit,
  type UnitRun,
  unchanged,
  unitsOf,
  visibleRuns,
} from './visible-units.js'

/** A type of the live document and what it becomes. */
export interface TypePair {
  readonly live: SharedType
  readonly rebuilt: SharedType
}

export interface Difference {
  readonly isEmpty: boolean
  /** To be called within a transaction of the live document. @returns types it has inserted. */
  apply(): TypePair[]
}

type Step = (inserted: TypePair[]) => void

export function compare(live: Y.Doc, rebuilt: Y.Doc, rename: Rename): Difference {
  const steps: Step[] = []
  const queue: TypePair[] = []
  for (const [name, type] of live.share) {
    // Nobody can have asked for a type whose kind is not known yet.
    if (type.constructor !== Y.AbstractType) queue.push({ live: type, rebuilt: rebuilt.get(name) })
  }
  for (const pair of queue) {
    compareLists(pair, rename, steps, queue)
    compareMaps(pair, rename, steps, queue)
  }
  return {
    isEmpty: steps.length === 0,
    apply: () => {
      const inserted: TypePair[] = []
      for (const step of steps) step(inserted)
      return inserted.flatMap(sameShapes)
    },
  }
}

function compareLists(pair: TypePair, rename: Rename, steps: Step[], queue: TypePair[]): void {
  const before = visibleRuns(pair.live, rename)
  const after = visibleRuns(pair.rebuilt, unchanged)
  let prefix = 0
  while (prefix < before.length && sameRun(before[prefix], after[prefix])) prefix++
  let suffix = 0
  const shorter = Math.min(before.length, after.length)
  while (prefix + suffix < shorter && sameRun(before.at(-1 - suffix), after.at(-1 - suffix))) suffix++
  for (const [index, run] of before.entries()) {
    if (index < prefix) pairRuns(run, after[index], queue)
    else if (index >= before.length - suffix)
      pairRuns(run, after[after.length - before.length + index], queue)
  }
  if (prefix === before.length && prefix === after.length) return
  const middleBefore = [...unitsOf(before.slice(prefix, before.length - suffix))]
  const middleAfter = [...unitsOf(after.slice(prefix, after.length - suffix))]
  const changes = changesBetween(middleBefore, middleAfter, queue)
  const start = before.slice(0, prefix).reduce((sum, { length }) => sum + length, 0)
  steps.push((inserted) => applyToList(pair.live, start, changes, inserted))
}

function pairRuns(live: UnitRun, rebuilt: UnitRun | undefined, queue: TypePair[]): void {
  if (rebuilt === undefined) throw new Error('Equal runs are not paired')
  // Types are never merged: every part of such a run is one unit long on both sides.
  const types = rebuilt.parts.filter(({ item }) => item.content instanceof Y.ContentType)
  let next = 0
  for (const { item } of live.parts) {
    if (item.content instanceof Y.ContentType) pairItems(item, types[next++]?.item, queue)
  }
}

function pairItems(live: Y.Item, rebuilt: Y.Item | undefined, queue: TypePair[]): void {
  if (live.content instanceof Y.ContentType && rebuilt?.content instanceof Y.ContentType) {
    queue.push({ live: live.content.type, rebuilt: rebuilt.content.type })
  }
}

type Change =
  | { readonly kind: 'retain'; readonly attributes: Attributes | undefined }
  | { readonly kind: 'delete' }
  | { readonly kind: 'insert'; readonly unit: Unit }

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

function applyToList(
  list: SharedType,
  start: number,
  changes: readonly Change[],
  inserted: TypePair[],
): void {
  if (list instanceof Y.Text) {
    const delta: object[] = start === 0 ? [] : [{ retain: start }]
    for (const change of changes) delta.push(deltaPart(change, inserted))
    list.applyDelta(delta, { sanitize: false })
    return
  }
  if (!(list instanceof Y.Array || list instanceof Y.XmlFragment)) {
    throw new Error(`A ${list.constructor.name} has a list of children`)
  }
  const target: { insert(at: number, values: unknown[]): void; delete(at: number, length: number): void } =
    list as never
  let at = start
  for (const change of changes) {
    if (change.kind === 'delete') target.delete(at, 1)
    if (change.kind === 'insert')
      target.insert(at, [contentAt(change.unit.item, change.unit.offset, inserted)])
    if (change.kind !== 'delete') at++
  }
}

function deltaPart(change: Change, inserted: TypePair[]): object {
  if (change.kind === 'delete') return { delete: 1 }
  if (change.kind === 'retain') {
    return change.attributes === undefined ? { retain: 1 } : { retain: 1, attributes: change.attributes }
  }
  const { item, offset, run } = change.unit
  return { insert: contentAt(item, offset, inserted), attributes: { ...run.attributes } }
}

/** What to insert for one unit of the rebuilt document. */
function contentAt(item: Y.Item, offset: number, inserted: TypePair[]): unknown {
  const { content } = item
  if (content instanceof Y.ContentDoc) return content.copy().doc
  if (!(content instanceof Y.ContentType)) return content.getContent()[offset]
  const clone = content.type.clone()
  inserted.push({ live: clone, rebuilt: content.type })
  return clone
}

function compareMaps(pair: TypePair, rename: Rename, steps: Step[], queue: TypePair[]): void {
  const keys = new Set([...pair.live._map.keys(), ...pair.rebuilt._map.keys()])
  for (const key of keys) {
    const before = liveEntry(pair.live, key)
    const after = liveEntry(pair.rebuilt, key)
    if (before === undefined && after === undefined) continue
    if (before !== undefined && after !== undefined) {
      const { client, clock } = rename(before.id.client, before.id.clock, before.length)
      if (client === after.id.client && clock === after.id.clock) {
        pairItems(before, after, queue)
        continue
      }
    }
    steps.push((inserted) => applyToMap(pair.live, key, after, inserted))
  }
}

function liveEntry(type: SharedType, key: string): Y.Item | undefined {
  const item = type._map.get(key)
  return item === undefined || item.deleted ? undefined : item
}

function applyToMap(type: SharedType, key: string, item: Y.Item | undefined, inserted: TypePair[]): void {
  const value = item === undefined ? undefined : contentAt(item, item.length - 1, inserted)
  if (type instanceof Y.Map) {
    if (item === undefined) type.delete(key)
    else type.set(key, value)
  } else if (type instanceof Y.Text || type instanceof Y.XmlElement) {
    if (item === undefined) type.removeAttribute(key)
    else type.setAttribute(key, value as never)
  } else {
    throw new Error(`A ${type.constructor.name} has entries`)
  }
}

/** A type and its copy, and whatever they contain, in pairs. */
function sameShapes(top: TypePair): TypePair[] {
  const pairs = [top]
  for (const { live, rebuilt } of pairs) {
    const copies = visibleTypes(live)
    const originals = visibleTypes(rebuilt)
    for (const [place, copy] of copies) {
      const original = originals.get(place)
      if (original !== undefined) pairs.push({ live: copy, rebuilt: original })
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
