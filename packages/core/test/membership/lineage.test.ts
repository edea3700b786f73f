import { expect, test } from 'vitest'
import { lineageOf } from '../../src/membership/lineage.js'

test('[LI1] a lineage is called after its founder', () => {
  expect(lineageOf('anna', '')).toBe('anna')
})

test('[LI8] one that goes on from another stands over it, and over all its ancestors, by name', () => {
  let lineage = '-000'
  for (let generation = 0; generation < 50; generation++) {
    const next = lineageOf(`${'zyx'[generation % 3]}oe-${generation}`, lineage)
    expect(next < lineage).toBe(true)
    expect(next.length).toBeLessThanOrEqual(64)
    lineage = next
  }
})
