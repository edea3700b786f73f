import { expect, test } from 'vitest'
import { Outgoing } from '../../src/overlay/outgoing.js'
import type { Report } from '../../src/snapshot/report.js'
import { GOSSIP_TARGET_BYTES } from '../../src/wire/limits.js'
import { update } from '../operations.js'

const REPORT: Report = { replica: 'anna', n: 1, seq: 2, clock: 2, epoch: 0, base: '', floor: 0 }

test('[OV4] whatever came together leaves in one message per link', () => {
  const outgoing = new Outgoing()
  outgoing.for(1).operations.push(update('anna', 1, 1))
  outgoing.for(2).operations.push(update('anna', 1, 1))
  outgoing.for(1).operations.push(update('anna', 2, 2))
  outgoing.for(1).reports.push(REPORT)
  const messages = [...outgoing.take()]
  expect(
    messages.map(([link, { operations, reports }]) => [link, operations.length, reports.length]),
  ).toEqual([
    [1, 2, 1],
    [2, 1, 0],
  ])
  expect([...outgoing.take()]).toEqual([])
})

test('[RE2] a report leaves after the operations that it speaks about', () => {
  const outgoing = new Outgoing()
  const large = new Uint8Array(GOSSIP_TARGET_BYTES)
  outgoing.for(1).reports.push(REPORT)
  outgoing.for(1).operations.push(update('anna', 1, 1, {}, large), update('anna', 2, 2, {}, large))
  const messages = [...outgoing.take()].map(([, message]) => message)
  expect(messages.map(({ operations }) => operations.map(({ seq }) => seq))).toEqual([[1], [2]])
  expect(messages.map(({ reports }) => reports)).toEqual([[], [REPORT]])
})

test('[OV9] reports alone wait for others, and go with an operation', () => {
  const outgoing = new Outgoing()
  const reportsOf = (now: number) => [...outgoing.take(now, 100)].map(([, { reports }]) => reports.length)
  outgoing.for(1).reports.push(REPORT)
  expect(reportsOf(1000)).toEqual([])
  expect(outgoing.nextDeadline).toBe(1100)
  outgoing.for(1).reports.push(REPORT)
  expect(reportsOf(1099)).toEqual([])
  expect(reportsOf(1100)).toEqual([2])
  expect(outgoing.nextDeadline).toBe(Number.POSITIVE_INFINITY)
  outgoing.for(1).reports.push(REPORT)
  expect(reportsOf(2000)).toEqual([])
  outgoing.for(1).operations.push(update('anna', 1, 1))
  expect(reportsOf(2001)).toEqual([1])
})

test('nothing leaves for a link that is gone', () => {
  const outgoing = new Outgoing()
  outgoing.for(1).operations.push(update('anna', 1, 1))
  outgoing.drop(1)
  expect([...outgoing.take()]).toEqual([])
})
