/**
 * Showing a live document's application what a renumbering changes, and keeping what its observers answer.
 *
 * Invariants: the transaction that shows it writes under a client id of its own, because these structs are replaced
 * at once, and their clocks must not be missing in the replica's own sequence. Each visible unit it inserts
 * corresponds to one of the rebuilt document; so whatever an observer then writes among them can be told from
 * it, and done in the rebuilt document too. Nothing is shown a second time: nobody can go round in circles.
 */
import * as Y from 'yjs'
import { type TransactionKind, transact } from '../transact.js'
import {
  compare,
  type Difference,
  type Inserted,
  type Names,
  NOTHING_INSERTED,
  shownEntry,
} from './difference.js'
import { fillTo } from './rebuild.js'
import type { IdTranslation } from './translation-table.js'
import {
  type Rename,
  type SharedType,
  showsList,
  type TypePair,
  unchanged,
  unitsOf,
  visibleRuns,
} from './visible-units.js'

/** What {@link showDifference} has done, for those steps of a move that follow. */
export interface Shown {
  readonly changedVisibly: boolean
  /** Whether an observer has edited the document in answer. */
  readonly isAnswered: boolean
  /** What the transaction has made, and what it stands for. */
  readonly inserted: Inserted
  /** The clock of the replica's own client before. */
  readonly ownClock: number
  readonly names: Names
  /** Names of the roots that may show the difference: an observer may have asked for others in answer. */
  readonly roots: ReadonlySet<string>
}

/** How the transaction that shows a difference is known. */
export type ShownTransaction = Pick<TransactionKind, 'origin' | 'onObserverError'>

export function showDifference(
  live: Y.Doc,
  rebuilt: Y.Doc,
  table: IdTranslation,
  difference: (names: Names) => Difference,
  kind: ShownTransaction,
): Shown {
  const ownClock = Y.getState(live.store, live.clientID)
  const client = unusedClient(live)
  const temporary = new TemporaryIds(client)
  const byTable = renameBy(table)
  const names: Names = {
    type: (author, clock, length) =>
      author === client ? temporary.rename(clock, length) : byTable(author, clock, length),
    model: unchanged,
  }
  const roots = new Set([...live.share].filter(([, type]) => isTyped(type)).map(([name]) => name))
  const found = difference(names)
  if (found.isEmpty)
    return { changedVisibly: false, isAnswered: false, inserted: NOTHING_INSERTED, ownClock, names, roots }
  let inserted = NOTHING_INSERTED
  const isAnswered = transactAs(live, client, kind, () => {
    inserted = found.apply()
    for (const pair of [...found.changed, ...inserted.types]) temporary.record(pair)
  })
  fillTo(rebuilt, live.clientID, ownClock)
  return { changedVisibly: true, isAnswered, inserted, ownClock, names, roots }
}

/**
 * What the user sees change, others have done: applications leave out what a transaction of their own changes.
 *
 * @returns whether anybody else has changed the document meanwhile.
 */
function transactAs(live: Y.Doc, client: number, kind: ShownTransaction, change: () => void): boolean {
  const { origin } = kind
  let isAnswered = false
  const watch = (transaction: Y.Transaction) => {
    // After a change from elsewhere Yjs deletes marks without effect. Here they are about to be replaced.
    if (transaction.origin === origin) transaction._needFormattingCleanup = false
    else if (transaction.changed.size > 0) isAnswered = true
  }
  live.on('afterTransaction', watch)
  try {
    transact(live, () => writeAs(live, client, change), { ...kind, isLocal: false })
  } finally {
    live.off('afterTransaction', watch)
  }
  return isAnswered
}

/** What observers write afterwards is the replica's own. */
function writeAs(live: Y.Doc, client: number, change: () => void): void {
  const ownClient = live.clientID
  live.clientID = client
  try {
    change()
  } finally {
    live.clientID = ownClient
  }
}

/**
 * Does in the rebuilt document what observers did in the live one in answer to the difference.
 *
 * @returns it as an update in the new naming, under the replica's own client id; undefined if there is nothing. It
 * takes the place of what the live document has told about these edits.
 */
