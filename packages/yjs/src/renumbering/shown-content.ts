/**
 * Copies of what a model shows, to be inserted into another document: values, subdocuments, and types with whatever
 * they contain.
 *
 * Yjs' own `clone` of a text hands embedded types on as they are, and of an element leaves out attributes that are no
 * strings.
 */
import * as Y from 'yjs'
import { type SharedType, showsEntries, type TypePair, unchanged, visibleRuns } from './visible-units.js'

/** What was made for a model's objects, to be inserted. */
export class Copies {
  /** What a type contains is not among them: its copies are found once they are in the document. */
  readonly types: TypePair[] = []
  /** Of all subdocuments, wherever they are. */
  readonly documents: { readonly copy: Y.Doc; readonly model: Y.Item }[] = []
}

/** @param made gets what is made for it. */
export function contentAt(item: Y.Item, offset: number, made: Copies): unknown {
  const { content } = item
  if (content instanceof Y.ContentString) return content.str[offset]
  if (content instanceof Y.ContentDoc) return copyOfDocument(item, content, made)
  if (!(content instanceof Y.ContentType)) return content.getContent()[offset]
  const within = new Copies()
  const copy = copyOf(content.type, within)
  made.types.push({ type: copy, model: content.type })
  made.documents.push(...within.documents)
  return copy
}

function copyOfDocument(model: Y.Item, content: Y.ContentDoc, made: Copies): Y.Doc {
  const copy = content.copy().doc
  made.documents.push({ copy, model })
  return copy
}

function copyOf(type: SharedType, within: Copies): SharedType {
  const copy: unknown = type._copy()
  if (type instanceof Y.Text && copy instanceof Y.Text) copy.applyDelta(deltaOf(type, within))
  else if (copy instanceof Y.Array || copy instanceof Y.XmlFragment) {
    const children = childrenOf(type, within)
    if (children.length > 0) (copy as Y.Array<unknown>).insert(0, children)
  }
  for (const [key, entry] of showsEntries(type) ? type._map : []) {
    if (!entry.deleted) setEntry(copy as SharedType, key, contentAt(entry, entry.length - 1, within))
  }
  return copy as SharedType
}

function deltaOf(text: Y.Text, within: Copies): object[] {
  return visibleRuns(text, unchanged).flatMap(({ parts, attributes }) =>
    parts.flatMap(({ item, offset, length }) => {
      const { content } = item
      const inserts =
        content instanceof Y.ContentString
          ? [content.str.slice(offset, offset + length)]
          : Array.from({ length }, (_, unit) => contentAt(item, offset + unit, within))
      return inserts.map((insert) => ({ insert, attributes: { ...attributes } }))
    }),
  )
}

function childrenOf(type: SharedType, within: Copies): unknown[] {
  const children: unknown[] = []
  for (let item = type._start; item !== null; item = item.right) {
    if (item.deleted || !item.countable) continue
    for (let offset = 0; offset < item.length; offset++) children.push(contentAt(item, offset, within))
  }
  return children
}

/** @param value undefined: the entry goes. */
export function setEntry(type: SharedType, key: string, value: unknown): void {
  if (type instanceof Y.Map) {
    type.set(key, value)
  } else if (type instanceof Y.Text || type instanceof Y.XmlElement) {
    type.setAttribute(key, value as never)
  } else {
    throw new Error(`A ${type.constructor.name} has entries`)
  }
}

export function deleteEntry(type: SharedType, key: string): void {
  if (type instanceof Y.Map) type.delete(key)
  else if (type instanceof Y.Text || type instanceof Y.XmlElement) type.removeAttribute(key)
  else throw new Error(`A ${type.constructor.name} has entries`)
}
