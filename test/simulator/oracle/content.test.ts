/**
 * Who may stand away from its neighbours, and who may not: what went along with one that changed places and is gone since,
 * and nobody else.
 */
import { describe, expect, test } from 'vitest'
import { type Authorship, inserts, removes, TokenBook, type TokenId } from '../models/tokens.js'
import { checkIntention } from './content.js'
import { Coverage } from './coverage.js'
import type { Holder } from './holder.js'

/** Somebody who knew these, and erased those in one with what was typed. */
function byOne(known: readonly TokenId[], erased: readonly TokenId[] = []): Authorship {
  const actions = [...known.map(inserts), ...erased.map(removes)]
  return { known: new Set(actions), size: known.length, sizeAfter: actions.length }
}

/** Two tokens, and one that somebody typed between them who saw both. */
function typedBetween({ isLeftKnownToRight = false, erased = [] as readonly TokenId[] } = {}) {
  const book = new TokenBook()
  const type = (around: readonly TokenId[], at: number, ...known: TokenId[]) =>
    book.makeRun(around, at, 1, { by: byOne(known) })[0]?.id ?? Number.NaN
  const left = type([], 0)
  const right = isLeftKnownToRight ? type([left], 1, left) : type([], 0)
  const [token] = book.makeRun([left, right], 1, 1, { by: byOne([left, right], erased) })
  const between = token?.id ?? Number.NaN
  return { book, left, right, between }
}

function check(book: TokenBook, shown: readonly TokenId[]): Coverage {
  const coverage = new Coverage()
  const model = { sequences: () => new Map([['list', shown]]) }
  checkIntention({ name: 'd1', model } as unknown as Holder, book, coverage)
  return coverage
}

describe('a token away from its neighbours', () => {
  test('may have gone along past the right one with the left one, which is gone', () => {
    const { book, right, between } = typedBetween()
    expect(check(book, [right, between]).figures['tokens that went with one that is gone']).toBe(1)
  })

  test('may have gone along past the left one with the right one, which is gone', () => {
    const { book, left, between } = typedBetween()
    expect(check(book, [between, left]).figures['tokens that went with one that is gone']).toBe(1)
  })

  test('has gone by itself where the one that is gone knew the other one', () => {
    const { book, left, right, between } = typedBetween({ isLeftKnownToRight: true })
    const told = /shows token 2 away from its neighbours/
    expect(() => check(book, [right, between])).toThrow(told)
    expect(() => check(book, [between, left])).toThrow(told)
  })

  test('has gone by itself where its author erased the one that is gone in one with typing it', () => {
    const told = /shows token 2 away from its neighbours/
    const besideLeft = typedBetween({ erased: [0] })
    expect(() => check(besideLeft.book, [besideLeft.right, besideLeft.between])).toThrow(told)
    const besideRight = typedBetween({ erased: [1] })
    expect(() => check(besideRight.book, [besideRight.between, besideRight.left])).toThrow(told)
  })

  test('has gone by itself where all that it was typed between is shown', () => {
    const { book, left, right, between } = typedBetween()
    const told = /shows token 2 away from its neighbours/
    expect(() => check(book, [left, right, between])).toThrow(told)
    expect(() => check(book, [between, left, right])).toThrow(told)
  })

  describe('where another was typed between it and the one that it passed', () => {
    /** `left beside | token | right`: left and right did not know of each other. */
    function typedBehind(...known: TokenId[]) {
      const book = new TokenBook()
      const type = (around: readonly TokenId[], at: number, ...known: TokenId[]) =>
        book.makeRun(around, at, 1, { by: byOne(known) })
      type([], 0)
      type([], 0)
      type([0, 1], 1, ...known)
      type([0, 2, 1], 2, 0, 1, 2)
      return book
    }

    /** `beside one another | token`: one and another are gone, and did not know of each other unless another knew one. */
    function typedBesideTwoGone(...knownToAnother: TokenId[]) {
      const book = new TokenBook()
      const type = (around: readonly TokenId[], at: number, ...known: TokenId[]) =>
        book.makeRun(around, at, 1, { by: byOne(known) })
      type([], 0)
      type([], 0, ...knownToAnother)
      type([0, 1], 0, 0, 1)
      type([2, 0, 1], 3, 0, 1, 2)
      return { book, shown: [3, 2] }
    }

    test('may have gone along past both: the other one has stayed with what it was typed beside', () => {
      const { figures } = check(typedBehind(0, 1), [3, 0, 2])
      expect(figures['tokens that went with one that is gone']).toBe(1)
    })

    test('may have gone along past what was typed beside one that is gone, too', () => {
      const { book, shown } = typedBesideTwoGone()
      expect(check(book, shown).figures['tokens that went with one that is gone']).toBe(1)
    })

    test('has gone by itself where those that are gone knew of each other', () => {
      const { book, shown } = typedBesideTwoGone(0)
      expect(() => check(book, shown)).toThrow(/shows token 3 away from its neighbours/)
    })

    test('has gone by itself past the other one where that was typed beside what is gone', () => {
      expect(() => check(typedBehind(1), [3, 0, 2])).toThrow(/shows token 3 away from its neighbours/)
    })
  })
})
