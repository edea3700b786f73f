/**
 * Who has given no sign of life for too long (protocol rule EV6), in the manner of SWIM and Lifeguard (Das et al. 2002,
 * Dadgar et al. 2017): silence is answered by probes through other members first, and who was asleep itself blames nobody.
 *
 * Private and revocable: nothing but when an eviction is proposed depends on it.
 */
import type { ReplicaId } from '../causality/operation.js'
import type { Milliseconds } from '../machine.js'

/** A sum of times is not quite the time at which their difference is reached. */
const ROUNDING_MS = 1

interface Silence {
  lastSignAt: Milliseconds
  /** Since when it has been asked through others, in vain. */
  probedSince: Milliseconds | undefined
}

export class Suspicion {
  private readonly fastestMs: Milliseconds
  private suspectAfterMs: Milliseconds
  private readonly silences = new Map<ReplicaId, Silence>()
  private readonly accused = new Set<ReplicaId>()
  private awakeSince = Number.NEGATIVE_INFINITY

  constructor(suspectAfterMs: Milliseconds) {
    this.fastestMs = suspectAfterMs
    this.suspectAfterMs = suspectAfterMs
  }

  /** How long a silence is one. */
  get afterMs(): Milliseconds {
    return this.suspectAfterMs
  }

  /**
   * In large rooms everybody is heard of more rarely. Everybody would ask about everybody who has just not had to say
   * anything, which is the square of the room in messages.
   * @param times the silence that it takes in a small room.
   */
  slowBy(times: number): void {
    this.suspectAfterMs = this.fastestMs * times
  }

  get isAccusing(): boolean {
    return this.accused.size > 0
  }

  /** Anything that only it can have made was heard. */
  sign(replica: ReplicaId, now: Milliseconds): void {
    this.silences.set(replica, { lastSignAt: now, probedSince: undefined })
    this.accused.delete(replica)
  }

  /** Somebody who should know says that it is gone. It counts until the next sign of life. */
  accuse(replica: ReplicaId): void {
    this.accused.add(replica)
  }

  isAccused(replica: ReplicaId): boolean {
    return this.accused.has(replica)
  }

  forget(replica: ReplicaId): void {
    this.silences.delete(replica)
    this.accused.delete(replica)
  }

  /** We were asleep: nobody is to blame for not having been heard. */
  slept(now: Milliseconds): void {
    this.awakeSince = now
    this.silences.clear()
  }

  /** @returns whether it is time to ask others about it. */
  shouldProbe(replica: ReplicaId, now: Milliseconds): boolean {
    const silence = this.silenceOf(replica, now)
    if (now - silence.lastSignAt < this.suspectAfterMs / 2) return false
    silence.probedSince ??= now
    return true
  }

  isSuspect(replica: ReplicaId, now: Milliseconds): boolean {
    if (this.accused.has(replica)) return true
    if (now - this.awakeSince < this.suspectAfterMs) return false
    const { lastSignAt, probedSince } = this.silenceOf(replica, now)
    const isSilent = now - lastSignAt >= this.suspectAfterMs
    return isSilent && probedSince !== undefined && now - probedSince >= this.suspectAfterMs / 2
  }

  /** @returns a moment before which it is not going to be suspected, unless it is accused, or we sleep. */
  notBefore(replica: ReplicaId, now: Milliseconds): Milliseconds {
    if (now - this.awakeSince < this.suspectAfterMs)
      return this.awakeSince + this.suspectAfterMs - ROUNDING_MS
    const { lastSignAt, probedSince } = this.silenceOf(replica, now)
    const askedLongEnough = (probedSince ?? now) + this.suspectAfterMs / 2
    return Math.max(lastSignAt + this.suspectAfterMs, askedLongEnough) - ROUNDING_MS
  }

  isSilentFor(replica: ReplicaId, ms: Milliseconds, now: Milliseconds): boolean {
    return this.accused.has(replica) || now - this.silenceOf(replica, now).lastSignAt >= ms
  }

  private silenceOf(replica: ReplicaId, now: Milliseconds): Silence {
    const silence = this.silences.get(replica) ?? { lastSignAt: now, probedSince: undefined }
    this.silences.set(replica, silence)
    return silence
  }
}
