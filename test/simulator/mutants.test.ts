/**
 * Each safeguard that is taken out is missed: the simulator can fail, and fails for the right reasons.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundle, CACHE, mutate } from './bundle.mjs'
import { type MeasuredMutant, MUTANTS } from './mutants.js'
import { type Result, runCrew } from './run/crew.js'
import { nthClash } from './world/clashes.js'
import { nthStruggle } from './world/struggles.js'

const ENTRY = fileURLToPath(new URL('run/main.ts', import.meta.url))
/** Schedules until a mutant has to be found: several times what each needed when it was measured. */
const budgetOf = ({ needed }: MeasuredMutant) => Math.max(100, 4 * needed)

describe('mutants', { timeout: 300_000 }, () => {
  let folder = ''
  /** Schedules until each was found. */
  const needed: number[] = []

  beforeAll(async () => {
    await mkdir(CACHE, { recursive: true })
    folder = await mkdtemp(join(CACHE, 'mutants-'))
  })
  afterAll(async () => {
    await rm(folder, { recursive: true })
    const ascending = needed.toSorted((a, b) => a - b)
    const [median, most] = [ascending[ascending.length >> 1], ascending.at(-1)]
    console.warn(
      `${needed.length} of ${MUTANTS.length} mutants found, after ${median} schedules in the median, ${most} at most`,
    )
  })

  test.each(MUTANTS)('$name', async (mutant) => {
    const file = join(folder, `${MUTANTS.indexOf(mutant)}.mjs`)
    await bundle(ENTRY, file, mutant)
    let tried = 0
    let found: Result | undefined
    const nextSeed = () => {
      if (found || tried >= budgetOf(mutant)) return undefined
      tried++
      if (mutant.isOfClashes) return nthClash(tried)
      return mutant.isOfStruggles ? nthStruggle(tried) : tried
    }
    await runCrew(1, file, nextSeed, (result) => {
      if (result.violation) found = result
    })
    expect(found?.violation?.rule).toMatch(mutant.breaks)
    needed.push(tried)
  })
})

describe('making mutants', () => {
  const mutant = { name: 'm', rule: 'r', file: 'f', find: 'a', replace: '$&b' }

  test('replaces literally', () => expect(mutate('xay', mutant)).toBe('x$&by'))
  test('fails when what it replaces is gone', () =>
    expect(() => mutate('xy', mutant)).toThrow('occurs 0 times'))
  test('fails when it is ambiguous', () => expect(() => mutate('aa', mutant)).toThrow('occurs 2 times'))
})
