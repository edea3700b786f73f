/**
 * Tidemark: histories go through a room of three with cuts on the way, as in the tests. Then everybody rests, one more
 * comes in, and keeps what it was sent.
 */
import { setImmediate } from 'node:timers/promises'
import { type MemoryStorage, memoryStorage, type TidemarkOptions } from 'tidemark'
import * as Y from 'yjs'
import { type Replica, Replicas } from '../../test/compaction/replicas.js'
import { Author } from '../../test/compaction/two-authors.js'
import { loadConcurrentTrace } from '../../test/traces/concurrent-trace.js'
import { applyPatch, loadSequentialTrace } from '../../test/traces/sequential-trace.js'
import { joined } from '../bytes.js'
import { traceFile, visits } from '../histories.js'
import { observed } from '../observed-transport.js'
import type { Form } from './editor.js'

const EDITS_PER_TICK = 16
const TICK_MS = 16
/** How long one of them types before the next goes on. */
const TURN_EDITS = 3000
const LATENCY_MS = 100
/** Every visitor loads the history since the last cut, edit by edit. */
const VISITED_MIN_BYTES = 4096
const PATIENCE_TURNS = 10_000

export interface Rested {
  readonly form: Form
  readonly content: string
  /** What the resident has stored, as records. */
  readonly records: readonly Uint8Array[]
  /** Where the bytes are: of what is stored, and of what a newcomer gets. */
  readonly kept: Parts
  readonly sent: Parts
}

export interface Parts {
  readonly document: number
  /** Tables that lead from earlier namings to the present one. */
  readonly tables: number
  /** What ids mean, and replica ids; or messages around the state. */
  readonly others: number
}

/** A room whose first member stores it. */
interface Kept {
  readonly replicas: Replicas
  readonly storage: MemoryStorage
}

export async function sequentialRoom(name: string): Promise<Rested> {
  const { patches } = await loadSequentialTrace(traceFile(name))
  const kept = await keptRoom()
  const { replicas } = kept
  const room = roomOfThree(replicas)
  for (let at = 0; at < patches.length; at += EDITS_PER_TICK) {
    if (at % TURN_EDITS < EDITS_PER_TICK) replicas.advance(LATENCY_MS)
    const writer = room[Math.floor(at / TURN_EDITS) % room.length] as Replica
    for (const patch of patches.slice(at, at + EDITS_PER_TICK)) applyPatch(writer.text, patch)
    replicas.advance(TICK_MS)
  }
  return rested(kept)
}

export async function concurrentRoom(name: string): Promise<Rested> {
  const playable = await loadConcurrentTrace(traceFile(name))
  const kept = await keptRoom()
  const { replicas } = kept
  const room = roomOfThree(replicas)
  const made = playable.authors.map((): Uint8Array[] => [])
  const authors = playable.authors.map((_, at) => new Author(at, room[at] as Replica, playable, made))
  while (!authors.every(({ isDone }) => isDone)) {
    const count = authors.reduce((sum, author) => sum + author.type(EDITS_PER_TICK), 0)
    replicas.advance(count > 0 ? TICK_MS : LATENCY_MS)
  }
  replicas.settle()
  // The counters were only for the replay.
  for (const key of ['0', '1']) room[0]?.doc.getMap('counters').delete(key)
  return rested(kept)
}

export async function visitedRoom(count: number): Promise<Rested> {
  const kept = await keptRoom({ compactionMinBytes: VISITED_MIN_BYTES })
  const { replicas } = kept
  for (const patch of visits(count)) {
    const visitor = replicas.open(VISITED_MIN_BYTES)
    applyPatch(visitor.text, patch)
    replicas.close(visitor)
    replicas.advance(LATENCY_MS)
  }
  return rested(kept)
}

async function keptRoom(options: TidemarkOptions = {}): Promise<Kept> {
  const kept = { replicas: new Replicas(), storage: memoryStorage() }
  await entered(kept.replicas, { ...options, storage: kept.storage })
  return kept
}

function roomOfThree(replicas: Replicas): readonly Replica[] {
  replicas.open()
  replicas.open()
  return replicas.all
}

/** Storage answers in real time, the room in its own. */
async function entered(replicas: Replicas, options: TidemarkOptions): Promise<Replica> {
  const replica = replicas.enter(options)
  for (let turn = 0; !replica.provider.synced; turn++) {
    if (turn > PATIENCE_TURNS) throw new Error('a replica did not get in')
    replicas.advance(1)
    await setImmediate()
  }
  return replica
}

async function stored(replica: Replica, storage: MemoryStorage): Promise<Uint8Array[]> {
  await replica.provider.whenSaved()
  const store = await storage.asAfterCrash().open('room')
  return await store.load()
}

async function rested({ replicas, storage }: Kept): Promise<Rested> {
  replicas.rest()
  const [resident] = replicas.all
  if (resident === undefined) throw new Error('nobody is in the room')
  const content = resident.text.toString()
  const records = await stored(resident, storage)
  const received: Uint8Array[] = []
  const transport = observed(replicas.transport(), { received: (bytes) => received.push(bytes.slice()) })
  const ofNewcomer = memoryStorage()
  const newcomer = await entered(replicas, { transport, storage: ofNewcomer })
  const wire = joined(received)
  if (newcomer.text.toString() !== content) throw new Error('the newcomer has another content')
  const { document, tables } = partsOf(await stored(newcomer, ofNewcomer))
  const form = { who: 'Tidemark', encoded: Y.encodeStateAsUpdate(resident.doc), wire, rest: joined(records) }
  if (replicas.errors.length > 0) throw new Error(replicas.errors.join('; '))
  const sent = { document, tables, others: wire.length - document - tables }
  return { form, content, records, kept: partsOf(records), sent }
}

/** By the kinds of records: of the document its updates, packed or not, its tables, and what is kept beside them. */
function partsOf(records: readonly Uint8Array[]): Parts {
  const bytes = (isMeant: (kind: number) => boolean) =>
    records.reduce((sum, record) => sum + (isMeant(record[0] ?? 0) ? record.length : 0), 0)
  return {
    tables: bytes((kind) => kind === 3),
    document: bytes((kind) => kind === 1 || kind === 2 || kind === 4),
    others: bytes((kind) => kind === 0 || kind > 4),
  }
}
