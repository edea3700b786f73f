/**
 * Finds the relative positions in an awareness state, and puts their translations in their place.
 *
 * A state is whatever an application likes, and one from elsewhere may be hostile: what does not have exactly the
 * shape of a relative position stays as it is, and nothing here throws. The editor bindings for Yjs publish
 * `{ cursor: { anchor, head } }` (CodeMirror, ProseMirror, Quill), `{ selection: { anchor, head } }` (Monaco, Slate)
 * or `{ anchorPos, focusPos }` (Lexical), with instances of `Y.RelativePosition`, their JSON, or that as a string.
 */
import * as Y from 'yjs'

/** @returns undefined or null where there is no such position any more: it stays, and leads nowhere. */
export type TranslatePosition = (position: Y.RelativePosition) => Y.RelativePosition | null | undefined

/** Deeper than any state that is meant. Whatever walks through a state calls itself, so there must be an end. */
const MAX_DEPTH = 64

const KEYS = new Set(['type', 'tname', 'item', 'assoc'])

/** @returns the very same value if nothing in it had to be translated, otherwise a copy of what is around it. */
export function translatePositions<T>(value: T, translate: TranslatePosition): T {
  return translateWithin(value, translate, 0) as T
}

function translateWithin(value: unknown, translate: TranslatePosition, depth: number): unknown {
  if (typeof value === 'string') return translateText(value, translate)
  if (typeof value !== 'object' || value === null || depth === MAX_DEPTH) return value
  if (isPosition(value)) return translateOne(value, translate)
  const inner = (item: unknown) => translateWithin(item, translate, depth + 1)
  if (Array.isArray(value)) {
    const items = value.map(inner)
    return items.some((item, index) => item !== value[index]) ? items : value
  }
  if (!isPlain(value)) return value
  const entries = Object.entries(value)
  const translated = entries.map(([key, item]) => [key, inner(item)] as const)
  // Through entries, because a key called __proto__ is an ordinary one here.
  return translated.some(([, item], index) => item !== entries[index]?.[1])
    ? Object.fromEntries(translated)
    : value
}

export function isNestedTooDeeply(value: unknown, depth = MAX_DEPTH): boolean {
  if (typeof value !== 'object' || value === null) return false
  return depth === 0 || Object.values(value).some((item) => isNestedTooDeeply(item, depth - 1))
}

interface PositionLike {
  readonly type?: Y.ID | null
  readonly tname?: string | null
  readonly item?: Y.ID | null
  readonly assoc?: number | null
}

function translateOne(source: PositionLike, translate: TranslatePosition): PositionLike {
  const position = Y.createRelativePositionFromJSON(source)
  const translated = translate(position)
  if (!translated || Y.compareRelativePositions(position, translated)) return source
  // Plain objects, and all four keys: some bindings hand the JSON to Yjs as if it were the instance.
  return source instanceof Y.RelativePosition ? translated : JSON.parse(JSON.stringify(translated))
}

/** JSON within JSON, as the binding for CodeMirror 5 publishes it. */
function translateText(text: string, translate: TranslatePosition): string {
  if (!text.startsWith('{"') || text.length > 1000 || !text.includes('"clock"')) return text
  try {
    const source: unknown = JSON.parse(text)
    if (typeof source !== 'object' || source === null || !isPosition(source)) return text
    const translated = translateOne(source, translate)
    return translated === source ? text : JSON.stringify(translated)
  } catch {
    return text
  }
}

/** Whether it is a position that names an id; one without names nothing that a cut could rename. */
function isPosition(value: object): value is PositionLike {
  if (!Object.keys(value).every((key) => KEYS.has(key))) return false
  const { type = null, tname = null, item = null, assoc = null }: Record<string, unknown> = { ...value }
  return (
    (type !== null || item !== null) &&
    [type, item].every((id) => id === null || isId(id)) &&
    (tname === null || typeof tname === 'string') &&
    (assoc === null || Number.isSafeInteger(assoc))
  )
}

function isId(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { client, clock }: { client?: unknown; clock?: unknown } = value
  return [client, clock].every((part) => Number.isSafeInteger(part) && (part as number) >= 0)
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
