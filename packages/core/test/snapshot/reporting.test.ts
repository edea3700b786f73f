import { expect, test } from 'vitest'
import { Reporting } from '../../src/snapshot/reporting.js'

/** The moments at which a replica with news at all times reports. */
function moments(members: number, untilMs: number): number[] {
  const reporting = new Reporting(800)
  const at: number[] = []
  for (let now = 0; now <= untilMs; now += 10) if (reporting.isDue(true, 1, false, members, now)) at.push(now)
  return at
}

test('[RE4] the first news waits a moment for more, later news for the end of the interval', () => {
  expect(moments(2, 2000)).toEqual([100, 900, 1700])
})

test('[RE4] the interval grows with the room beyond 16 members', () => {
  expect(moments(16, 1000)).toEqual([100, 900])
  expect(moments(64, 8000)).toEqual([400, 3600, 6800])
})

test('[RE4] without news there is neither a report nor a deadline', () => {
  const reporting = new Reporting(800)
  expect(reporting.isDue(false, 1, false, 2, 0)).toBe(false)
  expect(reporting.nextDeadline).toBe(Number.POSITIVE_INFINITY)
  expect(reporting.isDue(true, 1, false, 2, 10)).toBe(false)
  expect(reporting.nextDeadline).toBe(110)
  expect(reporting.isDue(false, 1, false, 2, 110)).toBe(false)
  expect(reporting.nextDeadline).toBe(Number.POSITIVE_INFINITY)
})

test('[RE4] after a pause news waits a moment again, and not for an interval that is long over', () => {
  const reporting = new Reporting(800)
  reporting.isDue(true, 1, false, 2, 0)
  expect(reporting.isDue(true, 1, false, 2, 100)).toBe(true)
  reporting.isDue(true, 1, false, 2, 10_000)
  expect(reporting.nextDeadline).toBe(10_100)
})

/** With an operation every 100 ms until `typedUntil`, and news at all times. */
function momentsOfTyping(typedUntil: number, untilMs: number, meshed?: number): number[] {
  const reporting = new Reporting(800, 4, meshed)
  const at: number[] = []
  for (let now = 0; now <= untilMs; now += 10) {
    const clock = 1 + Math.floor(Math.min(now, typedUntil) / 100)
    if (reporting.isDue(true, clock, false, 2, now)) at.push(now)
  }
  return at
}

test('[RE4] while operations keep coming there are fewer reports', () => {
  expect(momentsOfTyping(10_000, 10_000)).toEqual([100, 3300, 6500, 9700])
})

test('[RE4] of which there are more where not everybody is linked to everybody', () => {
  expect(momentsOfTyping(10_000, 5000, 2)).toEqual([100, 3300])
  expect(momentsOfTyping(10_000, 5000, 1)).toEqual([100, 1700, 3300, 4900])
})

test('[RE4] once nobody has made an operation for an interval, reports come at once and at the full rate', () => {
  expect(momentsOfTyping(4000, 7000)).toEqual([100, 3300, 4800, 5600, 6400])
})

test('[RE4] where a cut waits for reports they come at the full rate, whoever types', () => {
  const reporting = new Reporting(800, 4)
  reporting.isDue(true, 1, false, 2, 0)
  expect(reporting.isDue(true, 1, false, 2, 100)).toBe(true)
  reporting.isDue(true, 2, false, 2, 200)
  expect(reporting.nextDeadline).toBe(1000)
  reporting.isDue(true, 9, false, 2, 300)
  expect(reporting.nextDeadline).toBe(1100)
  reporting.isDue(true, 9, true, 2, 310)
  expect(reporting.nextDeadline).toBe(900)
})

test('[RE4] the first news after a pause does not wait on account of what was typed before it', () => {
  const reporting = new Reporting(800, 4)
  reporting.isDue(true, 1, false, 2, 0)
  expect(reporting.isDue(true, 1, false, 2, 100)).toBe(true)
  reporting.isDue(true, 2, false, 2, 5000)
  expect(reporting.nextDeadline).toBe(5100)
})
