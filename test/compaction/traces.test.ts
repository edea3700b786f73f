/**
 * Real editing histories in a room of three: in the end the documents are as small as their content.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { loadConcurrentTrace } from '../traces/concurrent-trace.js'
import { applyPatch, loadSequentialTrace } from '../traces/sequential-trace.js'
import { freshBytes, type Replica, Replicas, stateBytes } from './replicas.js'
import { Author } from './two-authors.js'

/** Much faster than people type. */
const EDITS_PER_TICK = 16
const TICK_MS = 16
/** How long one replica types before the next one goes on. */
const TURN_EDITS = 3000
const LATENCY_MS = 100
/** Each costs some 10 ms of a processor. */
const SESSIONS = Number(process.env['COMPACTION_SESSIONS'] ?? 5000)
/** Cut early: every newcomer loads the history since the last cut, edit by edit. */
const SESSION_MIN_BYTES = 4096

let replicas: Replicas
let room: Replica[]
let cuts: number

beforeEach(() => {
  replicas = new Replicas()
  room = [replicas.open(), replicas.open(), replicas.open()]
  cuts = 0
  room[0]?.provider.on('compacted', () => cuts++)
})

afterEach(() => replicas.destroy())

describe('a document that was written by one after the other', () => {
  test.each(['sveltecomponent', 'automerge-paper'])(
    '%s ends as small as its content',
    { timeout: 300_000 },
    async (name) => {
      const { patches, endContent } = await loadSequentialTrace(trace(name))
      const plain = new Y.Doc()
      for (const patch of patches) applyPatch(plain.getText('text'), patch)
      for (let at = 0; at < patches.length; at += EDITS_PER_TICK) {
        if (at % TURN_EDITS < EDITS_PER_TICK) replicas.advance(LATENCY_MS)
        const writer = room[Math.floor(at / TURN_EDITS) % room.length] as Replica
        for (const patch of patches.slice(at, at + EDITS_PER_TICK)) applyPatch(writer.text, patch)
        replicas.advance(TICK_MS)
      }
      const cutsMeanwhile = cuts
      replicas.rest()
      expectCompact(name, endContent, stateBytes(plain), cutsMeanwhile)
    },
  )
})

test('friendsforever, written by two at once, ends as small as its content', {
  timeout: 300_000,
}, async () => {
  const playable = await loadConcurrentTrace(trace('friendsforever'))
  const made = playable.authors.map((): Uint8Array[] => [])
  const authors = playable.authors.map((_, i) => new Author(i, room[i] as Replica, playable, made))
  while (!authors.every(({ isDone }) => isDone)) {
    const count = authors.reduce((sum, author) => sum + author.type(EDITS_PER_TICK), 0)
    replicas.advance(count > 0 ? TICK_MS : LATENCY_MS)
  }
  const cutsMeanwhile = cuts
  replicas.settle()
  // The counters were only for the replay.
  for (const key of ['0', '1']) room[0]?.doc.getMap('counters').delete(key)
  replicas.rest()
  const plain = new Y.Doc()
  for (const update of made.flat()) Y.applyUpdate(plain, update)
  expectCompact('friendsforever', playable.endContent, stateBytes(plain), cutsMeanwhile)
})

test(`${SESSIONS} sessions of one edit each leave a document of at most twice its content`, {
  timeout: 600_000,
}, () => {
  const resident = replicas.open(SESSION_MIN_BYTES)
  for (const other of room) {
    replicas.settle()
    replicas.close(other)
  }
  replicas.settle()
  resident.provider.on('compacted', () => cuts++)
  const plain = new Y.Doc()
  for (let session = 0; session < SESSIONS; session++) {
    const visitor = replicas.open(SESSION_MIN_BYTES)
    const at = (session * 7919) % (visitor.text.length + 1)
    visitor.text.insert(at, 'word ')
    replicas.close(visitor)
    addAsStranger(plain, at)
    replicas.advance(LATENCY_MS)
  }
  const cutsMeanwhile = cuts
  replicas.rest()
  const content = resident.text.toString()
  expect(content).toBe(plain.getText('text').toString())
  const [bytes, fresh] = [stateBytes(resident.doc), freshBytes(content)]
  report(`${SESSIONS} sessions`, { fresh, bytes, plain: stateBytes(plain), cutsMeanwhile })
  expect(bytes).toBeLessThanOrEqual(2 * fresh)
  expect(replicas.errors).toEqual([])
})

/** The same edit in plain Yjs, by a client that never comes again. */
function addAsStranger(plain: Y.Doc, at: number): void {
  plain.clientID = (plain.clientID * 69069 + 1) % 2 ** 32
  plain.getText('text').insert(at, 'word ')
}

function expectCompact(name: string, content: string, plain: number, cutsMeanwhile: number): void {
  const fresh = freshBytes(content)
  const bytes = room.map(({ doc }) => stateBytes(doc))
  report(name, { fresh, bytes: Math.max(...bytes), plain, cutsMeanwhile })
  for (const { text, provider } of room) {
    expect(text.toString()).toBe(content)
    expect(provider.epoch).toBe(room[0]?.provider.epoch)
  }
  for (const size of bytes) expect(size).toBeLessThanOrEqual(1.01 * fresh)
  expect(cutsMeanwhile).toBeGreaterThan(0)
  expect(replicas.errors).toEqual([])
}

interface Sizes {
  readonly fresh: number
  readonly bytes: number
  readonly plain: number
  readonly cutsMeanwhile: number
}

function report(name: string, { fresh, bytes, plain, cutsMeanwhile }: Sizes): void {
  const times = (size: number) => `${size} B (${(size / fresh).toFixed(3)} ×)`
  console.warn(
    `${name}: fresh ${fresh} B, here ${times(bytes)}, plain Yjs ${times(plain)}; ${cutsMeanwhile} cuts on the way, ${cuts} in all`,
  )
}

function trace(name: string): URL {
  return new URL(`../traces/${name}.json.gz`, import.meta.url)
}
