/**
 * What compaction has changed: a document beside one in which the same was wanted and nothing was ever forgotten.
 *
 * Only insertions that did not know of each other may have changed places, and whatever was typed beside one of
 * them afterwards has gone with it; of values set under one key without knowing of each other, another one may have won.
 */
import type { Model, Twin } from '../models/model.js'
import {
  inserts,
  leftOf,
  type Run,
  rightOf,
  type Token,
  type TokenBook,
  type TokenId,
} from '../models/tokens.js'
import { placesOf } from './content.js'
import type { Coverage } from './coverage.js'
import { Violation } from './violation.js'

export class TwinComparison {
  private readonly book: TokenBook
  private readonly coverage: Coverage
  private readonly orders = new Map<object, Map<number, number>>()
  private isSwapped: (a: TokenId, b: TokenId) => boolean = () => false
  private isBefore: (a: TokenId, b: TokenId) => boolean = () => false
  private isInBoth: (token: TokenId) => boolean = () => false

  constructor(book: TokenBook, coverage: Coverage) {
    this.book = book
    this.coverage = coverage
  }

  check(name: string, model: Model, twin: Twin): void {
    this.coverage.met('compared with its twin')
    this.checkTokens(name, model, twin)
    const [ours, theirs] = [placesOf(model.sequences()), placesOf(twin.sequences())]
    this.isInBoth = (token) => ours.has(token) && theirs.has(token)
    this.isBefore = (a, b) => (ours.get(a)?.at ?? 0) < (ours.get(b)?.at ?? 0)
    this.isSwapped = (a, b) => {
      const [a1, b1, a2, b2] = [ours.get(a), ours.get(b), theirs.get(a), theirs.get(b)]
      if (!a1 || !b1 || !a2 || !b2 || a1.in !== b1.in || a2.in !== b2.in) return false
      return a1.at < b1.at !== a2.at < b2.at
    }
    for (const tokens of model.sequences().values()) {
      const common = tokens.filter((token) => theirs.has(token))
      for (const [i, a] of common.entries()) for (const b of common.slice(0, i)) this.checkPair(name, a, b)
    }
  }

  private checkTokens(name: string, model: Model, twin: Twin): void {
    const [ours, theirs] = [new Set(model.shown()), new Set(twin.shown())]
    for (const token of new Set([...ours, ...theirs])) {
      const about = this.book.tokens[token]
      if (!about) continue
      if (about.isContested) this.coverage.count('keys compared with the twin')
      if (ours.has(token) === theirs.has(token)) continue
      if (this.isContested(about)) {
        if (about.isContested) this.coverage.count('keys won by another')
        continue
      }
      const told = ours.has(token) ? 'shows' : 'does not show'
      throw new Violation('invisible', `${name} ${told} token ${token}, unlike its twin without compaction`)
    }
  }

  private isContested(token: Token): boolean {
    if (token.isContested) return true
    const container = token.container === undefined ? undefined : this.book.tokens[token.container]
    return container !== undefined && this.isContested(container)
  }

  private checkPair(name: string, a: TokenId, b: TokenId): void {
    this.coverage.count('pairs compared with the twin')
    if (!this.isSwapped(a, b)) return
    this.coverage.count('pairs swapped')
    if (this.isExplained(a, b)) return
    throw new Violation(
      'invisible',
      `${name} shows tokens ${a} and ${b} in another order than its twin without compaction`,
    )
  }

  /** They are swapped; are they allowed to be? */
  private isExplained(a: TokenId, b: TokenId): boolean {
    const [first, second] = [this.book.tokens[a], this.book.tokens[b]]
    if (!first || !second) return false
    const [knowsFirst, knowsSecond] = [this.knew(second, a), this.knew(first, b)]
    if (!knowsFirst && !knowsSecond) return true
    // Where it was typed, the order was another one already.
    const [typed, other] = knowsFirst ? [second, a] : [first, b]
    return typed.run?.crossed?.has(other) === true || this.wentAlong(typed, other)
  }

  /**
   * It stands beside what it was typed beside, and that one has changed places with the other for a good reason; or did so before
   * it was removed, past somebody strange to it in whose sight the other was typed.
   */
  private wentAlong(token: Token, other: TokenId): boolean {
    const { run } = token
    if (!run) return false
    return [leftOf(token), rightOf(token)].some((stood) => {
      for (const beside of stood) {
        if (beside === other) return false
        if (beside >= run.first) continue
        if (!this.isInBoth(beside)) {
          if (this.wasStrange(beside, other, run)) return true
          continue
        }
        const isApart = this.isSwapped(beside, other) || this.hasTurned(run, beside, other)
        return isApart && this.isExplained(beside, other)
      }
      return false
    })
  }

  /** Of one that is gone: whether it did not know of the other, or of something that the other was typed in sight of. */
  private wasStrange(gone: TokenId, other: TokenId, { around }: Run): boolean {
    const [first, second] = [this.book.tokens[gone], this.book.tokens[other]]
    if (!first || !second) return false
    return [other, ...around].some((id) => {
      const one = this.book.tokens[id]
      if (!one || id === gone || (id !== other && !this.knew(second, id))) return false
      return !this.knew(first, id) && !this.knew(one, gone)
    })
  }

  /** They stood the other way round when it was typed: a cut had made them change places, and another one did so again. */
  private hasTurned({ around }: Run, a: TokenId, b: TokenId): boolean {
    const [before, after] = [around.indexOf(a), around.indexOf(b)]
    return before >= 0 && after >= 0 && before < after !== this.isBefore(a, b)
  }

  /** Whether whoever typed it had the other one in the document, seen or not. */
  private knew(token: Token, other: TokenId): boolean {
    const { by, run } = token
    if (run && other >= run.first && other < run.first + run.count) return true
    if (!by) return false
    let order = this.orders.get(by.known)
    if (!order) {
      order = new Map([...by.known].map((action, i) => [action, i]))
      this.orders.set(by.known, order)
    }
    return (order.get(inserts(other)) ?? Number.POSITIVE_INFINITY) < by.size
  }
}
