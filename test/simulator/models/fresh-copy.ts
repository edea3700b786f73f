/**
 * A new document with the content of another one and none of its past: what a compacted document is measured by.
 */
import * as Y from 'yjs'
import type { SharedType } from './census.js'

const LONG_CLIENT = 2 ** 31 - 1

/** Of a mark, and of the struct into which it divides the text around it, roughly. */
export const MARK_BYTES = 24

/** Marks without effect stay through cuts, as somebody may be about to rely on them; a fresh copy has none. */
export function marksIn(doc: Y.Doc): number {
  let marks = 0
  for (const structs of doc.store.clients.values()) {
    for (const struct of structs) {
      if (struct instanceof Y.Item && !struct.deleted && struct.content instanceof Y.ContentFormat) marks++
    }
  }
  return marks
}

export function freshCopy(doc: Y.Doc, roots: (doc: Y.Doc) => void): Y.Doc {
  const copy = new Y.Doc()
  // As long as any that a base has.
  copy.clientID = LONG_CLIENT
  roots(copy)
  copy.transact(() => {
    for (const [name, type] of doc.share) {
      const target = copy.share.get(name) as SharedType | undefined
      if (target) fill(type as SharedType, target)
    }
  })
  return copy
}

/** Text goes first: a run of characters is one struct only if nothing comes in between. */
function fill(from: SharedType, to: SharedType): void {
  if (from instanceof Y.Text && to instanceof Y.Text) fillText(from, to)
  else if (!(from instanceof Y.Map)) {
    const values = childrenOf(from).map(copyOf)
    if (values.length > 0) (to as Y.Array<unknown>).insert(0, values)
  }
  for (const [key, item] of from._map) {
    if (item.deleted) continue
    const value = copyOf(item.content.getContent().at(-1))
    if (to instanceof Y.Map) to.set(key, value)
    else (to as Y.XmlElement | Y.Text).setAttribute(key, value as string)
  }
  const nested = childrenOf(to)
  for (const [i, child] of childrenOf(from).entries()) fillChild(child, nested[i])
  for (const [key, item] of from._map) {
    const copied = to._map.get(key)
    if (!item.deleted && copied)
      fillChild(item.content.getContent().at(-1), copied.content.getContent().at(-1))
  }
}

function fillChild(from: unknown, to: unknown): void {
  if (from instanceof Y.AbstractType && to instanceof Y.AbstractType) fill(from, to)
}

function fillText(from: Y.Text, to: Y.Text): void {
  const delta = from.toDelta() as { insert: unknown; attributes?: Record<string, unknown> }[]
  const copied = delta.map(({ insert, attributes }) => ({
    insert: copyOf(insert),
    ...(attributes === undefined ? {} : { attributes }),
  }))
  to.applyDelta(copied, { sanitize: false })
}

function childrenOf(type: SharedType): unknown[] {
  const children: unknown[] = []
  for (let item = type._start; item !== null; item = item.right) {
    if (!item.deleted && item.countable) children.push(...item.content.getContent())
  }
  return children
}

function copyOf(value: unknown): unknown {
  if (value instanceof Y.XmlElement) return new Y.XmlElement(value.nodeName)
  if (value instanceof Y.AbstractType) return value._copy()
  return value
}
