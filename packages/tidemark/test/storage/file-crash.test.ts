/**
 * A folder of documents after a crash: a process killed at any moment of its writing, and a log that ends at any byte.
 *
 * `KILLS=200 npx vitest run packages/tidemark/test/storage/file-crash` kills more often.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { fileStorage } from 'tidemark/node'
import { afterAll, beforeAll, expect, test } from 'vitest'

const ROUNDS = Number(process.env['KILLS'] ?? 30)

let dir: string
let writer: string

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tidemark-'))
  writer = fileURLToPath(new URL('../../dist/test-file-writer.mjs', import.meta.url))
  await build({
    entryPoints: [fileURLToPath(new URL('file-writer.ts', import.meta.url))],
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@tidemark/source'],
    external: ['classic-level'],
    outfile: writer,
    logLevel: 'silent',
  })
})

afterAll(async () => {
  await rm(dir, { recursive: true })
  await rm(writer)
})

/** @returns what the process says, line by line. */
function run(folder: string): { child: ChildProcess; lines: AsyncIterator<string>; errors: () => string } {
  const child = spawn(process.execPath, [writer, folder], { stdio: ['ignore', 'pipe', 'pipe'] })
  let errors = ''
  child.stderr?.on('data', (data) => {
    errors += data
  })
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]()
  return { child, lines, errors: () => errors }
}

test(`a process killed ${ROUNDS} times while it writes finds everything that was acknowledged`, async () => {
  const folder = join(dir, 'killed')
  let kept = -1
  let said = 0
  for (let round = 0; round < ROUNDS; round++) {
    const { child, lines, errors } = run(folder)
    const first = await lines.next()
    expect(errors()).toBe('')
    const [word, ...rest] = String(first.value).split(' ')
    expect(word, `round ${round}`).toBe('found')
    const found = rest.map(Number)
    const last = found.at(-1) ?? -1
    expect(last, `round ${round}`).toBeGreaterThanOrEqual(kept)
    // What was under way may have come in as well, but nothing else, and whole.
    expect(last, `round ${round}`).toBeLessThanOrEqual(kept + 6)
    expect(found).toEqual(Array.from(found, (_, i) => last - found.length + 1 + i))
    expect(found.length).toBeGreaterThan(Math.min(20, last))
    // Spread over the time that a few writes take, the first of them included.
    const spread = (round * 7919) % 40
    for (let line = 0; line < spread % 13; line++) {
      const { value } = await lines.next()
      kept = Number(String(value).split(' ')[1])
      said++
    }
    const isGone = new Promise((resolve) => child.once('close', resolve))
    // A few microseconds to a few milliseconds into the next write.
    for (const until = performance.now() + (spread * spread) / 400; performance.now() < until; );
    child.kill('SIGKILL')
    for (let line = await lines.next(); !line.done; line = await lines.next()) {
      kept = Number(String(line.value).split(' ')[1])
      said++
    }
    await isGone
  }
  expect(said).toBeGreaterThan(ROUNDS)
}, 300_000)

test('a log that ends at any byte holds the writes before', async () => {
  const folder = join(dir, 'whole')
  const storage = fileStorage(folder)
  const store = await storage.open('room')
  for (let i = 0; i < 2; i++) await store.append([Uint8Array.of(i), Uint8Array.of(100 + i)])
  await store.replace([Uint8Array.of(50)])
  await store.append([Uint8Array.of(51)])
  // As it is while the database is open, so that nothing is put in order before the end.
  const copy = join(dir, 'crashed')
  await cp(folder, copy, { recursive: true })
  await store.close()
  const log = (await readdir(copy)).find((name) => name.endsWith('.log')) ?? ''
  const { length } = await readFile(join(copy, log))
  const appended = [0, 100, 1, 101]
  const states = [0, 2, 4].map((count) => appended.slice(0, count).join())
  states.push('50', '50,51')
  let reached = 0
  for (let bytes = 0; bytes <= length; bytes++) {
    const cut = join(dir, `cut-${bytes}`)
    await cp(copy, cut, { recursive: true })
    await truncate(join(cut, log), bytes)
    const again = await fileStorage(cut).open('room')
    const found = (await again.load()).map(([first]) => first).join()
    await again.close()
    await rm(cut, { recursive: true })
    const state = states.indexOf(found)
    expect(state, `${found} after ${bytes} of ${length} bytes`).toBeGreaterThanOrEqual(reached)
    reached = state
  }
  expect(states[reached]).toBe('50,51')
}, 120_000)

test('a folder that another process has open is refused with what to do', async () => {
  const folder = join(dir, 'shared')
  const { child, lines } = run(folder)
  await lines.next()
  const opening = fileStorage(folder).open('room')
  await expect(opening).rejects.toThrow(/another process has it open.*a folder of its own/)
  const isGone = new Promise((resolve) => child.once('close', resolve))
  child.kill('SIGKILL')
  await isGone
  const store = await fileStorage(folder).open('room')
  await store.close()
})
