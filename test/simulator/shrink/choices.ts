/**
 * What a schedule is made of, so that it can be repeated with parts left out.
 *
 * Each draw belongs to a *context*: a turn, a device's messages of one type, the start of a device. Within its context it
 * has a number. So when a turn is left out, all others still draw what they drew: a schedule that lacks something is
 * otherwise the same one, as far as it can be. What had not been drawn before comes from a stream of its context.
 */
import { type Draws, Random } from '../random.js'

/** What is left of a schedule. */
export interface Cuts {
  /** Parts of the whole that happen; undefined: all. */
  readonly kept: ReadonlySet<string> | undefined
  /** Parts of parts that do not. */
  readonly dropped: ReadonlySet<string>
  /** Troubles that the whole schedule is spared (see `CALMINGS`). */
  readonly calmed: ReadonlySet<string>
}

export const NOTHING_CUT: Cuts = { kept: undefined, dropped: new Set(), calmed: new Set() }

export interface Choices {
  readonly cuts: Cuts
  /** Whom draws pass; undefined: nobody. */
  readonly draws: Draws | undefined
  /** What is drawn in a task belongs to a context. */
  within<T>(context: string, task: () => T): T
  /** A name within the present context, another one each time. */
  part(sign: string): string
  /** Whether a part happens. */
  keeps(part: string): boolean
  /** The present context. */
  readonly context: string
}

/** For ordinary schedules: they are drawn as they come. */
export const AS_DRAWN: Choices = {
  cuts: NOTHING_CUT,
  draws: undefined,
  context: '',
  within: (_context, task) => task(),
  part: () => '',
  keeps: () => true,
}

/** By context: bound and value, one after the other. */
export type Record = ReadonlyMap<string, readonly number[]>

abstract class Contexts implements Choices, Draws {
  context = ''
  /** Parts that were asked for, in order. */
  readonly parts: string[] = []
  readonly cuts: Cuts
  private readonly counts = new Map<string, number>()

  constructor(cuts: Cuts) {
    this.cuts = cuts
  }

  get draws(): Draws {
    return this
  }

  abstract take(bound: number, fresh: () => number): number

  within<T>(context: string, task: () => T): T {
    const before = this.context
    this.context = context
    try {
      return task()
    } finally {
      this.context = before
    }
  }

  part(sign: string): string {
    const key = `${this.context}${sign}`
    const count = this.counts.get(key) ?? 0
    this.counts.set(key, count + 1)
    return `${key}${count}`
  }

  keeps(part: string): boolean {
    this.parts.push(part)
    const { kept, dropped } = this.cuts
    const isKept = !isWhole(part) || kept === undefined || kept.has(part)
    return isKept && !dropped.has(part)
  }
}

/** Names the pause before a turn, with its number. */
export const PAUSE = 'p.'

/** A turn or a start, not a part of one. */
export const isWhole = (part: string): boolean => /^[a-z]\d+$/.test(part)

export class Recording extends Contexts {
  readonly record = new Map<string, number[]>()

  constructor() {
    super(NOTHING_CUT)
  }

  take(bound: number, fresh: () => number): number {
    const value = fresh()
    const drawn = this.record.get(this.context)
    if (drawn) drawn.push(bound, value)
    else this.record.set(this.context, [bound, value])
    return value
  }
}

export class Repetition extends Contexts {
  private readonly seed: number
  private readonly record: Record
  private readonly next = new Map<string, number>()
  private readonly streams = new Map<string, Random>()

  constructor(seed: number, record: Record, cuts: Cuts) {
    super(cuts)
    this.seed = seed
    this.record = record
  }

  take(bound: number): number {
    const { context } = this
    const at = this.next.get(context) ?? 0
    this.next.set(context, at + 1)
    const drawn = this.record.get(context)
    const [before, value] = [drawn?.[2 * at], drawn?.[2 * at + 1]]
    if (before === undefined || value === undefined) return this.draw(bound)
    if (before === bound) return value
    // Another number of things to choose from: about the same place among them.
    const share = before === 0 ? value : (value + 0.5) / before
    return bound === 0 ? share : Math.min(bound - 1, Math.floor(share * bound))
  }

  private draw(bound: number): number {
    const { context } = this
    let stream = this.streams.get(context)
    if (!stream) {
      let hash = this.seed
      for (let i = 0; i < context.length; i++) hash = Math.imul(hash ^ context.charCodeAt(i), 0x01000193)
      stream = new Random(hash, 9)
      this.streams.set(context, stream)
    }
    return bound === 0 ? stream.real() : stream.below(bound)
  }
}
