import { describe, expect, test } from 'vitest'
import { type BlockersInput, blockers } from '../../src/snapshot/blockers.js'
import type { MemberStanding } from '../../src/snapshot/stability.js'

function blockersWith(standings: Record<string, MemberStanding>, more: Partial<BlockersInput> = {}) {
  return blockers({
    self: 'anna',
    members: ['anna', ...Object.keys(standings)],
    newcomers: [],
    standing: (member) => standings[member],
    point: 5,
    isSilent: () => false,
    ...more,
  })
}

describe('blockedBy', () => {
  test('[SP8] names a member that has not been heard beyond the point', () => {
    const standings = { bert: { known: 5, floor: 5, n: 1 }, cleo: { known: 9, floor: 9, n: 1 } }
    expect(blockersWith(standings)).toEqual([{ replica: 'bert', reason: 'behind' }])
    expect(blockersWith(standings, { isSilent: () => true })).toEqual([{ replica: 'bert', reason: 'silent' }])
  })

  test('[SP8] names those alone for whom the others are waiting', () => {
    const standings = { bert: { known: 5, floor: 5, n: 1 }, cleo: { known: 9, floor: 5, n: 1 } }
    expect(blockersWith(standings)).toEqual([{ replica: 'bert', reason: 'behind' }])
  })

  test('[SP8] names who has not said yet that it holds everything', () => {
    const standings = { bert: { known: 9, floor: 5, n: 1 }, cleo: { known: 9, floor: 9, n: 1 } }
    expect(blockersWith(standings)).toEqual([{ replica: 'bert', reason: 'behind' }])
  })

  test('[SP8] names the newcomers in our care', () => {
    expect(blockersWith({}, { newcomers: ['dora'] })).toEqual([{ replica: 'dora', reason: 'joining' }])
  })

  test('[SP8] never names ourselves', () => {
    expect(blockersWith({ anna: { known: 0, floor: 0, n: 0 } })).toEqual([])
  })
})
