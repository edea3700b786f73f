/**
 * Seeded randomness. Everything a schedule does not fix is drawn from here, so that a seed names a schedule.
 */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { log, power } from './portable-math.js'

/** Stands between a source of randomness and those who draw from it: to remember what was drawn, or to repeat it. */
export interface Draws {
  /**
   * @param bound how many whole numbers there are to choose from, beginning with 0; 0 for a real number below 1.
   * @param fresh draws from the source.
   */
  take(bound: number, fresh: () => number): number
}

export class Random {
  private readonly generator: ReturnType<typeof xoroshiro128plus>
  private readonly draws: Draws | undefined

  /**
   * @param stream draws of different streams of one seed have nothing to do with each other.
   * @param draws whom everything that is drawn passes.
   */
  constructor(seed: number, stream = 0, draws?: Draws) {
    this.draws = draws
    // Neighbouring seeds must not begin alike.
    this.generator = xoroshiro128plus(
      Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(stream + 1, 0xc2b2ae35),
    )
    for (let i = 0; i < 8; i++) this.generator.next()
  }

  /** 0 ≤ x < 1. */
  real(): number {
    const { draws, generator } = this
    return draws ? draws.take(0, () => uniformFloat64(generator)) : uniformFloat64(generator)
  }

  /** 0 ≤ x < n. */
  below(n: number): number {
    const { draws, generator } = this
    return draws ? draws.take(n, () => uniformInt(generator, 0, n - 1)) : uniformInt(generator, 0, n - 1)
  }

  /** From `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1)
  }

  chance(probability: number): boolean {
    return this.real() < probability
  }

  pick<T>(list: readonly T[]): T | undefined {
    return list.length === 0 ? undefined : list[this.below(list.length)]
  }

  /** Evenly distributed over orders of magnitude: small values are as likely as large ones. */
  magnitude(least: number, most: number): number {
    return least * power(most / least, this.real())
  }

  /** Waiting time of a process without memory. */
  exponential(mean: number): number {
    return -mean * log(1 - this.real())
  }
}
