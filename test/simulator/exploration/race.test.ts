/**
 * The dynamic form of the problem statement's two maps: N5 joins through N2 while N2 lags. Nobody decides beyond
 * what N5 has, in any order of events; and once N5 has caught up, everybody's snapshot point passes B.
 */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundle, CACHE } from '../bundle.mjs'
import { MUTANTS } from '../mutants.js'
import { explore, sample } from './explore.js'
import { EXHAUSTED, SAMPLED } from './late-joins.js'
import { begin } from './opening.js'

const MAX_STATES = 20_000
const RACES = 500

describe('[SP3] [JO3] [JO5] the late-join race', { timeout: 180_000 }, () => {
  test.each(EXHAUSTED)('in every order: $name', (scenario) => {
    const { isComplete, orders, endings } = explore(scenario, { maxStates: MAX_STATES })
    expect(isComplete).toBe(true)
    expect(orders).toBeGreaterThan(10_000)
    expect(endings['let in']).toBeGreaterThan(0)
  })

  test.each(SAMPLED)('in orders drawn at random: $name', (scenario) => {
    expect(sample(scenario, 1, RACES)['let in']).toBeGreaterThan(0)
  })

  test('an exploration sees that a join fails, and that one who was let in and died is evicted', () => {
    const scenario = EXHAUSTED.find(({ mortal }) => mortal.includes('N5'))
    const { endings } = explore(scenario as (typeof EXHAUSTED)[number], { maxStates: MAX_STATES })
    expect(Object.keys(endings).sort()).toEqual(['let in', 'let in and evicted', 'not let in'])
  })

  test.each([...EXHAUSTED, ...SAMPLED])('it begins as told: $name', (scenario) => {
    const world = begin(scenario)
    const begins = world.choices().map((choice) => world.describe(choice))
    expect(begins).toContain('deliver N3>N2 urgent: gossip')
    expect(begins).toContain('deliver N5>N2 urgent: joinRequest')
    for (const ledger of world.oracle.ledgers.values()) expect(ledger.decided).toBeLessThan(world.clockOfB)
  })
})

describe('without its safeguards the race is lost', { timeout: 180_000 }, () => {
  const names = [
    'a report takes effect at once',
    "a sponsor's floor is not capped",
    "a join carries the sponsor's clock",
    'the floor that a join carries is not used',
    'the snapshot point is our own floor',
  ]
  let folder = ''

  beforeAll(async () => {
    await mkdir(CACHE, { recursive: true })
    folder = await mkdtemp(join(CACHE, 'race-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  test.each(names)('%s', async (name) => {
    const mutant = MUTANTS.find((candidate) => candidate.name === name)
    if (!mutant) throw new Error(`there is no mutant "${name}"`)
    const file = join(folder, `${names.indexOf(name)}.mjs`)
    await bundle(fileURLToPath(new URL('race.ts', import.meta.url)), file, mutant)
    const told = await new Promise<string>((resolve) =>
      execFile(process.execPath, [file], (_, out) => resolve(out)),
    )
    expect(told).toMatch(/^(snapshot safety|admission|monotonic): /)
  })
})
