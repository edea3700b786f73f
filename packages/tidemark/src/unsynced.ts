/**
 * How many changes of this page nobody else is known to have: in the room the core knows, out of it they are counted.
 */
import type { Replica } from '@tidemark/core'

export class Unsynced {
  /** Who this page was in the room last. */
  private member: Replica | undefined
  /** Since then. */
  private changes = 0

  /** What was changed until now is made of operations. */
  joined(replica: Replica | undefined): void {
    this.member = replica
    this.changes = 0
  }

  /** The document was changed by its user. */
  changed(): void {
    if (this.member?.status !== 'member') this.changes++
  }

  get count(): number {
    return (this.member?.unheard ?? 0) + this.changes
  }
}
