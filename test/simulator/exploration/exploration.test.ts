/**
 * A little of every case; `npm run explore` goes through all of it.
 */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundle, CACHE } from '../bundle.mjs'
import { MUTANTS } from '../mutants.js'
import { CASES } from './cases.js'
import type { Choice } from './choices.js'
import { explore, replay } from './explore.js'
import { begin } from './opening.js'
import { readToken, tokenOf } from './shorten.js'

const MAX_STATES = 600
/** Each of them is played again from its beginning. */
const STATES_COMPARED = 60
const BETWEEN_COMPARED = 9

describe('[SP3] [EV5] [JO3] rooms of three in which two edit and one thing goes wrong', {
  timeout: 180_000,
}, () => {
  test.each(CASES)('as far as one gets: $name', (scenario) => {
    const { states, orders, endings } = explore(scenario, { maxStates: MAX_STATES, seed: 1 })
    expect(states).toBe(MAX_STATES)
    expect(orders).toBeGreaterThan(1000)
    expect(Object.keys(endings)).not.toEqual([])
  })

  test.each(CASES)('going back leads to the same state as getting there again: $name', (scenario) => {
    const room = begin(scenario)
    const seen = new Set<string>()
    let compared = 0
    const goOn = (path: readonly Choice[]): void => {
      const state = room.fingerprint()
      if (compared === STATES_COMPARED || seen.has(state)) return
      seen.add(state)
      if (seen.size % BETWEEN_COMPARED === 0) {
        compared++
        const again = begin(scenario)
        for (const choice of path) again.take(choice)
        expect(again.fingerprint()).toBe(state)
      }
      const here = room.save()
      for (const choice of room.choices()) {
        room.restore(here)
        room.take(choice)
        goOn([...path, choice])
      }
    }
    goOn([])
    expect(compared).toBe(STATES_COMPARED)
  })

  test('events have a name by which they are played again', () => {
    const scenario = CASES.find(({ name }) => name === 'evict') as (typeof CASES)[number]
    const path = ['edit N1', 'accuse N1 N3', 'deliver N1>N2 urgent', 'edit N3']
    const token = tokenOf(scenario, path)
    expect(readToken(token, CASES)).toEqual({ scenario, path })
    expect(replay(scenario, path)).toBe('evicted')
    expect(() => readToken('evict:0.99', CASES)).toThrow('there is no choice 99')
    expect(() => readToken('none:0', CASES)).toThrow('there is no case "none"')
  })
})

describe('what was found', () => {
  test('[EV7] a sponsor that is evicted hears of it from those that it has let in', () => {
    const { scenario, path } = readToken('rivals:1.2.1.2.0', CASES)
    expect(path).toEqual([
      'accuse N3 N1',
      'edit N3',
      'deliver N3>N1 urgent',
      'deliver N1>N3 urgent',
      'accuse N1 N3',
    ])
    expect(replay(scenario, path)).toBe('evicted')
  })
})

describe('a safeguard that is taken out is missed, by few events', { timeout: 180_000 }, () => {
  const names = [
    'a report takes effect at once',
    'operations do not wait for what they depend on',
    "a sponsor's floor is not capped",
    'who left stays on the map',
    'neighbours do not ask for what they lack',
    'an eviction does not wait for fences',
  ]
  let folder = ''

  beforeAll(async () => {
    await mkdir(CACHE, { recursive: true })
    folder = await mkdtemp(join(CACHE, 'explored-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  test.each(names)('%s', async (name) => {
    const mutant = MUTANTS.find((candidate) => candidate.name === name)
    if (!mutant) throw new Error(`there is no mutant "${name}"`)
    const file = join(folder, `${names.indexOf(name)}.mjs`)
    await bundle(fileURLToPath(new URL('small-run.ts', import.meta.url)), file, mutant)
    const told = await new Promise<string>((resolve) =>
      execFile(process.execPath, [file], (_, out) => resolve(out)),
    )
    const lines = told.split('\n')
    expect(lines[0]).toMatch(/^(snapshot safety|admission|causal order|monotonic|one decision|liveness): /)
    expect(lines.length).toBeLessThan(30)
    expect(lines.at(-1)).toMatch(/^[a-z-]+:[\d.]+$/)
  })
})
