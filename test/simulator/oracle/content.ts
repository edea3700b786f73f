/**
 * Whether a document shows what it must, given the actions that reached it.
 */
import { removes, type TokenBook, type TokenId } from '../models/tokens.js'
import type { Holder } from './holder.js'
import { Violation } from './violation.js'

export function checkContent(holder: Holder, book: TokenBook): void {
  const shown = holder.model.shown()
  const unique = new Set(shown)
  if (unique.size !== shown.length) {
    const twice = shown.find((token, at) => shown.indexOf(token) !== at)
    throw new Violation('nothing doubled', `${holder.name} shows token ${twice} twice`)
  }
  for (const token of book.tokens) {
    const isShown = unique.has(token.id)
    let mustBeShown = book.isShown(token, holder.actions)
    if (mustBeShown && !isShown && book.isUncertain && book.performed.has(removes(token.id))) {
      holder.actions.add(removes(token.id))
      mustBeShown = false
    }
    if (mustBeShown === true && !isShown) {
      throw new Violation(
        'nothing lost',
        `${holder.name} does not show token ${token.id}, which nobody removed`,
      )
    }
    if (mustBeShown === false && isShown) {
      throw new Violation(
        'nothing doubled',
        `${holder.name} shows token ${token.id}, which is removed or not there yet`,
      )
    }
  }
}

/** What was typed between two neighbours stands between them wherever all three are shown. */
export function checkIntention(holder: Holder, book: TokenBook): void {
  const places = new Map<TokenId, number>(holder.model.ordered().map((token, place) => [token, place]))
  for (const [id, place] of places) {
    const { left, right } = book.tokens[id] ?? {}
    const before = left === undefined ? undefined : places.get(left)
    const after = right === undefined ? undefined : places.get(right)
    if ((before ?? -1) >= place || (after ?? Number.POSITIVE_INFINITY) <= place) {
      throw new Violation('intention', `${holder.name} shows token ${id} on the wrong side of a neighbour`)
    }
  }
}
