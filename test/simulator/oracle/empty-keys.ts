/**
 * A cut may have another one win of those who set a key without knowing of each other, but where nothing was shown, because
 * whatever had won was removed, nothing may be shown afterwards.
 */
import type { ContainerId } from '../models/model.js'
import type { TokenId } from '../models/tokens.js'
import type { Coverage } from './coverage.js'
import type { Holder } from './holder.js'
import { Violation } from './violation.js'

interface Shown {
  readonly tokens: ReadonlySet<TokenId>
  readonly keys: ReadonlyMap<ContainerId, ReadonlySet<string>>
}

export class EmptyKeys {
  private readonly before = new Map<Holder, Shown>()
  private readonly coverage: Coverage

  constructor(coverage: Coverage) {
    this.coverage = coverage
  }

  /** It is about to switch. */
  note(holder: Holder): void {
    const keys = holder.model.keys?.()
    if (keys) this.before.set(holder, { tokens: new Set(holder.model.shown()), keys })
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
        throw new Violation(
          'nothing doubled',
          `${holder.name} shows something under ${container}/${key} since a cut`,
        )
      }
    }
  }
}
