/**
 * Looks for a member of the room: asks the server whom to call, calls, and asks again until one call succeeds or
 * the server says that the room is to be founded. Members that could not be reached are left out for a while, unless
 * there is nobody else: then they are called again, ever more rarely.
 */
import type { SeekAnswer } from './answer.js'
import { Backoff, spread } from './backoff.js'

export interface SeekerOptions {
  /** Whether a server is there to be asked. `ask` is to be called when that turns true. */
  readonly canAsk: () => boolean
  /** Whether others find us there: then we look once, and whoever misses somebody says when to look again. */
  readonly isGreeting: () => boolean
  readonly ask: (not: readonly string[]) => Promise<SeekAnswer>
  readonly call: (peer: string) => void
  readonly alone: () => void
  /** The server does not help; it is asked again. */
  readonly refused: (reason: string) => void
}

/** As many as a server takes in one question; the latest count. */
const maxAvoided = 16

/** Before somebody is called again who is the only one to be had, and up to half more. Doubles with each call that fails. */
const firstPauseMs = 2000

/** Somebody who could not be reached: called again from `pauseEndsMs` on if there is nobody else, later in any case. */
interface Avoided {
  readonly untilMs: number
  readonly pauseMs: number
  readonly pauseEndsMs: number
}

export class Seeker {
  readonly #options: SeekerOptions
  readonly #backoff = new Backoff(100, 5000)
  readonly #avoided = new Map<string, Avoided>()
  /** All that the server knows of are avoided, it said last. */
  #isNobodyElse = false
  #isSeeking = false
  #calling: string | null = null
  /** Answers to questions of an earlier search or connection do not count. */
  #question = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(options: SeekerOptions) {
    this.#options = options
  }

  get isSeeking(): boolean {
    return this.#isSeeking
  }

  start(): void {
    if (this.#isSeeking) return
    this.#isSeeking = true
    this.#backoff.reset()
  }

  stop(): void {
    this.#isSeeking = false
    this.#calling = null
    this.pause()
  }

  /** Asks nothing until `ask`. An answer that is still to come does not count. */
  pause(): void {
    this.#question += 1
    clearTimeout(this.#timer)
  }

  ask(): void {
    if (!this.#isSeeking || this.#calling !== null || !this.#options.canAsk()) return
    this.pause()
    void this.#ask(this.#question)
  }

  /** @returns whether that is what was looked for. */
  callSucceeded(peer: string): boolean {
    this.#avoided.delete(peer)
    const isFound = this.#calling === peer
    if (isFound) this.stop()
    return isFound
  }

  /** @param avoidMs so long others are called instead of it, if there are none it is called again earlier. */
  callFailed(peer: string, avoidMs: number): void {
    if (this.#calling !== peer) return
    this.#calling = null
    this.#avoid(peer, avoidMs)
    this.#askIn(this.#backoff.nextMs())
  }

  async #ask(question: number): Promise<void> {
    const answer = await this.#options.ask(this.#leftOut())
    if (!this.#isSeeking || question !== this.#question) return
    this.#isNobodyElse = answer.kind === 'wait'
    switch (answer.kind) {
      case 'peer':
        this.#calling = answer.peer
        return this.#options.call(answer.peer)
      case 'found':
        this.stop()
        return this.#options.alone()
      case 'wait':
        if (this.#options.isGreeting()) return this.stop()
        return this.#askIn(Math.min(spread(answer.waitMs), this.#shortestPauseMs()))
      case 'refused':
        this.#askIn(this.#backoff.nextMs())
        return this.#options.refused(answer.reason)
    }
  }

  #askIn(waitMs: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.ask(), waitMs)
  }

  #avoid(peer: string, avoidMs: number): void {
    const pauseMs = Math.min(avoidMs, 2 * (this.#avoided.get(peer)?.pauseMs ?? firstPauseMs / 2))
    // The latest failures are the last in the order of the map.
    this.#avoided.delete(peer)
    if (avoidMs === 0) return
    const nowMs = Date.now()
    this.#avoided.set(peer, {
      untilMs: nowMs + avoidMs,
      pauseMs,
      pauseEndsMs: nowMs + pauseMs * (1 + Math.random() / 2),
    })
    for (const [oldest] of [...this.#avoided].slice(0, -maxAvoided)) this.#avoided.delete(oldest)
  }

  #leftOut(): string[] {
    const nowMs = Date.now()
    return [...this.#avoided].flatMap(([peer, { untilMs, pauseEndsMs }]) =>
      (this.#isNobodyElse ? pauseEndsMs : untilMs) > nowMs ? [peer] : [],
    )
  }

  /** Until the next of those avoided may be called again. Those who may be called already were not to be had. */
  #shortestPauseMs(): number {
    const nowMs = Date.now()
    const pauses = [...this.#avoided.values()].map(({ pauseEndsMs }) => pauseEndsMs - nowMs)
    return Math.min(...pauses.filter((pauseMs) => pauseMs > 0))
  }
}
