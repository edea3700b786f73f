/**
 * When a cut pays (protocol rule CU8). Nothing is safe or unsafe by it: any member may cut at any time that rule
 * CU1 allows.
 *
 * What a cut does away with is counted per operation above the base, by weight: its bytes and what it deletes.
 * Both sums are kept per clock, because a cut leaves the recent past alone.
 */
import type { Clock } from '../causality/operation.js'
import { Timeline } from './timeline.js'

export interface CutPolicyConfig {
  readonly cutShare: number
  readonly cutMinBytes: number
  readonly idleCutMs: number
  readonly undoHorizonMs: number
  readonly reportIntervalMs: number
}

/** What the policy looks at. */
export interface CutSituation {
  readonly clock: Clock
  readonly baseThrough: Clock
  readonly baseBytes: number
  /** The lowest clock that a cut may name, or undefined while none may be made (rule CU1). Takes time to find. */
  readonly lowest: () => Clock | undefined
  /** How many members are older than we: they go first, so that not all cut at once. */
  readonly elders: number
}

interface Weight {
  readonly clock: Clock
  readonly bytes: number
}

/** A small gain waits longer in an idle room: so many times the gain the base may weigh before it does, … */
const IDLE_RATIO = 64
/** … and so many times longer at most. */
const LONGEST_IDLE = 20
/** Elders beyond this many are not waited for. */
const MAX_TURNS = 8

export class CutPolicy {
  private readonly config: CutPolicyConfig
  private readonly timeline: Timeline
  private weights: Weight[] = []
  private total = 0
  private hasChanged = false
  private lastChangeAt = 0
  /** Since when a cut has been due, by policy; elders get the first turn. */
  private dueSince: number | undefined
  /** The application wants everything up to here to be in the base. */
  private wanted: Clock | undefined
  private deadline = Number.POSITIVE_INFINITY
  private isBarred = false
  /** Looking through all that was changed lately takes time; it is not done at every keystroke. */
  private lookAgainAt = Number.NEGATIVE_INFINITY

  constructor(config: CutPolicyConfig) {
    this.config = config
    this.timeline = new Timeline(config.undoHorizonMs)
  }

  get nextDeadline(): number {
    return this.deadline
  }

  /** A cut is wanted, or due in an idle room, and at the last look none might be made. */
  get isHeld(): boolean {
    return this.isBarred
  }

  /** An update was applied. @param bytes its weight. */
  applied(clock: Clock, bytes: number): void {
    this.weights.push({ clock, bytes })
    this.total += bytes
    this.hasChanged = true
  }

  /** The application asks for a cut of everything up to `clock`. */
  request(clock: Clock): void {
    this.wanted = Math.max(this.wanted ?? 0, clock)
  }

  /** A cut through `through` was executed. */
  executed(through: Clock): void {
    this.weights = this.weights.filter(({ clock }) => clock > through)
    this.total = this.weights.reduce((sum, { bytes }) => sum + bytes, 0)
    this.dueSince = undefined
    if (this.wanted !== undefined && through >= this.wanted) this.wanted = undefined
  }

  /** @returns the clock to cut through, now, or undefined. */
  decide(now: number, situation: CutSituation): Clock | undefined {
    const { clock, lowest, baseBytes } = situation
    this.timeline.note(now, clock)
    if (this.hasChanged) this.lastChangeAt = now
    this.hasChanged = false
    this.deadline = Number.POSITIVE_INFINITY
    this.isBarred = false
    // The cut's own clock: nothing that anybody has seen is left out.
    const everything = clock + 1
    if (this.wanted !== undefined) return this.mayCut(lowest) ? everything : undefined
    if (this.total === 0) return undefined
    const idleAt = this.lastChangeAt + this.idleMs(baseBytes)
    if (now < idleAt) {
      this.deadline = idleAt
      return this.decideWhileBusy(now, situation)
    }
    return this.mayCut(lowest) && this.inTurn(now, situation) ? everything : undefined
  }

  private mayCut(lowest: CutSituation['lowest']): boolean {
    this.isBarred = lowest() === undefined
    return !this.isBarred
  }

  private decideWhileBusy(now: number, situation: CutSituation): Clock | undefined {
    const worthwhile = Math.max(this.config.cutMinBytes, this.config.cutShare * situation.baseBytes)
    if (this.total < worthwhile || now < this.lookAgainAt) return undefined
    const lowest = situation.lowest()
    if (lowest === undefined) return undefined
    const through = this.timeline.clockBefore(now)
    // What was deleted lately is spared even if that means to wait until the lowest clock lies so far back.
    if (through < Math.max(lowest, situation.baseThrough) || this.gain(through) < worthwhile) {
      this.lookAgainAt = now + this.config.reportIntervalMs
      this.dueSince = undefined
      return undefined
    }
    return this.inTurn(now, situation) ? through : undefined
  }

  /** What a cut through `through` would do away with. */
  private gain(through: Clock): number {
    let gain = 0
    for (const { clock, bytes } of this.weights) if (clock <= through) gain += bytes
    return gain
  }

  /** Not before what was deleted may be forgotten, and the longer, the less there is to gain. */
  private idleMs(baseBytes: number): number {
    const patience = Math.min(LONGEST_IDLE, Math.max(1, baseBytes / (IDLE_RATIO * this.total)))
    return Math.max(this.config.undoHorizonMs, this.config.idleCutMs * patience)
  }

  private inTurn(now: number, { elders }: CutSituation): boolean {
    this.dueSince ??= now
    const turn = this.dueSince + Math.min(elders, MAX_TURNS) * 2 * this.config.reportIntervalMs
    if (now >= turn) return true
    this.deadline = Math.min(this.deadline, turn)
    return false
  }
}
