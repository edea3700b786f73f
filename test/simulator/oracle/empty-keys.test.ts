/**
 * What a cut may show under a key that was empty, and what not.
 */
import { describe, expect, test } from 'vitest'
import type { ContainerId } from '../models/model.js'
import { inserts, TokenBook, type TokenId } from '../models/tokens.js'
import { Coverage } from './coverage.js'
import { EmptyKeys } from './empty-keys.js'
import type { Holder } from './holder.js'

type Keys = ReadonlyMap<ContainerId, ReadonlySet<string>>

const EMPTY: Keys = new Map()
const FILLED: Keys = new Map([['map', new Set(['a'])]])

/** @param above what crosses the cut. */
function executeCut(book: TokenBook, above: readonly TokenId[], before: Keys, after: Keys): Coverage {
  const coverage = new Coverage()
  const emptyKeys = new EmptyKeys(book, coverage)
  let keys = before
  const model = { keys: () => keys, shown: () => [] }
  const holder = { name: 'd1', model, hasUnsent: false } as unknown as Holder
  emptyKeys.note(holder, [{ actions: above.map(inserts) }])
  keys = after
  emptyKeys.check(holder)
  return coverage
}

function writes(count: number, key = 'a') {
  const book = new TokenBook()
  const tokens = Array.from({ length: count }, () => book.make({ isContested: true, key }).id)
  return { book, tokens }
}

describe('a key that was empty before a cut', () => {
  test('is not filled by the one write that crosses it', () => {
    const { book, tokens } = writes(1)
    expect(() => executeCut(book, tokens, EMPTY, FILLED)).toThrow(/shows something under map\/a since a cut/)
  })

  test('is not filled by a write to another key', () => {
    const { book, tokens } = writes(2, 'b')
    expect(() => executeCut(book, tokens, EMPTY, FILLED)).toThrow(/map\/a/)
  })

  test('may be filled where several writes cross it, of which another one wins', () => {
    const { book, tokens } = writes(2)
    expect(executeCut(book, tokens, EMPTY, FILLED).figures['keys compared across a cut']).toBe(1)
  })

  test('is a matter of keys alone: what was filled may show something else', () => {
    const { book, tokens } = writes(1)
    expect(() => executeCut(book, tokens, FILLED, FILLED)).not.toThrow()
  })
})
