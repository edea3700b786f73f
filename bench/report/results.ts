/** The results file: the newest of each measurement. */
import type { Result } from '../measurement.js'
import type { Machine } from './machine.js'

export interface Measured {
  readonly name: string
  readonly question: string
  readonly quick: boolean
  /** How long it took. */
  readonly seconds: number
  readonly date: string
  readonly machine: Machine
  readonly result: Result
}

export interface Results {
  readonly measured: readonly Measured[]
}

/** What was measured now takes the place of what was measured earlier; what was not, stays. */
export function merged(earlier: Results | undefined, now: readonly Measured[]): Results {
  const all = new Map(earlier?.measured.map((one) => [one.name, one]))
  for (const one of now) all.set(one.name, one)
  return { measured: [...all.values()] }
}
