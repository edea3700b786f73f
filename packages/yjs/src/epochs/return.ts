/**
 * Coming back: a document with content of its own, and the room's document beside it.
 *
 * If tables lead from the own naming to the room's, then what the room lacks is what this side wrote and nobody
 * received: by clock, as an author's clocks mean the same in every naming; deletions by set difference. It is
 * carried into the room's document, and leaves as an ordinary local change. Where it belongs there is read off the own
 * document: what is not carried need not tell any more, as the room may have purged it.
 *
 * Invariant: nothing that the room's base or the operations above it hold is carried a second time, and nothing else
 * is left behind.
 */
import type { Naming } from '@tidemark/core'
import * as Y from 'yjs'
import { deletesOf, type IdRange, IdRanges } from '../id-ranges.js'
import type { LocalChanges } from '../local-changes.js'
import {
  composed,
  type IdTranslation,
  Inverse,
  Passage,
  type Rebuilding,
  type TranslationTable,
  translate,
  translateIds,
} from '../renumbering/index.js'
import { type DecodedStruct, encodeUpdate, sectionsOf } from '../renumbering/update-encoding.js'
import { eachStruct, type StructStore } from '../store.js'
import { RootNames } from '../struct-part.js'
import { UpdateWriter } from '../update-writer.js'
import { baseClientOf } from './base-client.js'
import { type History, joinedLineages, linksFrom, originsOf } from './history.js'
import { afterBaseEntries } from './map-entries.js'
import { decodeLinks, type Link, TableChain } from './table-chain.js'
import { uncrossedIn } from './uncrossed.js'

/** How the ids of a returning document lead to the room's. */
export type Way =
  | {
      /** 'foreign': they come from another room; the table knows those that somebody else has brought along already. */
      readonly kind: 'translated' | 'foreign'
      readonly table: IdTranslation
      /** What the table leads from are earlier names of the document's content: it is to be given them first. */
      readonly inverse?: Inverse | undefined
    }
  /** Nothing leads there: only the room's state can stay. */
  | { readonly kind: 'lost' }

/** A document, and how its ids are to be read. */
export interface Returning {
  readonly history: History
  readonly store: StructStore
}

/** Ids that no cut has renumbered. */
export const UNCHANGED: IdTranslation = {
  client: 0,
  endOf: () => 0,
  find: () => undefined,
  lastLive: () => undefined,
  id: (clock) => Y.createID(0, clock),
}

/** Ids that mean nothing any more. */
export const FORGOTTEN: IdTranslation = {
  client: 0,
  endOf: () => Number.POSITIVE_INFINITY,
  find: () => ({ kind: 'dead', length: Number.POSITIVE_INFINITY }),
  lastLive: () => undefined,
  id: (clock) => Y.createID(0, clock),
}

export function wayBack(own: Returning, room: Returning): Way {
  const common = commonNaming(own.history, room.history)
  if (common !== undefined) {
    const table = translationBy(decodeLinks(linksFrom(room.history, common) ?? []))
    return { kind: 'translated', table, inverse: inverseBy(linksFrom(own.history, common) ?? []) }
  }
  const tables = decodeLinks(room.history.chain.links)
  const inRoom = clientsOf(room, tables)
  const isBroughtOtherwise = holdsSibling(own.history, inRoom)
  // Everything has the names it was authored under, here and there.
  if (leadsToAuthors(own.history) && leadsToAuthors(room.history) && !isBroughtOtherwise)
    return strangers(own, tables)
  // The room has taken in exactly this base from somebody else, under these ids.
  const { client } = own.history
  if (client !== 0 && inRoom.has(client)) return { kind: 'foreign', table: translationBy(tables) }
  const isSameFamily = own.history.lineages.some((lineage) => room.history.lineages.includes(lineage))
  if (isSameFamily || (client !== 0 && sharesAny(own, inRoom)) || isBroughtOtherwise) {
    return { kind: 'lost' }
  }
  return strangers(own, tables)
}

/** They merge, as two Yjs documents do; what somebody else has brought along already has its ids in the tables. */
function strangers({ history }: Returning, tables: readonly TranslationTable[]): Way {
  const inverse = leadsToAuthors(history) ? inverseBy(history.chain.links) : undefined
  return { kind: 'foreign', table: translationBy(tables), inverse }
}

