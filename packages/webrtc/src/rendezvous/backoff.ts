/** Waits that double up to a maximum, each spread by half to either side so that crowds come apart. */
export class Backoff {
  readonly #firstMs: number
  readonly #maxMs: number
  #failures = 0

  constructor(firstMs: number, maxMs: number) {
    this.#firstMs = firstMs
    this.#maxMs = maxMs
  }

  /** How long to wait after one more failure. */
  nextMs(): number {
    const waitMs = Math.min(this.#maxMs, this.#firstMs * 2 ** this.#failures)
    this.#failures += 1
    return spread(waitMs)
  }

  reset(): void {
    this.#failures = 0
  }
}

export function spread(waitMs: number): number {
  return waitMs * (0.5 + Math.random())
}
