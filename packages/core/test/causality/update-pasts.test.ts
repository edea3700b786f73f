import { describe, expect, test } from 'vitest'
import { UpdatePasts } from '../../src/causality/update-pasts.js'
import type { Operation } from '../../src/index.js'
import { cut, join, leave, update, vector } from '../operations.js'

/** @returns what the author of the last operation is told to have seen. */
function pastOf(...operations: Operation[]): ReadonlyMap<string, number> | undefined {
  const pasts = new UpdatePasts()
  for (const operation of operations) pasts.note(operation)
  const last = operations.at(-1)
  return last && pasts.of(last)
}

describe('[CU10] what the author of an update had seen', () => {
  test('is what the update names', () => {
    expect(pastOf(update('anna', 1, 1), update('bert', 1, 2, { anna: 1 }))).toEqual(vector({ anna: 1 }))
  })

  test('is also what it has named since its last update, in operations without a payload', () => {
    const past = pastOf(
      update('bert', 1, 1, { cleo: 1 }),
      cut('bert', 2, 5, 1, { anna: 2, cleo: 2 }),
      leave('bert', 3, 6, 'dora', { anna: 3 }),
      update('bert', 4, 9, { emil: 4 }),
    )
    expect(past).toEqual(vector({ anna: 3, cleo: 2, emil: 4 }))
    expect(pastOf(cut('bert', 1, 5, 1, { anna: 2 }), update('bert', 2, 6), update('bert', 3, 7))).toEqual(
      vector({}),
    )
  })

  test('is, of a newcomer, what the author of its join had seen', () => {
    const past = pastOf(
      cut('anna', 1, 2, 1, { bert: 3 }),
      join('anna', 2, 3, 'cleo', 0, { emil: 2 }),
      join('cleo', 1, 4, 'dora', 0, { anna: 2 }),
      update('dora', 1, 5, { cleo: 1 }),
    )
    expect(past).toEqual(vector({ bert: 3, emil: 2, anna: 2, cleo: 1 }))
  })

  test('need not name what is in the base', () => {
    const pasts = new UpdatePasts()
    pasts.note(cut('anna', 1, 2, 1, { bert: 3, cleo: 5 }))
    pasts.forgetBase(vector({ bert: 3, cleo: 4 }))
    const next = update('anna', 2, 6)
    pasts.note(next)
    expect(pasts.of(next)).toEqual(vector({ cleo: 5 }))
  })
})
