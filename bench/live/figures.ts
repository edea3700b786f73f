/** Figures of several runs. */
import type { Figure } from '../measurement.js'

export function median(values: readonly number[]): number {
  return percentile(values, 0.5)
}

/** @param share 0.99 for the 99th percentile. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
  if (value === undefined) throw new Error('no values')
  return value
}

/** The median of the runs, and how far they lie apart. */
export function figure(unit: Figure['unit'], runs: readonly number[]): Figure {
  const value = median(runs)
  if (runs.length < 2) return { value, unit }
  return { value, unit, spread: [Math.min(...runs), Math.max(...runs)] }
}
