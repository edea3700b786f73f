/**
 * Getting the links that the topology asks for, without two ends dialing each other (overlay rule OV3).
 */
import type { ReplicaId } from '../causality/operation.js'
import { chosenNeighbours, type Ring } from './topology.js'

interface Attempt {
  /** Not to be dialed before this time. */
  notBefore: number
  failures: number
  dials: number
}

export interface Plan {
  readonly chosen: ReadonlySet<ReplicaId>
  /** Those, and whom they stand in for. */
  readonly wanted: ReadonlySet<ReplicaId>
  readonly dial: readonly ReplicaId[]
}

/** How long an unanswered attempt may take before the next one. */
const DIAL_PATIENCE_MS = 20_000
const FIRST_RETRY_MS = 1000
const LONGEST_RETRY_MS = 30_000
/** After this many, a member counts as out of reach. */
const FAILURES_TO_GIVE_UP = 2
/** The other end of a mutual choice dials; when it does not, we do after this time. */
const COURTESY_MS = 4000

export class Dialing {
  private readonly self: ReplicaId
  private readonly maxConnections: number
  private readonly attempts = new Map<ReplicaId, Attempt>()
  private earliest = Number.POSITIVE_INFINITY

  constructor(self: ReplicaId, maxConnections: number) {
    this.self = self
    this.maxConnections = maxConnections
  }

  /**
   * Who is to be linked by our choice, and whom of them to dial now.
   * @param ring of all members, ourselves included, if there is one.
   */
  plan(
    others: readonly ReplicaId[],
    isLinked: (member: ReplicaId) => boolean,
    now: number,
    ring?: Ring,
  ): Plan {
    this.earliest = Number.POSITIVE_INFINITY
    const present = new Set(others)
    for (const member of this.attempts.keys()) if (!present.has(member)) this.attempts.delete(member)
    const lost = others.filter((member) => this.isUnreachable(member, now) && !isLinked(member))
    const chosen =
      lost.length === 0
        ? chosenNeighbours(this.self, others, this.maxConnections, ring)
        : chosenNeighbours(
            this.self,
            others.filter((member) => !lost.includes(member)),
            this.maxConnections,
          )
    const dial: ReplicaId[] = []
    const wanted = new Set([...chosen, ...lost])
    // Whom nobody would dial any more is not missed.
    for (const [member, attempt] of this.attempts) if (!wanted.has(member)) attempt.failures = 0
    for (const member of wanted) {
      if (isLinked(member)) continue
      const attempt = this.attempts.get(member) ?? this.firstAttempt(member, now)
      if (attempt.notBefore <= now) {
        attempt.notBefore = now + DIAL_PATIENCE_MS
        attempt.dials++
        dial.push(member)
      }
      this.earliest = Math.min(this.earliest, attempt.notBefore)
    }
    return { chosen, wanted, dial }
  }

  /** Nobody can be dialed for now: there is nothing to wake up for. */
  rest(): void {
    this.earliest = Number.POSITIVE_INFINITY
  }

  get nextDeadline(): number {
    return this.earliest
  }

  /** There is a member that did not answer again and again. */
  get isFailing(): boolean {
    for (const { failures } of this.attempts.values()) if (failures >= FAILURES_TO_GIVE_UP) return true
    return false
  }

  failed(member: ReplicaId, now: number): void {
    const attempt = this.attempts.get(member) ?? { notBefore: 0, failures: 0, dials: 0 }
    const delay = Math.min(FIRST_RETRY_MS * 2 ** attempt.failures, LONGEST_RETRY_MS)
    this.attempts.set(member, { ...attempt, notBefore: now + delay, failures: attempt.failures + 1 })
  }

  /** @returns whether we had dialed it. */
  linked(member: ReplicaId): boolean {
    const wasDialed = (this.attempts.get(member)?.dials ?? 0) > 0
    this.attempts.delete(member)
    return wasDialed
  }

  /** Retries at once, because something changed (a new link may be a new way to everybody). */
  encourage(now: number): void {
    for (const attempt of this.attempts.values()) {
      if (attempt.failures > 0) attempt.notBefore = Math.min(attempt.notBefore, now + FIRST_RETRY_MS)
    }
  }

  /** Repeated failures: others take its place in the topology until it answers again. */
  private isUnreachable(member: ReplicaId, now: number): boolean {
    const attempt = this.attempts.get(member)
    return (
      attempt !== undefined &&
      attempt.failures >= FAILURES_TO_GIVE_UP &&
      attempt.notBefore > now - DIAL_PATIENCE_MS
    )
  }

  private firstAttempt(member: ReplicaId, now: number): Attempt {
    const attempt = { notBefore: this.self < member ? now : now + COURTESY_MS, failures: 0, dials: 0 }
    this.attempts.set(member, attempt)
    return attempt
  }
}
