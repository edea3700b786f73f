/**
 * What a list shows, as runs of ids: the common ground on which a document before a cut and the one rebuilt after
 * it are compared.
 *
 * Invariant: two neighbouring runs never continue one another, so equal lists have equal runs.
 */
import * as Y from 'yjs'

export type SharedType = Y.ContentType['type']
export type Attributes = Readonly<Record<string, unknown>>

/**
 * What a type of this kind shows. Somebody may have made up an entry of an array, or a child of a map: it is kept with
 * everything else, and nobody can see it.
 */
export function showsList(type: SharedType): boolean {
  return type instanceof Y.Text || type instanceof Y.Array || type instanceof Y.XmlFragment
}

export function showsEntries(type: SharedType): boolean {
  return type instanceof Y.Map || type instanceof Y.Text || type instanceof Y.XmlElement
}

/** A type, and its counterpart in the document that is the model. */
export interface TypePair {
  readonly type: SharedType
  readonly model: SharedType
}

export interface UnitRun {
  readonly client: number
  readonly clock: number
  length: number
  /** The formatting in force, for text. */
  readonly attributes: Attributes
  readonly attributesKey: string
  readonly parts: { readonly item: Y.Item; readonly offset: number; readonly length: number }[]
}

/** An id and how many after it share its fate. */
export interface RenamedId {
  readonly client: number
  readonly clock: number
  readonly length: number
}

export type Rename = (client: number, clock: number, length: number) => RenamedId

export const unchanged: Rename = (client, clock, length) => ({ client, clock, length })

const PLAIN: Attributes = {}

export function visibleRuns(type: SharedType, rename: Rename): UnitRun[] {
  const runs: UnitRun[] = []
  let attributes = PLAIN
  let attributesKey = '[]'
  for (let item = type._start; item !== null; item = item.right) {
    if (item.deleted) continue
    if (item.content instanceof Y.ContentFormat) {
      attributes = withMark(attributes, item.content)
      attributesKey = canonical(attributes)
    } else if (item.countable) {
      addItem(runs, item, rename, attributes, attributesKey)
    }
  }
  return runs
}

function addItem(
  runs: UnitRun[],
  item: Y.Item,
  rename: Rename,
  attributes: Attributes,
  attributesKey: string,
): void {
  for (let offset = 0; offset < item.length; ) {
    const { client, clock, length } = rename(item.id.client, item.id.clock + offset, item.length - offset)
    const part = { item, offset, length }
    const last = runs.at(-1)
    if (
      last?.client === client &&
      last.clock + last.length === clock &&
      last.attributesKey === attributesKey
    ) {
      last.length += length
      last.parts.push(part)
    } else {
      runs.push({ client, clock, length, attributes, attributesKey, parts: [part] })
    }
    offset += length
  }
}

function withMark(attributes: Attributes, { key, value }: Y.ContentFormat): Attributes {
  const next: Record<string, unknown> = { ...attributes }
  if (value === null) delete next[key]
  else next[key] = value
  return next
}

function canonical(attributes: Attributes): string {
  return JSON.stringify(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)))
}

export function sameRun(a: UnitRun | undefined, b: UnitRun | undefined): boolean {
  return (
    a !== undefined &&
    b !== undefined &&
    a.client === b.client &&
    a.clock === b.clock &&
    a.length === b.length &&
    a.attributesKey === b.attributesKey
  )
}

export interface Unit {
  readonly key: string
  readonly run: UnitRun
  readonly item: Y.Item
  readonly offset: number
}

export function* unitsOf(runs: readonly UnitRun[]): Generator<Unit> {
  for (const run of runs) {
    let clock = run.clock
    for (const { item, offset, length } of run.parts) {
      for (let i = 0; i < length; i++, clock++)
        yield { key: `${run.client}:${clock}`, run, item, offset: offset + i }
    }
  }
}
