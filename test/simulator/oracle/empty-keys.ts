/**
 * Of those who write under a key without knowing of each other, another one may win once several of their writes have crossed a
 * cut. What crosses it alone stands among what lies below where it stood before: if whatever had won is removed, and nothing was
 * shown, nothing is shown afterwards.
 */
import type { ContainerId } from '../models/model.js'
import { type ActionId, inserts, type TokenBook, type TokenId } from '../models/tokens.js'
import type { Coverage } from './coverage.js'
import type { Holder } from './holder.js'
import { Violation } from './violation.js'

interface Shown {
  readonly tokens: ReadonlySet<TokenId>
  readonly keys: ReadonlyMap<ContainerId, ReadonlySet<string>>
  /** What was done by operations above the cut. */
  readonly crossing: ReadonlySet<ActionId>
}

export class EmptyKeys {
  private readonly before = new Map<Holder, Shown>()
  private readonly book: TokenBook
  private readonly coverage: Coverage

  constructor(book: TokenBook, coverage: Coverage) {
    this.book = book
    this.coverage = coverage
  }

  /** It is about to switch. @param above operations above the cut, whoever has them. */
  note(holder: Holder, above: Iterable<{ readonly actions: readonly ActionId[] }>): void {
    const keys = holder.model.keys?.()
    // What a newcomer brings crosses the cut, and is in no operation yet.
    if (!keys || holder.hasUnsent) return
    const crossing = new Set<ActionId>()
    for (const { actions } of above) for (const action of actions) crossing.add(action)
    this.before.set(holder, { tokens: new Set(holder.model.shown()), keys, crossing })
  }

  /** It has switched. */
  check(holder: Holder): void {
    const before = this.before.get(holder)
    this.before.delete(holder)
    if (!before) return
    for (const [container, keys] of holder.model.keys?.() ?? []) {
      // What another winner holds was not to be seen before.
      if (typeof container === 'number' && !before.tokens.has(container)) continue
      for (const key of keys) {
        this.coverage.count('keys compared across a cut')
        if (before.keys.get(container)?.has(key)) continue
        if (this.writesIn(before.crossing, container, key) > 1) continue
        throw new Violation(
          'nothing doubled',
          `${holder.name} shows something under ${container}/${key} since a cut`,
        )
      }
    }
  }

  private writesIn(actions: ReadonlySet<ActionId>, where: ContainerId, key: string): number {
    const container = typeof where === 'number' ? where : undefined
    return this.book.tokens.filter(
      (token) => token.key === key && token.container === container && actions.has(inserts(token.id)),
    ).length
  }
}
