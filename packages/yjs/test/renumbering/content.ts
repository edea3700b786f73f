/** What a test reads of a document: its content, whatever the structs behind it are. */
import type { Origin } from '@tidemark/core'
import * as Y from 'yjs'
import { Crossing } from '../../src/renumbering/crossing.js'
import { flatten } from '../../src/renumbering/flatten.js'
import { Rebuilding } from '../../src/renumbering/rebuild.js'

/** Creates the root types of ../documents.ts, so that two documents are read by the same eyes. */
export function contentOf(doc: Y.Doc) {
  const holders = {
    text: describe(doc.getText('text')),
    map: describe(doc.getMap('map')),
    array: describe(doc.getArray('array')),
    xml: describe(doc.getXmlFragment('xml')),
  }
  return holders
}

type Described = string | number | null | { readonly [key: string]: unknown } | readonly unknown[] | unknown

function describe(value: unknown): Described {
  if (value instanceof Y.Doc) return { subdocument: value.guid }
  if (!(value instanceof Y.AbstractType)) return value
  const attributes = [...value._map]
    .filter(([, item]) => !item.deleted)
    .map(([key, item]) => [key, describe(item.content.getContent().at(-1))])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))
  const children: unknown[] = []
  if (value instanceof Y.Text) {
    for (const part of value.toDelta() as { insert: unknown; attributes?: object }[]) {
      children.push([describe(part.insert), sortedEntries(part.attributes)])
    }
  } else {
    for (let item = value._start; item !== null; item = item.right) {
      if (!item.deleted) children.push(...item.content.getContent().map(describe))
    }
  }
  const name =
    value instanceof Y.XmlElement ? value.nodeName : value instanceof Y.XmlHook ? value.hookName : ''
  return { type: `${value.constructor.name} ${name}`, attributes, children, length: value._length }
}

function sortedEntries(attributes: object | undefined): [string, unknown][] {
  return Object.entries(attributes ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
}

/** A new document with one update in it. */
export function load(update: Uint8Array, gc = true): Y.Doc {
  const doc = new Y.Doc({ gc })
  Y.applyUpdate(doc, update)
  return doc
}

/** The update one change makes. */
export function changeOf(doc: Y.Doc, change: () => void): Uint8Array {
  const before = Y.encodeStateVector(doc)
  const updates: Uint8Array[] = []
  const collect = (update: Uint8Array) => updates.push(update)
  doc.on('update', collect)
  doc.transact(change)
  doc.off('update', collect)
  return updates.length === 1 && updates[0] ? updates[0] : Y.diffUpdate(Y.mergeUpdates(updates), before)
}

/** The document that these updates make, one after the other. */
export function rebuild(...updates: readonly Uint8Array[]): Y.Doc {
  const rebuilding = new Rebuilding()
  for (const update of updates) rebuilding.add(update)
  return rebuilding.doc
}

/** Cuts at `below`. @returns what makes a document of the new naming out of operations of the old one. */
export function cutAt(below: readonly Uint8Array[], client: number, asNewcomer = false) {
  const shadow = rebuild(...below)
  const { pieces, table } = flatten(shadow, client)
  const first = new Crossing(shadow, table)
  const crossing = asNewcomer ? Crossing.decode(first.encode(), table) : first
  if (typeof crossing === 'string') throw new Error(crossing)
  const rebuilding = new Rebuilding()
  for (const piece of pieces) rebuilding.add(piece)
  /** @returns what the operation is in the new naming. */
  const add = (update: Uint8Array, origin?: Origin): Uint8Array => {
    const carried = crossing.translate(update, rebuilding.doc, origin)
    rebuilding.add(carried)
    return carried
  }
  return { doc: rebuilding.doc, crossing, table, pieces, add }
}