/** The newest from which both have gone on. */
function commonNaming(own: History, room: History): Naming | undefined {
  const namings = [...own.namings, ...originsOf(own)]
  return namings.find((naming) => linksFrom(room, naming) !== undefined)
}

/** Whether the tables reach back to where nothing had been renumbered yet. */
function leadsToAuthors({ namings, chain }: History): boolean {
  const oldest = chain.links[0]?.from ?? namings
  return oldest.every(({ epoch }) => epoch === 0)
}

function inverseBy(links: readonly Link[]): Inverse | undefined {
  return links.length === 0 ? undefined : new Inverse(decodeLinks(links))
}

function translationBy(tables: readonly TranslationTable[]): IdTranslation {
  return tables.length === 0 ? UNCHANGED : composed(tables)
}

/** Whose structs a document has, or had before they were renumbered. */
function clientsOf({ store }: Returning, tables: readonly TranslationTable[]): Set<number> {
  return new Set([...store.clients.keys(), ...tables.flatMap((table) => [...table.clients.keys()])])
}

/** No two histories draw the same client id: a common one is a common past. */
function sharesAny(own: Returning, clients: ReadonlySet<number>): boolean {
  const ofOwn = clientsOf(own, decodeLinks(own.history.chain.links))
  return [...ofOwn].some((client) => clients.has(client))
}

/** How many epochs two who were in one room may have come apart: it only bounds the search. */
const SIBLING_EPOCHS = 128

/** Whether somebody else has brought along a base of our lineage, of another epoch: the same content by other ids. */
function holdsSibling({ namings }: History, clients: ReadonlySet<number>): boolean {
  return namings.some(({ lineage, epoch }) => {
    const last = epoch + SIBLING_EPOCHS
    for (let other = Math.max(1, epoch - SIBLING_EPOCHS); other <= last; other++) {
      if (clients.has(baseClientOf({ lineage, epoch: other }))) return true
    }
    return false
  })
}

/** The room's history, with the tables that only this side has kept: it can let others in who need them. */
export function historyAfterReturn(own: History, room: History): History {
  const lineages = joinedLineages(room.lineages, own.lineages)
  const common = commonNaming(own, room)
  const since = common && linksFrom(room, common)
  const [oldest] = own.chain.links
  const [from] = oldest?.from ?? []
  if (since === undefined || from === undefined || linksFrom(room, from) !== undefined) {
    return { ...room, lineages }
  }
  const { links } = own.chain
  const before = links.slice(0, links.length - (linksFrom(own, common as Naming)?.length ?? 0))
  if (!follows(before.at(-1), since[0])) return { ...room, lineages }
  const chain = new TableChain([...before, ...since]).within(room.baseBytes)
  return { ...room, lineages, chain }
}

/** A room that somebody founded with half a state knows but a part of the base that its first table leads from. */
function follows(before: Link | undefined, after: Link | undefined): boolean {
  if (before === undefined || after === undefined) return true
  const [earlier, later] = decodeLinks([before, after])
  return earlier !== undefined && later !== undefined && later.endOf(earlier.client) >= sizeOfBase(earlier)
}

function sizeOfBase({ clients }: TranslationTable): number {
  let size = 0
  for (const { clocks, fates, end } of clients.values()) {
    for (const [index, clock] of fates.entries()) {
      const length = (clocks[index + 1] ?? end) - (clocks[index] ?? 0)
      if (clock >= 0) size = Math.max(size, clock + length)
    }
  }
  return size
}

export interface Carrying {
  /**
   * Several may bring the same from another room, without knowledge of each other. What the room does not know is
   * carried as it is then, gaps included, so that they all say the same of it.
   */
  readonly isForeign: boolean
  /** By which the own document has got the names it has. */
  readonly inverse: Inverse | undefined
}

