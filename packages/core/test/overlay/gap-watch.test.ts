import { expect, test } from 'vitest'
import { type Gap, GapWatch } from '../../src/overlay/gap-watch.js'

/** At which moments somebody is asked, looked at every 50 ms. */
function askedAt(gaps: (now: number) => Gap, untilMs: number): number[] {
  const watch = new GapWatch()
  const moments: number[] = []
  for (let now = 0; now <= untilMs; now += 50)
    if (watch.isDue(gaps(now), now) !== undefined) moments.push(now)
  return moments
}

test('[OV5] what an author made before is asked for after a moment, and ever more rarely', () => {
  expect(askedAt(() => 'before', 20_000)).toEqual([150, 1150, 3150, 7150, 15_150])
  expect(askedAt(() => 'before', 200_000).at(-1)).toBe(181_150)
})

test('[OV5] what others made gets a second to come by its own way', () => {
  expect(askedAt(() => 'past', 5000)).toEqual([1000, 2000, 4000])
  expect(askedAt((now) => (now < 500 ? 'past' : 'before'), 2000)).toEqual([650, 1650])
  expect(askedAt((now) => (now < 900 ? 'past' : undefined), 5000)).toEqual([])
})

test('[OV5] a gap that closes is forgotten, and the next one begins anew', () => {
  const isOpen = (now: number) => now < 1200 || now >= 2000
  expect(askedAt((now) => (isOpen(now) ? 'before' : undefined), 3500)).toEqual([150, 1150, 2150, 3150])
  const watch = new GapWatch()
  watch.isDue('before', 0)
  expect([watch.nextDeadline, watch.isDue('before', 150), watch.isDue('before', 1150)]).toEqual([150, 0, 1])
  watch.isDue(undefined, 1200)
  expect(watch.nextDeadline).toBe(Number.POSITIVE_INFINITY)
})
