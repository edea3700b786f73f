import { describe, expect, test } from 'vitest'
import { isReady, raise } from '../../src/causality/version-vector.js'
import { update, vector } from '../operations.js'

test('[OP2] an entry only rises', () => {
  const applied = vector({ anna: 3 })
  raise(applied, 'anna', 2)
  raise(applied, 'bert', 1)
  expect(applied).toEqual(vector({ anna: 3, bert: 1 }))
  raise(applied, 'anna', 4)
  expect(applied).toEqual(vector({ anna: 4, bert: 1 }))
})

describe('an operation is ready', () => {
  const applied = vector({ anna: 2, bert: 0 })

  test('[OP2] when it is the next of its author', () => {
    expect(isReady(update('anna', 3, 9), applied)).toBe(true)
    expect(isReady(update('anna', 4, 9), applied)).toBe(false)
    expect(isReady(update('anna', 2, 9), applied)).toBe(false)
  })

  test('[OP5] when everything it depends on is applied', () => {
    expect(isReady(update('bert', 1, 9, { anna: 2 }), applied)).toBe(true)
    expect(isReady(update('bert', 1, 9, { anna: 3 }), applied)).toBe(false)
  })

  test('[OP7] only if its author is known', () => {
    expect(isReady(update('cleo', 1, 9), applied)).toBe(false)
  })

  test('[SP7] although it names an author that left and was forgotten', () => {
    expect(isReady(update('bert', 1, 9, { gone: 17 }), applied)).toBe(true)
  })
})
