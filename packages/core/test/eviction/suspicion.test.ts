import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Suspicion } from '../../src/eviction/suspicion.js'

const AFTER_MS = 1000

describe('suspicion', () => {
  test('[EV6] falls on who gives no sign of life and is asked in vain', () => {
    const suspicion = new Suspicion(AFTER_MS)
    suspicion.sign('bert', 0)
    expect(suspicion.shouldProbe('bert', 400)).toBe(false)
    expect(suspicion.shouldProbe('bert', 500)).toBe(true)
    expect(suspicion.isSuspect('bert', 999)).toBe(false)
    expect(suspicion.isSuspect('bert', 1000)).toBe(true)
    suspicion.sign('bert', 1001)
    expect(suspicion.isSuspect('bert', 1001)).toBe(false)
  })

  test('[EV6] needs the question: silence alone may be nobody talking', () => {
    const suspicion = new Suspicion(AFTER_MS)
    suspicion.sign('bert', 0)
    expect(suspicion.isSuspect('bert', 60_000)).toBe(false)
    suspicion.shouldProbe('bert', 60_000)
    expect(suspicion.isSuspect('bert', 60_499)).toBe(false)
    expect(suspicion.isSuspect('bert', 60_500)).toBe(true)
  })

  test('[EV6] falls on nobody when we were asleep ourselves', () => {
    const suspicion = new Suspicion(AFTER_MS)
    suspicion.sign('bert', 0)
    suspicion.shouldProbe('bert', 900)
    suspicion.slept(100_000)
    expect(suspicion.isSuspect('bert', 100_000)).toBe(false)
    expect(suspicion.shouldProbe('bert', 100_001)).toBe(false)
    expect(suspicion.isSuspect('bert', 100_999)).toBe(false)
  })

  test('[EV6] takes longer in large rooms', () => {
    const suspicion = new Suspicion(AFTER_MS)
    suspicion.slowBy(3)
    suspicion.sign('bert', 0)
    expect(suspicion.shouldProbe('bert', 1499)).toBe(false)
    expect(suspicion.shouldProbe('bert', 1500)).toBe(true)
    expect(suspicion.isSuspect('bert', 2999)).toBe(false)
    expect(suspicion.isSuspect('bert', 3000)).toBe(true)
  })

  test('[EV6] is never earlier than it says', () => {
    const step = fc.tuple(fc.constantFrom('sign', 'probe', 'sleep', 'wait'), fc.nat(AFTER_MS))
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const suspicion = new Suspicion(AFTER_MS)
        let now = 0
        let notBefore = Number.NEGATIVE_INFINITY
        for (const [what, ms] of steps) {
          now += ms
          if (what === 'sign') suspicion.sign('bert', now)
          if (what === 'probe') suspicion.shouldProbe('bert', now)
          if (what === 'sleep') suspicion.slept(now)
          if (suspicion.isSuspect('bert', now)) expect(now).toBeGreaterThanOrEqual(notBefore)
          notBefore = suspicion.notBefore('bert', now)
        }
      }),
    )
  })

  test('[EV6] falls at once on whom somebody accuses who should know, until its next sign of life', () => {
    const suspicion = new Suspicion(AFTER_MS)
    suspicion.sign('bert', 0)
    suspicion.accuse('bert')
    expect(suspicion.isSuspect('bert', 1)).toBe(true)
    suspicion.sign('bert', 2)
    expect(suspicion.isSuspect('bert', 2)).toBe(false)
  })
})
