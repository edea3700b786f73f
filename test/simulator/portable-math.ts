/**
 * Logarithm and power, the same to the last bit in every engine and version: ECMAScript leaves those of `Math` to the
 * engine, and a difference in the last bit is enough to make another schedule of a seed.
 *
 * Only operations that IEEE 754 defines exactly are used: numbers are carried as sums of two doubles (Dekker 1971), which is
 * far more than is needed to round the result as it should be.
 */
/** A number as a sum: what a double holds of it, and the rest. */
type Pair = readonly [high: number, low: number]

/** 2 to the power of 27, and one: splits a double into halves. */
const SPLITTER = 134217729
const LN_2: Pair = [Math.LN2, 2.3190468138462996e-17]
/** Of the series below: what is left out is less than a double-double can hold. */
const ATANH_TERMS = 24
const EXP_TERMS = 20

const ofSum = (a: number, b: number): Pair => {
  const sum = a + b
  const part = sum - a
  return [sum, a - (sum - part) + (b - part)]
}

const ofProduct = (a: number, b: number): Pair => {
  const product = a * b
  const [c, d] = [SPLITTER * a, SPLITTER * b]
  const [a1, b1] = [c - (c - a), d - (d - b)]
  const [a2, b2] = [a - a1, b - b1]
  return [product, a2 * b2 - (product - a1 * b1 - a2 * b1 - a1 * b2)]
}

const add = ([a, low]: Pair, [b, more]: Pair): Pair => {
  const [sum, rest] = ofSum(a, b)
  return ofSum(sum, rest + low + more)
}

const times = ([a, low]: Pair, [b, more]: Pair): Pair => {
  const [product, rest] = ofProduct(a, b)
  return ofSum(product, rest + (a * more + low * b))
}

const over = (a: Pair, b: Pair): Pair => {
  const quotient = a[0] / b[0]
  const [product, rest] = times([quotient, 0], b)
  return ofSum(quotient, (a[0] - product - rest + a[1]) / b[0])
}

/** ln x = e ln 2 + 2 artanh ((m - 1) / (m + 1)), where x = m · 2^e and m is near 1. */
function logarithm(x: number): Pair {
  let [m, e] = [x, 0]
  for (; m > Math.SQRT2; e++) m /= 2
  for (; m < Math.SQRT1_2; e--) m *= 2
  const s = over(ofSum(m, -1), ofSum(m, 1))
  const square = times(s, s)
  let series: Pair = [0, 0]
  for (let n = ATANH_TERMS; n >= 0; n--) series = add(times(series, square), over([1, 0], [2 * n + 1, 0]))
  return add(times(LN_2, [e, 0]), times([2 * s[0], 2 * s[1]], series))
}

/** e^y = 2^k e^r, where r is at most half of ln 2. */
function exponential(y: Pair): number {
  const k = Math.round(y[0] / LN_2[0])
  const r = add(y, times(LN_2, [-k, 0]))
  let series: Pair = [1, 0]
  for (let n = EXP_TERMS; n >= 1; n--) series = add([1, 0], over(times(series, r), [n, 0]))
  let value = series[0] + series[1]
  for (let i = k; i > 0; i--) value *= 2
  for (let i = k; i < 0; i++) value /= 2
  return value
}

/** @param x above 0. */
export const log = (x: number): number => logarithm(x)[0]

/** @param base above 0. */
export const power = (base: number, x: number): number => exponential(times(logarithm(base), [x, 0]))
