/**
 * A failing schedule made small: parts are left out as long as it goes on failing in the same way (delta debugging,
 * Zeller and Hildebrandt 2002).
 *
 * Invariant: whatever is returned has failed in that way when it was tried last.
 */
import type { Violation } from '../oracle/violation.js'
import { type Options, type Outcome, runSchedule } from '../world/world.js'
import { calmingsFor, SOON } from './calming.js'
import { type Cuts, isWhole, NOTHING_CUT, PAUSE, type Record, Recording, Repetition } from './choices.js'
import type { Variation } from './token.js'

export interface Shrunk {
  readonly variation: Variation
  readonly before: Size
  readonly after: Size
  readonly tries: number
  readonly elapsedMs: number
  /** Nothing more can be left out by itself; otherwise time was up. */
  readonly isMinimal: boolean
}

export interface Size {
  readonly steps: number
  readonly devices: number
  /** Turns and starts. */
  readonly parts: number
  readonly faults: number
  readonly virtualMs: number
}

/** Repeats a schedule with parts left out. */
export function runVariation({ seed, cuts }: Variation, options: Options = {}): Outcome {
  const recording = new Recording()
  runSchedule(seed, { ...options, isTold: false, choices: recording })
  return runSchedule(seed, { ...options, choices: new Repetition(seed, recording.record, cuts) })
}

/** @returns undefined if the schedule does not fail. */
export function shrink(start: Variation, limitMs: number, onTry: (best: Size) => void): Shrunk | undefined {
  const recording = new Recording()
  const drawn = runSchedule(start.seed, { choices: recording })
  const shrinker = new Shrinker(start.seed, recording.record, limitMs, onTry)
  const first = start.cuts === NOTHING_CUT ? drawn : runVariation(start)
  return first.violation ? shrinker.shrink(start.cuts, first, first.violation) : undefined
}

/** A little more is no loss where much else is less. */
const SLACK_SHARE = 1.05
const SLACK_STEPS = 50

class Shrinker {
  private readonly seed: number
  private readonly record: Record
  private readonly deadline: number
  private readonly startedAt = performance.now()
  private readonly onTry: (best: Size) => void
  private wanted = ''
  private cuts = NOTHING_CUT
  private best: Size = { steps: 0, devices: 0, parts: 0, faults: 0, virtualMs: 0 }
  /** Parts of parts that came up in the best one. */
  private inner: readonly string[] = []
  private asked: ReadonlySet<string> = new Set()
  private wholes: readonly string[] = []
  private tries = 0

  constructor(seed: number, record: Record, limitMs: number, onTry: (best: Size) => void) {
    this.seed = seed
    this.record = record
    this.deadline = this.startedAt + limitMs
    this.onTry = onTry
  }

  shrink(cuts: Cuts, outcome: Outcome, violation: Violation): Shrunk {
    this.wanted = kindOf(violation)
    this.best = { ...sizeOf(outcome, 0), steps: Number.POSITIVE_INFINITY }
    this.cuts = cuts
    const isSame = this.attempt(cuts)
    if (!isSame) throw new Error('a schedule that is repeated does something else')
    const before = this.best
    // What came later than the violation goes at once.
    this.attempt({ ...this.cuts, kept: new Set(this.wholes) })
    let isMinimal = false
    while (!isMinimal && !this.isLate) {
      const { cuts: begun } = this
      this.calm(outcome)
      this.leaveOut(
        () => [...(this.cuts.kept ?? [])],
        (parts) => ({ ...this.cuts, kept: without(this.cuts.kept ?? [], parts) }),
      )
      const drop = (parts: readonly string[]) => {
        return { ...this.cuts, dropped: new Set([...this.cuts.dropped, ...parts]) }
      }
      this.leaveOut(() => this.inner.filter(isPause), drop)
      this.leaveOut(() => this.inner.filter((part) => !isPause(part)), drop)
      isMinimal = begun === this.cuts
    }
    this.forgetIdle()
    const elapsedMs = performance.now() - this.startedAt
    const variation = { seed: this.seed, cuts: this.cuts }
    return { variation, before, after: this.best, tries: this.tries, elapsedMs, isMinimal }
  }

  private get isLate(): boolean {
    return performance.now() >= this.deadline
  }

  // ------------------------------------------------------------------ what is tried

  private calm({ plan }: Outcome): void {
    const names = [...calmingsFor(plan), SOON].filter((name) => !this.cuts.calmed.has(name))
    const all = { ...this.cuts, calmed: new Set([...this.cuts.calmed, ...names]) }
    if (names.length > 1 && this.attempt(all)) return
    for (const name of names)
      if (!this.isLate) this.attempt({ ...this.cuts, calmed: new Set([...this.cuts.calmed, name]) })
  }

  /** Half of what there is, then quarters, then less, the last first: what failed early needs the beginning. */
  private leaveOut(candidates: () => readonly string[], cut: (parts: readonly string[]) => Cuts): void {
    for (
      let size = Math.ceil(candidates().length / 2);
      size >= 1;
      size = size > 1 ? Math.ceil(size / 2) : 0
    ) {
      for (let end = candidates().length; end > 0 && !this.isLate; end -= size) {
        const list = candidates()
        const chunk = list.slice(Math.max(0, Math.min(end, list.length) - size), end)
        if (chunk.length > 0) this.attempt(cut(chunk))
      }
    }
  }

  /** Of what does not come up any more, nothing need be said. */
  private forgetIdle(): void {
    const dropped = new Set([...this.cuts.dropped].filter((part) => this.asked.has(part)))
    this.attempt({ ...this.cuts, dropped })
  }

  /** @returns whether it still fails in the same way, and is not larger: then it is the best so far. */
  private attempt(cuts: Cuts): boolean {
    this.tries++
    const choices = new Repetition(this.seed, this.record, cuts)
    const most = Number.isFinite(this.best.steps)
      ? { maxSteps: Math.ceil(this.best.steps * SLACK_SHARE + SLACK_STEPS) }
      : {}
    const outcome = runSchedule(this.seed, { choices, ...most })
    const { violation, isUnfinished } = outcome
    if (isUnfinished || !violation || kindOf(violation) !== this.wanted) return false
    this.asked = new Set(choices.parts)
    const parts = [...this.asked]
    const wholes = parts.filter((part) => isWhole(part) && (cuts.kept?.has(part) ?? true))
    this.inner = parts.filter((part) => !isWhole(part) && !cuts.dropped.has(part))
    this.wholes = wholes
    this.cuts = cuts
    this.best = sizeOf(outcome, wholes.length)
    this.onTry(this.best)
    return true
  }
}

const isPause = (part: string) => part.startsWith(PAUSE)

function without(set: Iterable<string>, parts: readonly string[]): Set<string> {
  const gone = new Set(parts)
  return new Set([...set].filter((part) => !gone.has(part)))
}

/** Broken invariants are told apart by what they say, names and numbers aside. */
function kindOf({ rule, message }: Violation): string {
  if (rule !== 'no broken invariants') return rule
  const [line = ''] = message.split('\n')
  return line.replace(/[a-z]{2}-d\d+-\d+/g, '').replace(/\d+/g, '')
}

function sizeOf({ steps, devices, coverage, virtualMs }: Outcome, parts: number): Size {
  const faults = Object.values(coverage.faults).reduce((sum, count) => sum + count, 0)
  return { steps, devices, parts, faults, virtualMs }
}
