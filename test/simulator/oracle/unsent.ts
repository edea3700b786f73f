/**
 * What a device did and has yet to tell, and what of it needs no telling.
 *
 * A newcomer carries what its user did over the cuts on its way in, and leaves out what has no effect on what the room
 * has meanwhile. So there may be nothing to send, but only for such a reason.
 */
import { type ActionId, isRemoval, removes, type Token, type TokenBook } from '../models/tokens.js'

export class Unsent {
  /** Of its user, since the last local change was taken. */
  pending: ActionId[] = []
  /** What it had and the room had not. */
  carried: readonly ActionId[] = []
  private heard = new Set<ActionId>()
  /** Came out of storage: whoever founds a room has it in the state that the room begins with. */
  private readonly restored = new Set<ActionId>()
  private readonly book: TokenBook

  constructor(book: TokenBook) {
    this.book = book
  }

  get all(): readonly ActionId[] {
    return [...this.carried, ...this.pending]
  }

  restore(untold: readonly ActionId[]): void {
    this.pending.push(...untold)
    for (const action of untold) this.restored.add(action)
  }

  /** Others told this. */
  hear(action: ActionId): void {
    this.heard.add(action)
  }

  /** All is told, or need not be. */
  forget(carried: readonly ActionId[] = []): void {
    this.pending = []
    this.carried = carried
    this.heard = new Set()
  }

  /**
   * There is nothing to send.
   * @param loaded what the state that was loaded last held.
   * @returns whether that may be so.
   */
  leaveUntold(loaded: ReadonlySet<ActionId> | undefined): boolean {
    const isMoot = (action: ActionId) => {
      const token = this.book.tokens[action >> 1]
      if (!token) return false
      return isRemoval(action) ? this.isGone(token, loaded) : this.isWithinGone(token, loaded)
    }
    for (const action of this.all) if (isMoot(action)) this.book.untold.add(action)
    // What was carried may be in the room under another name, or orphaned: the end will show.
    const isFounders = (action: ActionId) => loaded === undefined && this.restored.has(action)
    return this.pending.every((action) => isFounders(action) || isMoot(action))
  }

  /** Others removed it, may have replaced it, or did so with what it stands in. */
  private isGone(token: Token, loaded: ReadonlySet<ActionId> | undefined): boolean {
    const removal = removes(token.id)
    if (this.heard.has(removal) || loaded?.has(removal)) return true
    return token.isContested === true || this.isWithinGone(token, loaded)
  }

  private isWithinGone({ container }: Token, loaded: ReadonlySet<ActionId> | undefined): boolean {
    const outer = container === undefined ? undefined : this.book.tokens[container]
    return outer !== undefined && this.isGone(outer, loaded)
  }
}
