import { describe, expect, test } from 'vitest'
import { EXHAUSTED, LARGE } from './split-scenarios.js'
import { exploreSplit } from './splits.js'

const MAX_STATES = 60_000
const MOST_OF_A_LARGE_ONE = 10_000

describe('[EV1] [EV2] [EV5] a room that comes apart goes on in one lineage at most', {
  timeout: 120_000,
}, () => {
  test.each(EXHAUSTED)('in every way: $name', (split) => {
    const { isComplete, states, decisions, evictions, primaries } = exploreSplit(split, MAX_STATES)
    expect(isComplete).toBe(true)
    expect(states).toBeGreaterThan(50)
    // It would say nothing if nobody ever decided anything.
    if (split.proposals.length === 0) expect(primaries).toBeGreaterThan(states)
    else expect(decisions.size).toBe(split.proposals.length)
    if (split.evictions > 0) expect(evictions.size).toBeGreaterThan(0)
  })

  test.each(LARGE)('as far as one gets: $name', (split) => {
    const { decisions } = exploreSplit(split, MOST_OF_A_LARGE_ONE)
    expect(decisions.size).toBeGreaterThan(0)
  })
})
