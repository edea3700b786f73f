import { describe, expect, test } from 'vitest'
import { HistoryHash } from '../../src/identity/history-hash.js'
import type { Operation } from '../../src/index.js'
import { HISTORY_HASH_BYTES } from '../../src/wire/limits.js'
import { bytes, update } from '../operations.js'

const HISTORY = [update('anna', 1, 1), update('anna', 2, 2), update('bert', 1, 2), update('anna', 3, 5)]

/** Made in steps. */
function hashOf(operations: readonly Operation[], ...steps: number[]): HistoryHash {
  const hash = new HistoryHash()
  for (const step of steps) hash.extend('lineage', operations, step)
  return hash
}

describe('[ID9] the hash of a history', () => {
  test('is the same however it was made', () => {
    const once = hashOf(HISTORY, 5).at(5)
    expect(once?.length).toBe(HISTORY_HASH_BYTES)
    expect(hashOf(HISTORY, 1, 1, 3, 2, 5).at(5)).toEqual(once)
  })

  test.each([
    ['an operation is missing', HISTORY.slice(0, -1)],
    ['one has another payload', [...HISTORY.slice(0, -1), update('anna', 3, 5, {}, bytes(9))]],
    ['one is of somebody else', [...HISTORY.slice(0, -1), update('bert', 3, 5)]],
    ['one depends on something else', [...HISTORY.slice(0, -1), update('anna', 3, 5, { bert: 1 })]],
  ])('differs if %s', (_, other) => {
    expect(hashOf(other, 5).at(5)).not.toEqual(hashOf(HISTORY, 5).at(5))
    expect(hashOf(other, 5).at(2)).toEqual(hashOf(HISTORY, 5).at(2))
  })

  test('differs in another lineage', () => {
    const other = new HistoryHash()
    other.extend('another', HISTORY, 5)
    expect(other.at(5)).not.toEqual(hashOf(HISTORY, 5).at(5))
  })

  test('is known at any clock that is covered, and where nothing stands, too', () => {
    const hash = hashOf(HISTORY, 4)
    expect(hash.at(4)).toEqual(hash.at(2))
    expect(hash.at(2)).not.toEqual(hash.at(1))
    expect(hash.at(5)).toBeUndefined()
  })

  test('is known no more below the snapshot point', () => {
    const hash = hashOf(HISTORY, 5)
    const before = hash.at(4)
    hash.forgetBelow(3)
    expect([hash.at(1), hash.at(4), hash.at(3)]).toEqual([undefined, before, before])
  })

  test('goes on from what somebody else has', () => {
    const hash = new HistoryHash()
    hash.begin(2, hashOf(HISTORY, 2).at(2) ?? bytes())
    hash.extend('lineage', HISTORY, 5)
    expect(hash.at(5)).toEqual(hashOf(HISTORY, 5).at(5))
  })
})
