import { describe, expect, test } from 'vitest'
import { Comparison, type Pace } from '../../src/overlay/comparison.js'
import { depth } from '../../src/overlay/topology.js'

/** At which of so many heartbeats the neighbour is asked, the first one being 1. */
function asked(pace: Pace, digests: (beat: number) => readonly [number, number], beats: number): number[] {
  const comparison = new Comparison()
  return Array.from({ length: beats }, (_, at) => at + 1).filter((beat) =>
    comparison.differs(...digests(beat), pace),
  )
}

const still = () => [1, 2] as const
const flowing = (beat: number) => [beat, 1000] as const

describe('[OV6] whoever differs', () => {
  test('in a small room is asked at the second heartbeat, and at every third', () => {
    const pace = { times: 1, stillBeats: 0 }
    expect(asked(pace, still, 10)).toEqual([2, 3, 6, 9])
    expect(asked(pace, flowing, 10)).toEqual([2, 3, 6, 9])
  })

  test('in a large room is asked later, as long as one of the two gets something', () => {
    const pace = { times: 4, stillBeats: 1 }
    expect(asked(pace, flowing, 30)).toEqual([8, 12, 24])
    expect(asked(pace, (beat) => [1000, beat], 30)).toEqual([8, 12, 24])
  })

  test('[OV9] is asked once neither has got anything for as long as everything may stand still on its way', () => {
    expect(asked({ times: 4, stillBeats: 1 }, still, 6)).toEqual([3, 6])
    expect(asked({ times: 4, stillBeats: 4 }, still, 9)).toEqual([6, 9])
    const stoppedAfterFive = (beat: number) => [Math.min(beat, 5), 1000] as const
    expect(asked({ times: 100, stillBeats: 4 }, stoppedAfterFive, 13)).toEqual([12])
  })

  test('begins anew when both hold the same', () => {
    const comparison = new Comparison()
    const pace = { times: 1, stillBeats: 0 }
    expect(comparison.differs(1, 2, pace)).toBe(false)
    comparison.agreed()
    expect([comparison.differs(1, 2, pace), comparison.differs(1, 2, pace)]).toEqual([false, true])
  })
})

test('[OV9] the way from one member to all others is a few hops, more of them with the members', () => {
  expect([2, 9, 50, 100, 500, 1000].map((members) => depth(members, 8))).toEqual([1, 2, 3, 3, 4, 4])
  expect(depth(1, 1)).toBe(1)
})
