/**
 * Changing a list through Yjs' public interface, so that it shows what a model shows.
 *
 * Neighbouring changes of one kind are one call: their number is that of the places that differ, not of the units.
 */
import * as Y from 'yjs'
import { type Copies, contentAt } from './shown-content.js'
import type { Attributes, SharedType, Unit } from './visible-units.js'

export type Change =
  | { readonly kind: 'retain'; readonly attributes: Attributes | undefined }
  | { readonly kind: 'delete' }
  | { readonly kind: 'insert'; readonly unit: Unit }

/** @param made gets the types and subdocuments that are made. */
export function applyToList(list: SharedType, start: number, changes: readonly Change[], made: Copies): void {
  if (list instanceof Y.Text) {
    const delta: DeltaPart[] = start === 0 ? [] : [{ retain: start }]
    for (const change of changes) appendPart(delta, deltaPart(change, made))
    list.applyDelta(delta)
    return
  }
  if (!(list instanceof Y.Array || list instanceof Y.XmlFragment)) {
    throw new Error(`A ${list.constructor.name} has a list of children`)
  }
  const target: { insert(at: number, values: unknown[]): void; delete(at: number, length: number): void } =
    list as never
  let at = start
  for (let next = 0; next < changes.length; ) {
    const { kind } = changes[next] ?? {}
    let end = next
    while (changes[end]?.kind === kind) end++
    if (kind === 'delete') {
      target.delete(at, end - next)
    } else {
      if (kind === 'insert') target.insert(at, contentsOf(changes.slice(next, end), made))
      at += end - next
    }
    next = end
  }
}

function contentsOf(changes: readonly Change[], made: Copies): unknown[] {
  return changes.flatMap((change) =>
    change.kind === 'insert' ? [contentAt(change.unit.item, change.unit.offset, made)] : [],
  )
}

interface DeltaPart {
  insert?: unknown
  retain?: number
  delete?: number
  attributes?: Attributes
  /** Of an insertion: it can be joined with another one of the same formatting. */
  attributesKey?: string
}

function deltaPart(change: Change, made: Copies): DeltaPart {
  if (change.kind === 'delete') return { delete: 1 }
  if (change.kind === 'retain') {
    return change.attributes === undefined ? { retain: 1 } : { retain: 1, attributes: change.attributes }
  }
  const { item, offset, run } = change.unit
  const { attributes, attributesKey } = run
  return { insert: contentAt(item, offset, made), attributes: { ...attributes }, attributesKey }
}

/** Units become runs again: a delta part for every character would make an item of each. */
function appendPart(delta: DeltaPart[], part: DeltaPart): void {
  const last = delta.at(-1)
  if (last?.delete !== undefined && part.delete !== undefined) last.delete += part.delete
  else if (last?.retain !== undefined && part.retain !== undefined && !last.attributes && !part.attributes)
    last.retain += part.retain
  else if (
    typeof last?.insert === 'string' &&
    typeof part.insert === 'string' &&
    last.attributesKey === part.attributesKey
  )
    last.insert += part.insert
  else delta.push(part)
}
