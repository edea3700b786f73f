import { describe, expect, test } from 'vitest'
import type { Report } from '../../src/snapshot/report.js'
import { type MemberStanding, type OwnState, Stability } from '../../src/snapshot/stability.js'
import { vector } from '../operations.js'

const NOBODY = Number.POSITIVE_INFINITY

const BASE = '0011223344556677'

function standing(known: number, floor: number, n: number, epoch = 0, since = 0): MemberStanding {
  return { known, floor, n, epoch, since }
}

/** What Anna says of herself. */
const own = (seq: number, clock: number, epoch = 0, base = ''): OwnState => ({
  seq,
  clock,
  epoch,
  base,
  agreement: undefined,
})

/** Anna's view of a room in which everybody has everything up to `clock`. */
function stabilityOf(members: readonly string[], clock = 0): Stability {
  const stability = new Stability('anna')
  for (const member of members) stability.addMember(member, standing(clock, clock, 0))
  return stability
}

function reportOf(replica: string, n: number, seq: number, clock: number, floor = clock): Report {
  return { replica, n, seq, clock, epoch: 0, base: '', floor }
}

describe('reports', () => {
  test('[RE1] say number, seq, clock, epoch, base and floor, and in a small room the row', () => {
    const stability = stabilityOf(['anna', 'bert'])
    stability.operationApplied('bert', 4)
    expect(stability.report(own(3, 7, 2, BASE), NOBODY)).toEqual({
      replica: 'anna',
      n: 1,
      seq: 3,
      clock: 7,
      epoch: 2,
      base: BASE,
      floor: 4,
      row: vector({ anna: 7, bert: 4 }),
    })
    expect(stability.report(own(3, 8), NOBODY)).toMatchObject({ n: 2, clock: 8 })
    expect(stability.reportsMade).toBe(2)
  })

  test('[RE1] carry the row in rooms of up to 10 members', () => {
    const names = (count: number) => ['anna', ...Array.from({ length: count - 1 }, (_, i) => `member-${i}`)]
    expect(stabilityOf(names(10)).report(own(0, 1), NOBODY).row?.size).toBe(10)
    expect(stabilityOf(names(11)).report(own(0, 1), NOBODY)).not.toHaveProperty('row')
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
    expect(stability.standing('bert')).toEqual(standing(8, 6, 2))
  })

  test('[RE3] of one replica the largest number wins, in any order of arrival', () => {
    const stability = stabilityOf(['anna', 'bert'])
    expect(stability.receive(reportOf('bert', 2, 0, 9))).toBe(true)
    expect(stability.receive(reportOf('bert', 1, 0, 5))).toBe(false)
    expect(stability.receive(reportOf('bert', 2, 0, 9))).toBe(false)
    stability.takeEffect(vector({}))
    expect(stability.standing('bert')).toEqual(standing(9, 9, 2))
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
    stability.addMember('bert', standing(9, 9, 4))
    stability.receive(reportOf('bert', 3, 0, 5, 2))
    stability.takeEffect(vector({}))
    expect(stability.standing('bert')).toEqual(standing(9, 9, 4))
  })

  test('[RE3] an older report never takes back in which epoch a member is, and since when', () => {
    const stability = stabilityOf(['anna'])
    stability.addMember('bert', standing(9, 9, 4, 2, 7))
    stability.receive({ ...reportOf('bert', 3, 0, 5, 2), epoch: 1, base: BASE })
    stability.takeEffect(vector({}))
    stability.receive({ ...reportOf('bert', 5, 0, 12), epoch: 2, base: BASE })
    stability.takeEffect(vector({}))
    expect(stability.standing('bert')).toEqual(standing(12, 12, 5, 2, 7))
  })

  test('[RE4] are due only for what no operation and no report has said', () => {
    const stability = stabilityOf(['anna', 'bert'])
    const hasNews = (clock: number) => stability.hasNews(clock, 0, NOBODY)
    stability.report(own(0, 0), NOBODY)
    expect(hasNews(0)).toBe(false)
    stability.operationApplied('anna', 1)
    expect(hasNews(1)).toBe(false)
    stability.operationApplied('bert', 2)
    expect(hasNews(2)).toBe(true)
    stability.report(own(1, 2), NOBODY)
    expect(hasNews(2)).toBe(false)
    expect(stability.hasNews(2, 1, NOBODY)).toBe(true)
  })

  test('[RE4] are never due for a replica that is alone', () => {
    const stability = stabilityOf(['anna'])
    expect(stability.hasNews(5, 0, NOBODY)).toBe(false)
  })
})

describe('epochs', () => {
  /** Bert has executed the next cut, and says so after his operation number `seq`. */
  const entered = (n: number, seq: number, clock: number): Report => {
    return { ...reportOf('bert', n, seq, clock), epoch: 1, base: BASE }
  }

  test('[CU1] everybody is in one once everybody has told so, from the clock of the last first report of it on', () => {
    const stability = stabilityOf(['anna', 'bert'])
    expect(stability.everybodySince(0)).toBe(0)
    stability.enterEpoch(1, 4)
    expect(stability.everybodySince(0)).toBeUndefined()
    expect(stability.everybodySince(1)).toBeUndefined()
    stability.receive(entered(1, 0, 6))
    stability.takeEffect(vector({}))
    stability.receive(entered(2, 0, 9))
    stability.takeEffect(vector({}))
    expect(stability.everybodySince(1)).toBe(6)
  })

  test('[CU1] a report of one counts only once the operations before it are applied', () => {
    const stability = stabilityOf(['anna', 'bert'])
    stability.enterEpoch(1, 4)
    stability.receive(entered(1, 2, 6))
    stability.takeEffect(vector({ bert: 1 }))
    expect(stability.everybodySince(1)).toBeUndefined()
    stability.takeEffect(vector({ bert: 2 }))
    expect(stability.everybodySince(1)).toBe(6)
  })

  test('[CU1] who left need not be in one', () => {
    const stability = stabilityOf(['anna', 'bert', 'cleo'])
    stability.enterEpoch(1, 4)
    stability.receive(entered(1, 0, 6))
    stability.takeEffect(vector({}))
    expect(stability.everybodySince(1)).toBeUndefined()
    stability.removeMember('cleo')
    expect(stability.everybodySince(1)).toBe(6)
  })

  test('[RE4] the beginning of one is news', () => {
    const stability = stabilityOf(['anna', 'bert'])
    stability.report(own(0, 0), NOBODY)
    expect(stability.hasNews(0, 1, NOBODY)).toBe(true)
    stability.report(own(0, 0, 1, BASE), NOBODY)
    expect(stability.hasNews(0, 1, NOBODY)).toBe(false)
  })
})

describe('rows', () => {
  test('[SP1] a member stands with the floor its join carried, until a report of its own takes effect', () => {
    const stability = stabilityOf(['anna', 'bert'], 10)
    stability.addMember('cleo', standing(11, 4, 0))
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
    expect(stability.report(own(0, 4), NOBODY).n).toBe(1)
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
    expect(stability.report(own(0, 9), 4).floor).toBe(4)
    expect(stability.floor(9, NOBODY)).toBe(9)
  })

  test('[RE4] a cap that is lifted is news', () => {
    const stability = stabilityOf(['anna', 'bert'], 9)
    stability.report(own(0, 9), 4)
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
