/**
 * Tidemark: histories go through a room of three with cuts on the way, as in the tests. Then everybody rests, one more
 * comes in, and keeps what it was sent.
 */
import { setImmediate } from 'node:timers/promises'
import { memoryStorage, TidemarkProvider } from 'tidemark'
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
  /** What is stored, as records. */
  readonly records: readonly Uint8Array[]
}

export async function sequentialRoom(name: string): Promise<Rested> {
  const { patches } = await loadSequentialTrace(traceFile(name))
  const { replicas, room } = roomOfThree()
  for (let at = 0; at < patches.length; at += EDITS_PER_TICK) {
    if (at % TURN_EDITS < EDITS_PER_TICK) replicas.advance(LATENCY_MS)
    const writer = room[Math.floor(at / TURN_EDITS) % room.length] as Replica
    for (const patch of patches.slice(at, at + EDITS_PER_TICK)) applyPatch(writer.text, patch)
    replicas.advance(TICK_MS)
  }
  return rested(replicas)
}

export async function concurrentRoom(name: string): Promise<Rested> {
  const playable = await loadConcurrentTrace(traceFile(name))
  const { replicas, room } = roomOfThree()
  const made = playable.authors.map((): Uint8Array[] => [])
  const authors = playable.authors.map((_, at) => new Author(at, room[at] as Replica, playable, made))
  while (!authors.every(({ isDone }) => isDone)) {
    const count = authors.reduce((sum, author) => sum + author.type(EDITS_PER_TICK), 0)
    replicas.advance(count > 0 ? TICK_MS : LATENCY_MS)
  }
  replicas.settle()
  // The counters were only for the replay.
  for (const key of ['0', '1']) room[0]?.doc.getMap('counters').delete(key)
  return rested(replicas)
}

export async function visitedRoom(count: number): Promise<Rested> {
  const replicas = new Replicas()
  replicas.open(VISITED_MIN_BYTES)
  for (const patch of visits(count)) {
    const visitor = replicas.open(VISITED_MIN_BYTES)
    applyPatch(visitor.text, patch)
    replicas.close(visitor)
    replicas.advance(LATENCY_MS)
  }
  return rested(replicas)
}

function roomOfThree(): { readonly replicas: Replicas; readonly room: readonly Replica[] } {
  const replicas = new Replicas()
  return { replicas, room: [replicas.open(), replicas.open(), replicas.open()] }
}

async function rested(replicas: Replicas): Promise<Rested> {
  replicas.rest()
  const [resident] = replicas.all
  if (resident === undefined) throw new Error('nobody is in the room')
  const content = resident.text.toString()
  const received: Uint8Array[] = []
  const storage = memoryStorage()
  const doc = new Y.Doc()
  const transport = observed(replicas.transport(), { received: (bytes) => received.push(bytes.slice()) })
  const provider = new TidemarkProvider('room', doc, { transport, scheduler: replicas.scheduler, storage })
  // Storage answers in real time, the room in its own.
  for (let turn = 0; !provider.synced; turn++) {
    if (turn > PATIENCE_TURNS) throw new Error('the newcomer did not get in')
    replicas.advance(1)
    await setImmediate()
  }
  const wire = joined(received)
  if (doc.getText('text').toString() !== content) throw new Error('the newcomer has another content')
  await provider.whenSaved()
  const store = await storage.asAfterCrash().open('room')
  const records = await store.load()
  const form = { who: 'Tidemark', encoded: Y.encodeStateAsUpdate(resident.doc), wire, rest: joined(records) }
  if (replicas.errors.length > 0) throw new Error(replicas.errors.join('; '))
  return { form, content, records }
}
