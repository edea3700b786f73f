import { describe, expect, test } from 'vitest'
import type { Report } from '../../src/snapshot/report.js'
import { Stability } from '../../src/snapshot/stability.js'
import { vector } from '../operations.js'

const NOBODY = Number.POSITIVE_INFINITY

/** Anna's view of a room in which everybody has everything up to `clock`. */
function stabilityOf(members: readonly string[], clock = 0): Stability {
  const stability = new Stability('anna')
  for (const member of members) stability.addMember(member, { known: clock, floor: clock, n: 0 }, 0)
  return stability
}

function reportOf(replica: string, n: number, seq: number, clock: number, floor = clock): Report {
  return { replica, n, seq, clock, epoch: 0, floor }
}

describe('reports', () => {
  test('[RE1] say number, seq, clock, epoch and floor, and in a small room the row', () => {
    const stability = stabilityOf(['anna', 'bert'])
    stability.operationApplied('bert', 4)
    expect(stability.report(3, 7, 0, NOBODY)).toEqual({
      replica: 'anna',
      n: 1,
      seq: 3,
      clock: 7,
      epoch: 0,
      floor: 4,
      row: vector({ anna: 7, bert: 4 }),
    })
    expect(stability.report(3, 8, 0, NOBODY)).toMatchObject({ n: 2, clock: 8 })
    expect(stability.reportsMade).toBe(2)
  })

  test('[RE1] carry the row in rooms of up to 10 members', () => {
    const names = (count: number) => ['anna', ...Array.from({ length: count - 1 }, (_, i) => `member-${i}`)]
    expect(stabilityOf(names(10)).report(0, 1, 0, NOBODY).row?.size).toBe(10)
    expect(stabilityOf(names(11)).report(0, 1, 0, NOBODY)).not.toHaveProperty('row')
  })

  test('[RE2] take effect only once the operations of their reporter are applied up to their seq', () => {
    const stability = stabilityOf(['anna', 'bert'])
    stability.receive(reportOf('bert', 1, 2, 10))
    expect(stability.takeEffect(vector({ bert: 1 }))).toBe(0)
    expect(stability.snapshotPoint(10, NOBODY)).toBe(0)
    expect(stability.takeEffect(vector({ bert: 2 }))).toBe(10)
    expect(stability.snapshotPoint(10, NOBODY)).toBe(10)
  })

  test('[RE2] one that waits is superseded by a newer one that need not wait', () => {
    const stability = stabilityOf(['anna', 'bert'])
    stability.receive(reportOf('bert', 1, 1, 5, 3))
    stability.receive(reportOf('bert', 2, 1, 8, 6))
    stability.takeEffect(vector({ bert: 1 }))
    expect(stability.standing('bert')).toEqual({ known: 8, floor: 6, n: 2 })
  })

  test('[RE3] of one replica the largest number wins, in any order of arrival', () => {
    const stability = stabilityOf(['anna', 'bert'])
    expect(stability.receive(reportOf('bert', 2, 0, 9))).toBe(true)
    expect(stability.receive(reportOf('bert', 1, 0, 5))).toBe(false)
    expect(stability.receive(reportOf('bert', 2, 0, 9))).toBe(false)
    stability.takeEffect(vector({}))
    expect(stability.standing('bert')).toEqual({ known: 9, floor: 9, n: 2 })
  })

  test('[RE3] of replicas that are no members are not kept', () => {
    const stability = stabilityOf(['anna', 'bert'])
    expect(stability.receive(reportOf('cleo', 1, 0, 0, 0))).toBe(false)
    expect([...stability.reports.keys()]).toEqual([])
    stability.removeMember('bert')
    expect(stability.receive(reportOf('bert', 1, 0, 0))).toBe(false)
  })

  test('[RE3] an older report never takes back what a welcome has said', () => {
    const stability = stabilityOf(['anna'])
    stability.addMember('bert', { known: 9, floor: 9, n: 4 }, 0)
    stability.receive(reportOf('bert', 3, 0, 5, 2))
    stability.takeEffect(vector({}))
    expect(stability.standing('bert')).toEqual({ known: 9, floor: 9, n: 4 })
  })

  test('[RE4] are due only for what no operation and no report has said', () => {
    const stability = stabilityOf(['anna', 'bert'])
    const hasNews = (clock: number) => stability.hasNews(clock, 0, NOBODY)
    stability.report(0, 0, 0, NOBODY)
    expect(hasNews(0)).toBe(false)
    stability.operationApplied('anna', 1)
    expect(hasNews(1)).toBe(false)
    stability.operationApplied('bert', 2)
    expect(hasNews(2)).toBe(true)
    stability.report(1, 2, 0, NOBODY)
    expect(hasNews(2)).toBe(false)
    expect(stability.hasNews(2, 1, NOBODY)).toBe(true)
  })

  test('[RE4] are never due for a replica that is alone', () => {
    const stability = stabilityOf(['anna'])
    expect(stability.hasNews(5, 0, NOBODY)).toBe(false)
  })
})