export function carryAnswers(
  live: Y.Doc,
  rebuilt: Y.Doc,
  shown: Shown,
): { update: Uint8Array; inserted: Inserted } | undefined {
  if (!shown.isAnswered) return undefined
  const difference = compare(
    rootPairs(live, rebuilt, shown.roots).map(({ type, model }) => ({ type: model, model: type })),
    { type: unchanged, model: shown.names.type },
  )
  if (difference.isEmpty) return undefined
  const updates: Uint8Array[] = []
  const collect = (update: Uint8Array) => updates.push(update)
  rebuilt.clientID = live.clientID
  rebuilt.on('update', collect)
  const copies = rebuilt.transact(() => difference.apply())
  rebuilt.off('update', collect)
  // The application holds the live ones.
  return {
    update: Y.mergeUpdates(updates),
    inserted: {
      types: copies.types.map(({ type, model }) => ({ type: model, model: type })),
      documents: copies.documents.map(({ item, model }) => ({ item: model, model: item })),
    },
  }
}

/**
 * Roots whose kind is known: nobody can have asked for another.
 *
 * @param among these. A root that was asked for in between shows what it held before: what the rebuilt one holds beside that
 * nobody has taken away.
 */
export function rootPairs(live: Y.Doc, rebuilt: Y.Doc, among?: ReadonlySet<string>): TypePair[] {
  const pairs: TypePair[] = []
  for (const [name, type] of live.share) {
    if (!isTyped(type) || among?.has(name) === false) continue
    pairs.push({ type, model: rebuilt.get(name, type.constructor as new () => SharedType) })
  }
  return pairs
}

function isTyped(type: SharedType): boolean {
  return type.constructor !== Y.AbstractType
}

/** Content that no cut has kept is named as before: that names nothing in the rebuilt document. */
function renameBy(table: IdTranslation): Rename {
  return (client, clock, length) => {
    const fate = table.find({ client, clock })
    if (fate === undefined) return { client, clock, length }
    const units = Math.min(length, fate.length)
    return fate.kind === 'live'
      ? { client: table.client, clock: fate.clock, length: units }
      : { client, clock, length: units }
  }
}

function unusedClient(doc: Y.Doc): number {
  let client = 2 ** 32 - 1
  while (doc.store.clients.has(client)) client--
  return client
}

/** What the units that a difference has inserted stand for. */
class TemporaryIds {
  readonly #client: number
  readonly #stands = new Map<number, Y.ID>()

  constructor(client: number) {
    this.#client = client
  }

  /** The two show the same now. */
  record({ type, model }: TypePair): void {
    const originals = unitsOf(visibleRuns(model, unchanged))
    for (const { item, offset } of showsList(type) ? unitsOf(visibleRuns(type, unchanged)) : []) {
      const original = originals.next().value
      if (original === undefined) {
        if (holdsMadeUpContent(type)) return
        throw new Error('A difference was not shown completely')
      }
      this.#note(item, offset, Y.createID(original.item.id.client, original.item.id.clock + original.offset))
    }
    for (const key of type._map.keys()) {
      const entry = shownEntry(type, key)
      const original = shownEntry(model, key)
      if (entry !== undefined && original !== undefined) this.#note(entry, 0, original.id)
    }
  }

  #note({ id }: Y.Item, offset: number, original: Y.ID): void {
    if (id.client === this.#client) this.#stands.set(id.clock + offset, original)
  }

  rename(clock: number, length: number) {
    const original = this.#stands.get(clock)
    return original === undefined
      ? { client: this.#client, clock, length }
      : { ...plain(original), length: 1 }
  }
}

/** Yjs neither shows nor deletes in a text what no text writes; whoever has made it up sees what becomes of it. */
function holdsMadeUpContent(type: SharedType): boolean {
  if (!(type instanceof Y.Text)) return false
  for (let item = type._start; item !== null; item = item.right) {
    const { content, deleted, countable } = item
    const isWritten =
      content instanceof Y.ContentString ||
      content instanceof Y.ContentEmbed ||
      content instanceof Y.ContentType
    if (!deleted && countable && !isWritten) return true
  }
  return false
}

function plain({ client, clock }: Y.ID) {
  return { client, clock }
}