/** Integrates into the room's document what the own one has and it lacks, and makes exactly that the local change. */
export function carryInto(
  { rebuilding: room, client }: { readonly rebuilding: Rebuilding; readonly client: number },
  own: Y.Doc,
  table: IdTranslation,
  changes: LocalChanges,
  { isForeign, inverse }: Carrying = { isForeign: false, inverse: undefined },
): void {
  const isKnown = [...own.store.clients.keys()].some((author) => table.endOf(author) > 0)
  const isVerbatim = inverse === undefined && isForeign && !isKnown
  const asItIs = isVerbatim || (inverse === undefined && table === UNCHANGED)
  const structs = newStructs(own.store, room.doc.store, table, isVerbatim)
  const known = deletesOf(room.doc.store)
  if (structs.size > 0) {
    const authored = encodeStructs(own, structs)
    // As the others will take it: in the room two that it lies between may stand the other way round.
    if (asItIs) room.add(uncrossedIn(room.doc.store, authored))
    else {
      const seen = seenBy(own.store, room.doc.store)
      const restored = (id: Y.ID) => inverse !== undefined && id.clock < (inverse.ends.get(id.client) ?? 0)
      const update = placed(authored, own, room.doc, table, seen, inverse !== undefined)
      room.add(afterBaseEntries(update, room.doc, client, { restored, seen }))
    }
  }
  // What cuts have let go on this side has left gaps in what is carried: somebody else may bring it as it was.
  const deletes = newDeletes(own.store, room.doc.store, table, inverse ? known : deletesOf(room.doc.store))
  if (!deletes.isEmpty) room.add(encodeUpdate(new Map(), deletes))
  changes.replace(structs, deletes)
}

/** What of the room's document this side had, too. */
function seenBy(own: StructStore, room: StructStore): Map<number, number> {
  const seen = new Map<number, number>()
  for (const client of own.clients.keys()) {
    seen.set(client, Math.min(Y.getState(own, client), Y.getState(room, client)))
  }
  return seen
}

/**
 * What is in a list gets the neighbours it has in the own document, of those the room has, too. By the table alone, two
 * that lay between the same survivors could change places. Writes to a map are told apart by what they replace.
 */
function placed(
  update: Uint8Array,
  own: Y.Doc,
  room: Y.Doc,
  table: IdTranslation,
  seen: ReadonlyMap<number, number>,
  isApart: boolean,
): Uint8Array {
  const translated = sectionsIn(translate(update, table))
  const carried = new Passage(own, room, table, seen, {
    avoidsDeleted: isApart,
    staysBesideShown: true,
  }).carry(sectionsIn(update))
  for (const [client, structs] of carried) {
    for (const [index, { id }] of structs.entries()) {
      const item = Y.getItem(own.store, id)
      const entry = translated.get(client)?.[index]
      if (item instanceof Y.Item && item.parentSub !== null && entry !== undefined) structs[index] = entry
    }
  }
  return encodeUpdate(carried, new IdRanges())
}

function sectionsIn(update: Uint8Array): Map<number, DecodedStruct[]> {
  return sectionsOf(Y.decodeUpdate(update).structs, () => 0)
}

function newStructs(
  own: StructStore,
  room: StructStore,
  table: IdTranslation,
  withGaps: boolean,
): Map<number, IdRange> {
  const structs = new Map<number, IdRange>()
  for (const [client, [first]] of own.clients) {
    // What an author did before the own base is in it under another name, and leaves a gap at the start. Where the
    // room knows the author there must be no gap (and what was deleted right after it counts as a part of it).
    const filled = first instanceof Y.GC && !withGaps ? first.length : 0
    const known = room.clients.has(client) ? Y.getState(room, client) : filled
    const clock = Math.max(table.endOf(client), known)
    const end = Y.getState(own, client)
    if (end > clock) structs.set(client, { clock, end })
  }
  return structs
}

function encodeStructs(doc: Y.Doc, structs: ReadonlyMap<number, IdRange>): Uint8Array {
  const writer = new UpdateWriter(new RootNames(doc))
  for (const [client, { clock, end }] of structs) {
    eachStruct(doc.store, client, clock, end, (struct) => {
      const start = struct.id.clock
      writer.addStruct(struct, Math.max(0, clock - start), Math.min(struct.length, end - start))
    })
  }
  return writer.finish()
}

function newDeletes(own: StructStore, room: StructStore, table: IdTranslation, known: IdRanges): IdRanges {
  const candidates = translateIds(Y.createDeleteSetFromStructStore(own), table).minus(known)
  // A gap at the start of an author who is no longer known to the room is no deletion.
  const deletes = new IdRanges()
  for (const client of candidates.clients()) {
    const state = Y.getState(room, client)
    for (const { clock, end } of candidates.of(client)) {
      if (clock < state) deletes.add(client, clock, Math.min(end, state) - clock)
    }
  }
  return deletes
}

/** The whole document, for the application to do with it what it can. */
export function copyOf(doc: Y.Doc): Y.Doc {
  const copy = new Y.Doc()
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc))
  return copy
}