describe('rows', () => {
  test('[SP1] a member stands with the floor its join carried, until a report of its own takes effect', () => {
    const stability = stabilityOf(['anna', 'bert'], 10)
    stability.addMember('cleo', { known: 11, floor: 4, n: 0 }, 0)
    expect(stability.snapshotPoint(11, NOBODY)).toBe(4)
    stability.receive(reportOf('cleo', 1, 0, 11, 10))
    stability.takeEffect(vector({ cleo: 0 }))
    expect(stability.snapshotPoint(11, NOBODY)).toBe(10)
  })

  test('[SP2] my own row is computed: my clock for myself, known clocks for the others', () => {
    const stability = stabilityOf(['anna', 'bert'])
    stability.operationApplied('bert', 5)
    expect(stability.networkMap(8, NOBODY).toJSON()).toEqual({ anna: { anna: 8, bert: 5 }, bert: {} })
    expect(stability.floor(8, NOBODY)).toBe(5)
  })

  test('[SP2] a report about myself changes nothing', () => {
    const stability = stabilityOf(['anna', 'bert'], 3)
    expect(stability.receive(reportOf('anna', 9, 0, 99))).toBe(false)
    expect(stability.snapshotPoint(3, NOBODY)).toBe(3)
    expect(stability.report(0, 4, 0, NOBODY).n).toBe(1)
  })

  test('[SP3] the snapshot point is held back by any single row', () => {
    const stability = stabilityOf(['anna', 'bert', 'cleo'], 7)
    stability.operationApplied('bert', 9)
    stability.operationApplied('cleo', 9)
    expect(stability.snapshotPoint(9, NOBODY)).toBe(7)
    stability.receive(reportOf('bert', 1, 0, 9, 9))
    stability.takeEffect(vector({}))
    expect(stability.snapshotPoint(9, NOBODY)).toBe(7)
    stability.receive(reportOf('cleo', 1, 0, 9, 8))
    stability.takeEffect(vector({}))
    expect(stability.snapshotPoint(9, NOBODY)).toBe(8)
  })

  test('[SP3] of a report with a row the smallest entry counts, whatever floor it claims', () => {
    const stability = stabilityOf(['anna', 'bert'], 1)
    stability.operationApplied('bert', 9)
    stability.receive({ ...reportOf('bert', 1, 0, 9, 9), row: vector({ anna: 9, bert: 9, cleo: 3 }) })
    stability.takeEffect(vector({}))
    expect(stability.snapshotPoint(9, NOBODY)).toBe(3)
  })

  test('[JO3] floor, snapshot point and reports stay at or below the cap', () => {
    const stability = stabilityOf(['anna', 'bert'], 9)
    expect(stability.floor(9, 4)).toBe(4)
    expect(stability.snapshotPoint(9, 4)).toBe(4)
    expect(stability.report(0, 9, 0, 4).floor).toBe(4)
    expect(stability.floor(9, NOBODY)).toBe(9)
  })

  test('[RE4] a cap that is lifted is news', () => {
    const stability = stabilityOf(['anna', 'bert'], 9)
    stability.report(0, 9, 0, 4)
    expect(stability.hasNews(9, 0, 4)).toBe(false)
    expect(stability.hasNews(9, 0, NOBODY)).toBe(true)
  })

  test('[LE1] who left leaves the map, with reports that waited', () => {
    const stability = stabilityOf(['anna', 'bert'])
    stability.receive(reportOf('bert', 1, 5, 2))
    stability.removeMember('bert')
    expect(stability.snapshotPoint(6, NOBODY)).toBe(6)
    expect(stability.reports.size).toBe(0)
    expect(stability.takeEffect(vector({ bert: 5 }))).toBe(0)
    expect(stability.networkMap(6, NOBODY).toJSON()).toEqual({ anna: { anna: 6 } })
  })
})
