/**
 * The invariants of the protocol hold in every schedule tried. `npm run sim` tries others.
 */
import { describe, expect, test } from 'vitest'
import { Coverage, HARDSHIP_FAULTS, RARE, SITUATIONS } from './oracle/coverage.js'
import { WITH_EVICTION, WITHOUT_EVICTION } from './pinned-seeds.js'
import { isHard } from './world/hardships.js'
import { runSchedule } from './world/world.js'

const SCHEDULES = 300
const BATCH = 50

describe('random schedules', { timeout: 120_000 }, () => {
  const coverage = new Coverage()
  const batches = Array.from({ length: SCHEDULES / BATCH }, (_, i) => i * BATCH + 1)

  test.each(batches)('no violation in 50 schedules from seed %i on', (first) => {
    const violations: string[] = []
    for (let seed = first; seed < first + BATCH; seed++) {
      const outcome = runSchedule(seed)
      coverage.add(outcome.coverage)
      if (outcome.violation) violations.push(`seed ${seed}: ${outcome.violation.message}`)
    }
    expect(violations).toEqual([])
  })

  test('together they meet every rare situation', () => {
    const unmet = SITUATIONS.filter((situation) => coverage.situations[situation] === 0)
    expect(unmet.filter((situation) => !RARE.has(situation))).toEqual([])
  })
})

test('[ID9] nor in schedules whose members sign what they say', { timeout: 120_000 }, () => {
  const violations: string[] = []
  for (let seed = 1; seed <= BATCH; seed++) {
    const { violation } = runSchedule(seed, { signs: true })
    if (violation) violations.push(`seed ${seed}: ${violation.message}`)
  }
  expect(violations).toEqual([])
})

describe('schedules that once failed', { timeout: 60_000 }, () => {
  test.each(WITH_EVICTION)('seed $seed: $found', ({ seed }) => {
    expect(runSchedule(seed).violation?.message).toBeUndefined()
  })

  test.each(WITHOUT_EVICTION)('seed $seed, nobody suspected: $found', ({ seed }) => {
    expect(runSchedule(seed, { evicts: false }).violation?.message).toBeUndefined()
  })
})

describe('a seed names a schedule', { timeout: 60_000 }, () => {
  test.each([3, 7, 11, 25])('seed %i does the same twice, told or not', (seed) => {
    const first = runSchedule(seed)
    const second = runSchedule(seed, { isTold: true })
    expect(second.hash).toBe(first.hash)
    expect(second.steps).toBe(first.steps)
    expect(second.lines.length).toBeGreaterThan(20)
  })

  test('another seed does something else', () => {
    expect(runSchedule(3).hash).not.toBe(runSchedule(4).hash)
  })
})

describe('hardships', { timeout: 60_000 }, () => {
  test('are in no schedule that was pinned without them', () => {
    const pinned = [...WITH_EVICTION, ...WITHOUT_EVICTION]
    expect(pinned.filter(({ seed, isHard: isKnown = false }) => isHard(seed) !== isKnown)).toEqual([])
  })

  test('are each met, and only where they may be', () => {
    const hard = new Coverage()
    const soft = new Coverage()
    for (let seed = 1; seed <= 120; seed++) if (isHard(seed)) hard.add(runSchedule(seed).coverage)
    for (const seed of [1, 2, 3, 5, 6, 7]) soft.add(runSchedule(seed).coverage)
    expect(HARDSHIP_FAULTS.filter((fault) => hard.faults[fault] === 0)).toEqual([])
    expect(HARDSHIP_FAULTS.filter((fault) => soft.faults[fault] > 0)).toEqual([])
  })
})
