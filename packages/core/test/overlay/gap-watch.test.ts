import { expect, test } from 'vitest'
import type { Gap } from '../../src/causality/causal-buffer.js'
import { GapWatch } from '../../src/overlay/gap-watch.js'

/** At which moments somebody is asked, looked at every 50 ms. */
function askedAt(missing: (now: number) => Record<string, Gap>, untilMs: number): number[] {
  const watch = new GapWatch()
  const moments: number[] = []
  for (let now = 0; now <= untilMs; now += 50)
    if (watch.isDue(new Map(Object.entries(missing(now))), now) !== undefined) moments.push(now)
  return moments
}

test('[OV5] what an author made before is asked for after a moment, and ever more rarely', () => {
  const missing = () => ({ 'anna 3': 'before' }) as const
  expect(askedAt(missing, 20_000)).toEqual([150, 1150, 3150, 7150, 15_150])
  const last = askedAt(missing, 200_000).slice(-2)
  expect((last[1] ?? 0) - (last[0] ?? 0)).toBe(30_000)
})

test('[OV5] what others made gets a second to come by its own way', () => {
  expect(askedAt(() => ({ 'anna 3': 'past' }), 5000)).toEqual([1000, 2000, 4000])
  expect(askedAt((now) => ({ 'anna 3': now < 500 ? 'past' : 'before' }), 2000)).toEqual([650, 1650])
  expect(askedAt((now) => (now < 900 ? { 'anna 3': 'past' } : {}), 5000)).toEqual([])
})

test('[OV5] what never comes hides nothing else', () => {
  const withAnother = (now: number): Record<string, Gap> => ({
    'anna 3': 'before',
    ...(now >= 20_000 && { 'bert 1': 'before' }),
  })
  expect(askedAt(withAnother, 22_000)).toEqual([150, 1150, 3150, 7150, 15_150, 20_150, 21_150])
})

test('[OV5] whoever lets gaps come and go makes nobody ask more often than once a second', () => {
  const coming = (now: number): Record<string, Gap> =>
    now % 250 < 200 ? { [`mallory ${Math.floor(now / 250)}`]: 'before' } : {}
  const moments = askedAt(coming, 20_000)
  expect(moments.length).toBeGreaterThan(10)
  for (const [at, moment] of moments.entries())
    if (at > 0) expect(moment - (moments[at - 1] ?? 0)).toBeGreaterThanOrEqual(1000)
})

test('[OV5] tells how often has been asked before, and when to look again', () => {
  const watch = new GapWatch()
  const missing = new Map<string, Gap>([['anna 3', 'before']])
  expect(watch.nextDeadline).toBe(Number.POSITIVE_INFINITY)
  watch.isDue(missing, 0)
  expect([watch.nextDeadline, watch.isDue(missing, 150), watch.isDue(missing, 1150)]).toEqual([150, 0, 1])
  watch.isDue(new Map(), 1200)
  expect(watch.nextDeadline).toBe(Number.POSITIVE_INFINITY)
})
