/**
 * Writes to a map that somebody brings back come after the entry of the base.
 *
 * A write that knew of no earlier one has no origin, and Yjs orders such writes by client id. The base's entry stands
 * for whichever value won below the cut; its id is drawn, and would beat every author with a lower one: a value that
 * the write had replaced, and somebody has since deleted, would come back. So the write gets the base's entry as its
 * origin, as if its author had seen it.
 *
 * Invariant: the result depends on the update and on the base, on nothing that is above it.
 */
import * as Y from 'yjs'
import { IdRanges } from '../id-ranges.js'
import {
  type DecodedStruct,
  encodeUpdate,
  looseParent,
  setLooseParent,
} from '../renumbering/update-encoding.js'

/** What somebody brings whose history went on apart from the room's. */
export interface Apart {
  /** Whether an id is that of an item that a base of this side held: what it replaced when it was written is forgotten. */
  restored(id: Y.ID): boolean
  /** What of the room this side had, too. */
  readonly seen: ReadonlyMap<number, number>
}

const NOT_APART: Apart = { restored: () => false, seen: new Map() }

/**
 * @param update in the naming of the base, translated from an earlier one.
 * @param client the base's synthetic client id.
 */
export function afterBaseEntries(
  update: Uint8Array,
  doc: Y.Doc,
  client: number,
  apart = NOT_APART,
): Uint8Array {
  const { structs, ds } = Y.decodeUpdate(update)
  let isChanged = false
  for (const struct of structs) {
    if (struct instanceof Y.Item && follow(struct, doc, client, apart)) isChanged = true
  }
  if (!isChanged) return update
  const sections = new Map<number, DecodedStruct[]>()
  for (const struct of structs) {
    const section = sections.get(struct.id.client)
    if (section === undefined) sections.set(struct.id.client, [struct])
    else section.push(struct)
  }
  const deletes = new IdRanges()
  deletes.addDeleteSet(ds)
  return encodeUpdate(sections, deletes)
}

function follow(item: Y.Item, doc: Y.Doc, client: number, { restored, seen }: Apart): boolean {
  if (item.parentSub === null || item.origin !== null || item.rightOrigin !== null) return false
  const isRestored = restored(item.id)
  const isBefore = ({ id }: Y.Item) =>
    id.client === client || (isRestored && id.clock < (seen.get(id.client) ?? 0))
  const type = typeAt(looseParent(item), doc, isRestored ? undefined : client)
  let entry = type?._map.get(item.parentSub) ?? null
  while (entry !== null && !isBefore(entry)) entry = entry.left
  if (isRestored && item.content instanceof Y.ContentDeleted) return precede(item, type)
  if (entry === null) return false
  item.origin = entry.lastId
  setLooseParent(item, null)
  item.parentSub = null
  return true
}

/** What is gone takes nothing's place. */
function precede(item: Y.Item, type: Y.ContentType['type'] | undefined): boolean {
  let first = type?._map.get(item.parentSub ?? '') ?? null
  while (first !== null && first.left !== null) first = first.left
  if (first === null) return false
  item.rightOrigin = first.id
  setLooseParent(item, null)
  item.parentSub = null
  return true
}

/** @param client if given, only types of the base: no others have entries in it. */
function typeAt(
  parent: ReturnType<typeof looseParent>,
  doc: Y.Doc,
  client: number | undefined,
): Y.ContentType['type'] | undefined {
  if (typeof parent === 'string') return doc.share.get(parent)
  if (parent === null || (client !== undefined && parent.client !== client)) return undefined
  if (parent.clock >= Y.getState(doc.store, parent.client)) return undefined
  const holder = Y.getItem(doc.store, parent)
  return holder instanceof Y.Item && holder.content instanceof Y.ContentType ? holder.content.type : undefined
}
