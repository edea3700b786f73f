import { describe, expect, test } from 'vitest'
import { CutPolicy, type CutSituation } from '../../src/compaction/cut-policy.js'
import { Timeline } from '../../src/compaction/timeline.js'

const CONFIG = {
  cutShare: 1 / 3,
  cutMinBytes: 1000,
  idleCutMs: 3000,
  undoHorizonMs: 10_000,
  reportIntervalMs: 500,
}

const situation = (clock: number, over: Partial<CutSituation> = {}): CutSituation => {
  return { clock, baseThrough: 0, baseBytes: 0, lowest: () => 0, elders: 0, ...over }
}

describe('the policy', () => {
  test('[CU8] cuts once what lies before the horizon weighs enough, and leaves the recent past alone', () => {
    const policy = new CutPolicy(CONFIG)
    policy.applied(1, 600)
    expect(policy.decide(0, situation(1))).toBeUndefined()
    policy.applied(2, 600)
    expect(policy.decide(1000, situation(2))).toBeUndefined()
    policy.applied(3, 1)
    expect(policy.decide(9000, situation(3))).toBeUndefined()
    policy.applied(4, 1)
    expect(policy.decide(11_000, situation(4))).toBe(2)
  })

  test('[CU8] asks for a share of a large base', () => {
    const policy = new CutPolicy({ ...CONFIG, undoHorizonMs: 0, idleCutMs: 1e9 })
    const large = { baseBytes: 30_000 }
    policy.applied(1, 9999)
    expect(policy.decide(0, situation(1, large))).toBeUndefined()
    policy.applied(2, 1)
    expect(policy.decide(1, situation(2, large))).toBe(2)
  })

  test('[CU8] cuts an idle room that holds anything, later the less there is to gain', () => {
    const policy = new CutPolicy({ ...CONFIG, undoHorizonMs: 0 })
    policy.applied(1, 10)
    expect(policy.decide(0, situation(1))).toBeUndefined()
    expect(policy.nextDeadline).toBe(3000)
    expect(policy.decide(3000, situation(1))).toBe(2)
    const large = { baseBytes: 6400 }
    expect(policy.decide(3000, situation(1, large))).toBeUndefined()
    expect(policy.nextDeadline).toBe(30_000)
    expect(policy.decide(30_000, situation(1, large))).toBe(2)
  })

  test('[CU8] leaves an idle room alone that holds nothing', () => {
    const policy = new CutPolicy(CONFIG)
    policy.applied(1, 10)
    expect(policy.decide(0, situation(1))).toBeUndefined()
    policy.executed(1)
    expect(policy.decide(1e6, situation(2))).toBeUndefined()
    expect(policy.nextDeadline).toBe(Number.POSITIVE_INFINITY)
  })

  test('[CU8] lets elders go first', () => {
    const policy = new CutPolicy({ ...CONFIG, undoHorizonMs: 0 })
    policy.applied(1, 5000)
    expect(policy.decide(0, situation(1, { elders: 2 }))).toBeUndefined()
    expect(policy.nextDeadline).toBe(2000)
    expect(policy.decide(2000, situation(1, { elders: 2 }))).toBe(1)
  })

  test('[CU8] cuts everything when the application asks, as soon as it may', () => {
    const policy = new CutPolicy(CONFIG)
    policy.request(7)
    expect(policy.decide(0, situation(7, { lowest: () => undefined }))).toBeUndefined()
    expect(policy.decide(1, situation(9))).toBe(10)
    policy.executed(6)
    expect(policy.decide(2, situation(9))).toBe(10)
    policy.executed(10)
    expect(policy.decide(3, situation(10))).toBeUndefined()
  })

  test('[CU1] names no clock that somebody may still make operations of an earlier epoch above', () => {
    const policy = new CutPolicy({ ...CONFIG, undoHorizonMs: 100, idleCutMs: 1e9 })
    policy.applied(5, 5000)
    policy.decide(0, situation(5))
    const lowest = () => 8
    // Nor what lies within the horizon: it waits.
    expect(policy.decide(600, situation(9, { lowest }))).toBeUndefined()
    expect(policy.decide(1200, situation(10, { lowest }))).toBe(9)
  })
})

describe('the timeline', () => {
  test('tells which clock it was when the span began', () => {
    const timeline = new Timeline(100)
    for (let now = 0; now <= 1000; now += 10) timeline.note(now, now / 10)
    expect(timeline.clockBefore(1000)).toBe(90)
    expect(timeline.clockBefore(1095)).toBe(99)
  })

  test('knows nothing from before its first mark', () => {
    const timeline = new Timeline(100)
    timeline.note(50, 7)
    expect(timeline.clockBefore(149)).toBe(0)
    expect(timeline.clockBefore(150)).toBe(7)
  })

  test('without a span it is the present', () => {
    const timeline = new Timeline(0)
    timeline.note(5, 3)
    expect(timeline.clockBefore(5)).toBe(3)
    timeline.note(6, 4)
    expect(timeline.clockBefore(6)).toBe(4)
  })
})
