import { expect, test } from 'vitest'
import { baseClientOf } from '../../src/epochs/base-client.js'

test('[CU3] the client of a base depends on its naming alone, whatever was asked for before', () => {
  const all = ['ada', 'bob'].flatMap((lineage) =>
    Array.from({ length: 200 }, (_, epoch) => ({ lineage, epoch })),
  )
  const first = all.map(baseClientOf)
  expect(all.toReversed().map(baseClientOf).toReversed()).toEqual(first)
  expect(new Set(first).size).toBe(all.length)
  for (const client of first) expect(client).toSatisfy((id: number) => id > 0 && id < 2 ** 31)
})
