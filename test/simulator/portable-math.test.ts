/**
 * What is drawn must not depend on the engine: to the last bit, these are what they should be.
 */
import { describe, expect, test } from 'vitest'
import { log, power } from './portable-math.js'

/** Rounded from more digits than a double holds. */
const LOGARITHMS: readonly [number, number][] = [
  [1, 0],
  [2, Math.LN2],
  [0.5, -Math.LN2],
  [10, Math.LN10],
  [3, 1.0986122886681098],
  [0.3, -1.2039728043259361],
  [0.7, -0.35667494393873245],
]

describe('portable math', () => {
  test.each(LOGARITHMS)('the logarithm of %f', (x, expected) => expect(log(x)).toBe(expected))

  test('powers that a double can hold exactly are exact', () => {
    for (let n = 0; n <= 40; n++) expect(power(2, n)).toBe(2 ** n)
    for (let n = 0; n <= 15; n++) expect(power(10, n)).toBe(Number(`1e${n}`))
    expect(power(4, 0.5)).toBe(2)
    expect(power(2, 0.5)).toBe(Math.SQRT2)
    expect(power(0.25, 0.5)).toBe(0.5)
    expect(power(7, 0)).toBe(1)
  })

  test('other powers are rounded as they should be', () => {
    expect(power(1.7, 0.3)).toBe(1.172558924272542)
    expect(power(123.456, 0.789)).toBe(44.68925627034346)
  })

  test('is as close to what the engine has as a double can tell', () => {
    for (let i = 1; i < 2000; i++) {
      const [base, x] = [1.7 ** (i / 100), i / 2000]
      expect(Math.abs(power(base, x) / base ** x - 1)).toBeLessThan(4e-16)
      expect(Math.abs(log(x) - Math.log(x))).toBeLessThanOrEqual(Math.abs(Math.log(x)) * 4e-16)
    }
  })
})
