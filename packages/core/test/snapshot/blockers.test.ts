import { describe, expect, test } from 'vitest'
import { type BlockersInput, blockers } from '../../src/snapshot/blockers.js'
import type { MemberStanding } from '../../src/snapshot/stability.js'

/** Of a member in the first epoch. */
const standing = (known: number, floor: number, n: number): MemberStanding => {
  return { known, floor, n, epoch: 0, since: 0 }
}

function blockersWith(standings: Record<string, MemberStanding>, more: Partial<BlockersInput> = {}) {
  return blockers({
    self: 'anna',
    members: ['anna', ...Object.keys(standings)],
    newcomers: [],
    standing: (member) => standings[member],
    point: 5,
    epoch: undefined,
    isSilent: () => false,
    isSuspected: () => false,
    isBeingEvicted: () => false,
    ...more,
  })
}

describe('blockedBy', () => {
  test('[SP8] names a member that has not been heard beyond the point', () => {
    const standings = { bert: standing(5, 5, 1), cleo: standing(9, 9, 1) }
    expect(blockersWith(standings)).toEqual([{ replica: 'bert', reason: 'behind' }])
    expect(blockersWith(standings, { isSilent: () => true })).toEqual([{ replica: 'bert', reason: 'silent' }])
  })

  test('[SP8] tells of a silent member how far its eviction has come', () => {
    const standings = { bert: standing(5, 5, 1) }
    const suspected = { isSilent: () => true, isSuspected: () => true }
    expect(blockersWith(standings, suspected)).toEqual([{ replica: 'bert', reason: 'suspected' }])
    expect(blockersWith(standings, { ...suspected, isBeingEvicted: () => true })).toEqual([
      { replica: 'bert', reason: 'being evicted' },
    ])
  })

  test('[SP8] names those alone for whom the others are waiting', () => {
    const standings = { bert: standing(5, 5, 1), cleo: standing(9, 5, 1) }
    expect(blockersWith(standings)).toEqual([{ replica: 'bert', reason: 'behind' }])
  })

  test('[SP8] names who has not said yet that it holds everything', () => {
    const standings = { bert: standing(9, 5, 1), cleo: standing(9, 9, 1) }
    expect(blockersWith(standings)).toEqual([{ replica: 'bert', reason: 'behind' }])
  })

  test('[SP8] names those who have not told of the last cut where nothing else is waited for', () => {
    const standings = { bert: standing(5, 5, 1), cleo: { ...standing(5, 5, 2), epoch: 1 } }
    expect(blockersWith(standings, { epoch: 1 })).toEqual([{ replica: 'bert', reason: 'behind' }])
  })

  test('[SP8] names the newcomers in our care', () => {
    expect(blockersWith({}, { newcomers: ['dora'] })).toEqual([{ replica: 'dora', reason: 'joining' }])
  })

  test('[SP8] never names ourselves', () => {
    expect(blockersWith({ anna: standing(0, 0, 0) })).toEqual([])
  })
})
