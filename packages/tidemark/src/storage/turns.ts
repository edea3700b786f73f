/**
 * One thing after the other: each begins when the one before has come to an end, whatever end that was.
 */
export class Turns {
  #last: Promise<unknown> = Promise.resolve()

  take<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work)
    this.#last = result.catch(() => {})
    return result
  }

  /** Resolves once all turns taken so far are over. Never rejects. */
  async over(): Promise<void> {
    await this.#last
  }
}

/** Stores on their way to being closed, by the place and room they belong to: whoever opens one waits for them. */
export class Closings {
  readonly #under = new Map<string, Set<Promise<void>>>()

  add(key: string, closing: Promise<void>): void {
    const all = this.#under.get(key) ?? new Set()
    this.#under.set(key, all.add(closing))
    const done = () => {
      all.delete(closing)
      if (all.size === 0 && this.#under.get(key) === all) this.#under.delete(key)
    }
    closing.then(done, done)
  }

  async over(key: string): Promise<void> {
    await Promise.allSettled(this.#under.get(key) ?? [])
  }
}
