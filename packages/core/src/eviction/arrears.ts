/**
 * Who answers and does not acknowledge (protocol rule ID10): others have long told of a clock, and it has not. Such a member holds
 * the snapshot point, and what members compare of their histories, as one does that is gone.
 *
 * Private and revocable, like any suspicion.
 */
import type { Clock, ReplicaId } from '../causality/operation.js'
import type { Milliseconds } from '../machine.js'

/** What everybody should have told of in a while. */
interface Due {
  readonly clock: Clock
  readonly since: Milliseconds
}

export class Arrears {
  /** How long nobody owes anything. */
  patienceMs: Milliseconds
  private due: Due | undefined
  /** Of those who have not in time: what they owe. */
  private readonly owed = new Map<ReplicaId, Clock>()

  constructor(patienceMs: Milliseconds) {
    this.patienceMs = patienceMs
  }

  /** Nothing is waited for, or we were asleep: nobody owes anything. */
  clear(): void {
    this.due = undefined
    this.owed.clear()
  }

  /** @param clock the largest one seen. @param toldOf up to where one of the others has told; undefined once it is gone. */
  look(
    now: Milliseconds,
    clock: Clock,
    others: readonly ReplicaId[],
    toldOf: (member: ReplicaId) => Clock | undefined,
  ): void {
    for (const [member, owes] of this.owed) {
      if ((toldOf(member) ?? owes) >= owes) this.owed.delete(member)
    }
    const { due } = this
    if (due && now < due.since + this.patienceMs) return
    for (const member of due ? others : []) {
      if (due && (toldOf(member) ?? due.clock) < due.clock) this.owed.set(member, due.clock)
    }
    this.due = { clock, since: now }
  }

  get isOwed(): boolean {
    return this.owed.size > 0
  }

  has(member: ReplicaId): boolean {
    return this.owed.has(member)
  }
}
