import { describe, expect, test } from 'vitest'
import { Arrears } from '../../src/eviction/arrears.js'

const OTHERS = ['bert', 'cleo']

function after(...looks: (readonly [now: number, clock: number, told: Readonly<Record<string, number>>])[]) {
  const arrears = new Arrears(1000)
  for (const [now, clock, told] of looks) arrears.look(now, clock, OTHERS, (member) => told[member])
  return OTHERS.filter((member) => arrears.has(member))
}

describe('[ID10] in arrears', () => {
  test('is who has not told of a clock in time', () => {
    expect(after([0, 5, { bert: 4, cleo: 4 }], [1000, 9, { bert: 5, cleo: 4 }])).toEqual(['cleo'])
  })

  test('is nobody before', () => {
    expect(after([0, 5, { bert: 4, cleo: 4 }], [999, 9, { bert: 4, cleo: 4 }])).toEqual([])
  })

  test('is nobody who is behind what came since', () => {
    expect(after([0, 5, { bert: 5, cleo: 5 }], [1000, 90, { bert: 6, cleo: 5 }])).toEqual([])
  })

  test('is nobody any more who has told of it since, and whoever else still is', () => {
    const told = { bert: 4, cleo: 4 }
    expect(after([0, 5, told], [1000, 9, told], [1100, 9, { bert: 5, cleo: 4 }])).toEqual(['cleo'])
  })

  test('is who goes on without, for what came later, too', () => {
    const told = { bert: 9, cleo: 4 }
    expect(after([0, 5, told], [1000, 9, told], [2000, 12, { bert: 9, cleo: 6 }])).toEqual(['cleo'])
  })

  test('is nobody who is gone', () => {
    expect(after([0, 5, { bert: 4, cleo: 4 }], [1000, 9, { bert: 5 }])).toEqual([])
  })

  test('is nobody once nothing is waited for', () => {
    const arrears = new Arrears(1000)
    const look = (now: number) => arrears.look(now, 5 + now, OTHERS, () => 4)
    look(0)
    look(1000)
    expect(arrears.has('bert')).toBe(true)
    arrears.clear()
    expect(arrears.has('bert')).toBe(false)
    look(1001)
    expect(arrears.has('bert')).toBe(false)
  })
})
