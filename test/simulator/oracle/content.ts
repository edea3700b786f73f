/**
 * Whether a document shows what it must, where it must, given the actions that reached it.
 */
import type { ContainerId } from '../models/model.js'
import {
  type ActionId,
  inserts,
  leftOf,
  removes,
  rightOf,
  type Token,
  type TokenBook,
  type TokenId,
} from '../models/tokens.js'
import type { Coverage } from './coverage.js'
import type { Holder } from './holder.js'
import { Violation } from './violation.js'

export function checkContent(holder: Holder, book: TokenBook): void {
  const shown = holder.model.shown()
  const unique = new Set(shown)
  // Strangers who have lost their tables do not know that they bring the same (docs/protocol.md, known limits).
  if (unique.size !== shown.length && !book.hasForgotten) {
    const twice = shown.find((token, at) => shown.indexOf(token) !== at)
    throw new Violation('nothing doubled', `${holder.name} shows token ${twice} twice`)
  }
  for (const token of book.tokens) {
    const isShown = unique.has(token.id)
    let mustBeShown = book.isShown(token, holder.actions)
    if (mustBeShown !== undefined && mustBeShown !== isShown && book.hasForgotten) {
      if (isRemovedBySomebody(token.id, book)) continue
    }
    // What somebody did remove may have come as gone with a state, or half of one, that nobody listed; but not what stands in it.
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

/**
 * What was removed or replaced before two histories met is not carried from one into the other: whoever comes over has
 * seen it and the others never will. What is shown is compared all the same.
 */
export function isNothingLeftOf(action: ActionId, book: TokenBook): boolean {
  const token = action >> 1
  return book.tokens[token]?.isContested === true || isRemovedBySomebody(token, book)
}

/** It, or what it stands in. */
function isRemovedBySomebody(token: TokenId, book: TokenBook): boolean {
  if (book.performed.has(removes(token))) return true
  const container = book.tokens[token]?.container
  return container !== undefined && isRemovedBySomebody(container, book)
}

/** Where each token stands. What is only half there (a page crashed while it loaded) is none. */
export type Places = ReadonlyMap<TokenId, { readonly in: ContainerId; readonly at: number }>

export function placesOf(sequences: ReadonlyMap<ContainerId, readonly TokenId[]>): Places {
  const places = new Map<TokenId, { in: ContainerId; at: number }>()
  for (const [id, tokens] of sequences)
    for (const [at, token] of tokens.entries()) if (token >= 0) places.set(token, { in: id, at })
  return places
}

/**
 * What was typed between two neighbours stands between them; where a neighbour is gone by now, between the nearest
 * ones that are left of those that stood there when it was typed.
 */
export function checkIntention(holder: Holder, book: TokenBook, coverage: Coverage): void {
  const places = placesOf(holder.model.sequences())
  for (const { id, at, left, right } of neighbourhoods(places, book)) {
    coverage.count('tokens whose neighbours were checked')
    if (left > right || book.parted.has(id)) coverage.count('tokens whose neighbours changed places')
    else if (left > at || right < at) {
      if (book.hasTwins) {
        coverage.count('tokens away from their neighbours beside twins')
        continue
      }
      if (wentAlong(book.tokens[id] as Token, left > at, places, book)) {
        coverage.count('tokens that went with one that is gone')
        continue
      }
      coverage.count('tokens away from their neighbours')
      throw new Violation('intention', `${holder.name} shows token ${id} away from its neighbours`)
    }
  }
}

/** Right after a cut, while they are shown: once one of the two is removed, nobody can tell that they changed places. */
export function noteParted(holder: Holder, book: TokenBook): void {
  const places = placesOf(holder.model.sequences())
  for (const { id, left, right } of neighbourhoods(places, book)) if (left > right) book.parted.add(id)
}

/**
 * Two that did not know of each other may change places at a cut. What was typed beside one of them goes along, past the other
 * one; once the former is removed that looks as if it had gone alone. What was typed between the two goes with one of them, also
 * if that is removed before the cut by somebody else: where it belongs must not depend on what its author had not seen.
 *
 * So all that it has passed must be strange to somebody gone that it was typed beside, or have been typed in sight of one that is,
 * shown or gone, and stayed with that.
 */
function wentAlong(token: Token, isAstrayOfLeft: boolean, places: Places, book: TokenBook): boolean {
  const gone = [
    ...goneBeside(leftOf(token), token, places, book),
    ...goneBeside(rightOf(token), token, places, book),
  ]
  const side = [...(isAstrayOfLeft ? leftOf(token) : rightOf(token))].flatMap((id) => book.tokens[id] ?? [])
  const strange = side.filter((one) => gone.some((other) => !knew(other, one.id) && !knew(one, other.id)))
  const passed = side.filter((one) => hasPassed(token, one, isAstrayOfLeft, places))
  return passed.every((one) => strange.some((other) => other === one || knew(one, other.id)))
}

/**
 * Of those that a token was typed beside, what is gone before the first that still stands there. What was erased in one with
 * typing it nobody goes along with: its author never showed it beside that.
 */
function goneBeside(stood: Iterable<TokenId>, token: Token, places: Places, book: TokenBook): Token[] {
  const gone: Token[] = []
  for (const id of stood) {
    const other = book.tokens[id]
    if (!other) continue
    if (places.get(id)?.in === places.get(token.id)?.in) break
    if (!hasErased(token, id)) gone.push(other)
  }
  return gone
}

/** Whether one that stood on that side of a token when it was typed stands on the other side now. */
function hasPassed(token: Token, other: Token, isLeft: boolean, places: Places): boolean {
  const [here, there] = [places.get(token.id), places.get(other.id)]
  if (!here || there?.in !== here.in) return false
  return isLeft ? there.at > here.at : there.at < here.at
}

/** Whether whoever typed it had the other one in the document, seen or not. */
function knew({ by, run }: Token, other: TokenId): boolean {
  if (run && other >= run.first && other < run.first + run.count) return true
  return by !== undefined && [...by.known].slice(0, by.size).includes(inserts(other))
}

/** Whether whoever typed it erased the other one in the same operation. */
function hasErased({ by }: Token, other: TokenId): boolean {
  return by !== undefined && [...by.known].slice(by.size, by.sizeAfter).includes(removes(other))
}

/** Of each token shown in a sequence, where it stands, and where the nearest do of those it was typed between. */
function* neighbourhoods(places: Places, book: TokenBook) {
  for (const [id, place] of places) {
    const token = book.tokens[id]
    if (!token) continue
    const nearest = (stood: Iterable<TokenId>) => {
      for (const other of stood) {
        const there = places.get(other)
        if (there?.in === place.in) return there.at
      }
      return undefined
    }
    const left = nearest(leftOf(token)) ?? Number.NEGATIVE_INFINITY
    const right = nearest(rightOf(token)) ?? Number.POSITIVE_INFINITY
    yield { id, at: place.at, left, right }
  }
}
