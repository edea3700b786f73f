/** Of several runs. */
import type { Figure } from './measurement.js'

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (sorted.length - 1) * share
  const [low, high] = [sorted[Math.floor(at)] ?? Number.NaN, sorted[Math.ceil(at)] ?? Number.NaN]
  return low + (high - low) * (at - Math.floor(at))
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

export function sum(values: Iterable<number>): number {
  let total = 0
  for (const value of values) total += value
  return total
}

/** With what the smallest and the largest run gave. */
export function medianFigure(unit: Figure['unit'], values: readonly number[]): Figure {
  return { value: median(values), unit, spread: [Math.min(...values), Math.max(...values)] }
}
