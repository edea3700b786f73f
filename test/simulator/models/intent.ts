/**
 * What a user wants, in terms of what is shown rather than of positions: the same intent can be had in two
 * documents whose order differs, and means the same in both.
 */
import * as Y from 'yjs'
import { type Census, ID_KEY, type Sequence, type SharedType } from './census.js'
import type { ContainerId } from './model.js'
import type { TokenId } from './tokens.js'

export type NestedKind = 'map' | 'array' | 'text' | 'element' | 'xml-text'

export type Unit =
  | { readonly kind: 'value' | 'wrapped'; readonly char: string }
  | { readonly kind: NestedKind; readonly char: string }

export type Intent =
  | {
      readonly type: 'type'
      readonly into: ContainerId
      readonly after: TokenId | undefined
      readonly text: string
    }
  | {
      readonly type: 'insert'
      readonly into: ContainerId
      readonly after: TokenId | undefined
      readonly units: readonly Unit[]
    }
  | { readonly type: 'delete'; readonly tokens: readonly TokenId[] }
  | {
      readonly type: 'format'
      readonly tokens: readonly TokenId[]
      readonly attributes: Readonly<Record<string, unknown>>
    }
  | { readonly type: 'set'; readonly in: ContainerId; readonly key: string; readonly unit: Unit }
  | { readonly type: 'unset'; readonly in: ContainerId; readonly key: string }

/** Does in a document what is wanted, as far as what it is about is shown there. */
export function perform(doc: Y.Doc, census: Census, intent: Intent): void {
  switch (intent.type) {
    case 'type':
    case 'insert': {
      const sequence = census.sequences.get(intent.into)
      if (!sequence) return
      const index = sequence.offset + sequence.tokens.indexOf(intent.after ?? -2) + 1
      if (intent.type === 'type') textOf(sequence.type).insert(index, intent.text)
      else insert(sequence.type, index, intent.units)
      return
    }
    case 'delete':
      for (const token of intent.tokens) {
        const place = census.places.get(token)
        const entries = place === undefined ? undefined : census.entries.get(place)
        for (const [key, value] of entries?.tokens ?? [])
          if (value === token && entries) unset(entries.type, key)
      }
      return onRanges(census, intent.tokens, (type, at, length) => erase(type, at, length))
    case 'format':
      return onRanges(census, intent.tokens, (type, at, length) =>
        textOf(type).format(at, length, intent.attributes),
      )
    case 'set':
      return set(typeIn(doc, census, intent.in), intent.key, intent.unit)
    case 'unset':
      return unset(typeIn(doc, census, intent.in), intent.key)
  }
}

function typeIn(doc: Y.Doc, census: Census, id: ContainerId): SharedType | undefined {
  const known = census.entries.get(id)?.type ?? census.sequences.get(id)?.type
  return known ?? (typeof id === 'string' ? (doc.share.get(id) as SharedType | undefined) : undefined)
}

/** The last range first, so that positions stay right; a range of tokens that stand together is one change. */
function onRanges(
  census: Census,
  tokens: readonly TokenId[],
  change: (type: SharedType, at: number, length: number) => void,
): void {
  const wanted = new Set(tokens)
  const touched = new Set<Sequence>()
  for (const token of tokens) {
    const place = census.places.get(token)
    const sequence = place === undefined ? undefined : census.sequences.get(place)
    if (sequence) touched.add(sequence)
  }
  for (const { type, tokens: present, offset } of touched) {
    for (let end = present.length; end > 0; end--) {
      if (!wanted.has(present[end - 1] as TokenId)) continue
      let start = end - 1
      while (start > 0 && wanted.has(present[start - 1] as TokenId)) start--
      change(type, offset + start, end - start)
      end = start + 1
    }
  }
}

function insert(type: SharedType, index: number, units: readonly Unit[]): void {
  if (type instanceof Y.Text) {
    // Each of them at the same place, the last one first: they end up in order.
    for (const unit of [...units].reverse()) type.insertEmbed(index, made(unit) as object)
  } else {
    ;(type as Y.Array<unknown>).insert(index, units.map(made))
  }
}

function erase(type: SharedType, at: number, length: number): void {
  ;(type as Y.Array<unknown>).delete(at, length)
}

function set(type: SharedType | undefined, key: string, unit: Unit): void {
  if (type instanceof Y.Map) type.set(key, made(unit))
  else if (type instanceof Y.XmlElement || type instanceof Y.Text)
    type.setAttribute(key, made(unit) as string)
}

function unset(type: SharedType | undefined, key: string): void {
  if (type instanceof Y.Map) type.delete(key)
  else if (type instanceof Y.XmlElement || type instanceof Y.Text) type.removeAttribute(key)
}

function textOf(type: SharedType): Y.Text {
  if (!(type instanceof Y.Text)) throw new Error('only text can be typed into')
  return type
}

function made({ kind, char }: Unit): unknown {
  switch (kind) {
    case 'value':
      return char
    case 'wrapped':
      return { token: char }
    case 'map':
      return new Y.Map([[ID_KEY, char]])
    case 'array':
      return Y.Array.from([char])
    case 'text':
      return named(new Y.Text(), char)
    case 'xml-text':
      return named(new Y.XmlText(), char)
    case 'element': {
      const element = new Y.XmlElement('p')
      element.setAttribute(ID_KEY, char)
      return element
    }
  }
}

function named<T extends Y.Text>(text: T, char: string): T {
  text.setAttribute(ID_KEY, char)
  return text
}
