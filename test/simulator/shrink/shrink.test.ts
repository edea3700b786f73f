/**
 * A failing schedule gets smaller and goes on failing in the same way; what is left has a name that repeats it.
 */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundle, CACHE } from '../bundle.mjs'
import { type MeasuredMutant, MUTANTS } from '../mutants.js'
import { type Result, runCrew } from '../run/crew.js'
import { nthStruggle } from '../world/struggles.js'
import { runSchedule } from '../world/world.js'
import { type Cuts, NOTHING_CUT, Recording, Repetition } from './choices.js'
import { runVariation, shrink } from './shrink.js'
import { readToken, writeToken } from './token.js'

const ENTRY = fileURLToPath(new URL('../run/main.ts', import.meta.url))
const LIMIT_S = 30

describe('a schedule that is repeated', { timeout: 60_000 }, () => {
  // Among them rooms with and without Yjs, evictions, sleeps, partitions.
  test.each([2, 3, 11, 12, 25, 42])('from what was drawn for seed %i is the same one', (seed) => {
    const plain = runSchedule(seed)
    const recording = new Recording()
    expect(runSchedule(seed, { choices: recording }).hash).toBe(plain.hash)
    const repetition = new Repetition(seed, recording.record, NOTHING_CUT)
    expect(runSchedule(seed, { choices: repetition }).hash).toBe(plain.hash)
  })

  test('without some of its turns does the others as before', () => {
    const seed = 25
    const recording = new Recording()
    const plain = runSchedule(seed, { choices: recording, isTold: true })
    const turns = [...new Set(recording.parts)].filter((part) => /^[te]\d+$/.test(part))
    const kept = new Set(turns.filter((part) => part !== 't40'))
    const cut = runVariation({ seed, cuts: { ...NOTHING_CUT, kept } }, { isTold: true })
    const edits = (lines: readonly string[]) => lines.filter((line) => / edits /.test(line)).length
    expect(cut.hash).not.toBe(plain.hash)
    expect(edits(cut.lines)).toBeGreaterThan(0.9 * edits(plain.lines))
  })

  test('that does not fail can not be shrunk', () => {
    expect(shrink({ seed: 1, cuts: NOTHING_CUT }, 1000, () => {})).toBeUndefined()
  })
})

describe('the name of what is left', () => {
  const cuts: Cuts = {
    kept: new Set(['e0', 't3', 't4', 't5', 't9']),
    calmed: new Set(['loss', 'soon']),
    dropped: new Set(['p.0', 'p.1', 't3.2e0', 't3.2e1', 't4d0j.0']),
  }

  test('says all of it', () => {
    const token = writeToken({ seed: 42, cuts })
    expect(token).toBe('42:e0,t3-5,t9:loss,soon:p.0-1,t3.2e0-1,t4d0j.0')
    expect(readToken(token)).toEqual({ seed: 42, cuts })
  })

  test('of a whole schedule is its seed', () => {
    expect(readToken('42').cuts).toEqual(NOTHING_CUT)
    expect(writeToken({ seed: 42, cuts: { ...NOTHING_CUT, calmed: new Set(['loss']) } })).toBe('42:*:loss')
  })

  test.each(['', 'x:t1', '42:t', '42:t9-1', '42:t0-999999999', '42:t1:nonsense', '42:t1:loss:t1.0:more'])(
    '"%s" is refused',
    (token) => expect(() => readToken(token)).toThrow(),
  )
})

/** So much smaller each of these got, at least, whenever it was measured. */
const PROVEN = [
  { name: 'neighbours do not ask for what they lack', share: 0.25 },
  { name: 'a table is wrong by one', share: 0.25 },
  { name: 'one acceptance is a decision', share: 0.6 },
  { name: 'half of the members may decide', share: 0.6 },
]

describe('of a mutant', { timeout: 180_000 }, () => {
  let folder = ''
  beforeAll(async () => {
    await mkdir(CACHE, { recursive: true })
    folder = await mkdtemp(join(CACHE, 'shrink-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  test.each(PROVEN)('$name: what is left of the first failure is small', async ({ name, share }) => {
    const mutant = MUTANTS.find((other) => other.name === name)
    if (!mutant) throw new Error(`there is no mutant "${name}"`)
    const file = join(folder, `${MUTANTS.indexOf(mutant)}.mjs`)
    await bundle(ENTRY, file, mutant)
    const { seed, violation } = await firstFailure(file, mutant)
    const limit = ['--shrink-seconds', String(LIMIT_S)]
    const { shrunk } = await run(file, '--seed', String(seed), '--shrink', ...limit)
    expect(shrunk.after.parts).toBeLessThanOrEqual(share * shrunk.before.parts)
    expect(shrunk.after.steps).toBeLessThanOrEqual(1.05 * shrunk.before.steps + 50)
    expect(shrunk.after.devices).toBeLessThanOrEqual(shrunk.before.devices)
    const again = await run(file, '--replay', shrunk.replay)
    expect(again.violations).toBe(1)
    expect(again.told).toContain(`VIOLATION  ${violation?.rule}`)
    expect(again.told).toContain(`; ${shrunk.after.steps} steps`)
  })
})

async function firstFailure(file: string, { needed, isOfStruggles }: MeasuredMutant): Promise<Result> {
  // It was found there when it was measured.
  let tried = Math.max(0, needed - 3)
  let found: Result | undefined
  const nextSeed = () => {
    if (found || tried >= Math.max(100, 4 * needed)) return undefined
    return isOfStruggles ? nthStruggle(++tried) : ++tried
  }
  await runCrew(1, file, nextSeed, (result) => {
    if (result.violation) found = result
  })
  if (!found) throw new Error('nothing failed')
  return found
}

/** What the command says last, in JSON, and all that it says. */
async function run(file: string, ...args: string[]) {
  const url = JSON.stringify(pathToFileURL(file).href)
  const program = `const { main } = await import(${url}); await main(process.argv.slice(1), ${JSON.stringify(file)})`
  const output = await new Promise<string>((resolve, reject) => {
    const all = ['--input-type=module', '-e', program, '--', ...args, '--json']
    execFile(process.execPath, all, { maxBuffer: 16 * 1024 * 1024 }, (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    )
  })
  return { ...JSON.parse(output.trimEnd().split('\n').at(-1) ?? ''), told: output }
}
