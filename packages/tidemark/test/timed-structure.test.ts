import type { Cut, CutWork, Epochs, Structure } from '@tidemark/core'
import { describe, expect, test } from 'vitest'
import { timed } from '../src/timed-structure.js'

/** A structure with cuts that take ten parts, each of which takes its time by the clock that is passed in. */
function structureWith(clock: { ms: number }, partMs: number): Structure {
  let parts = 0
  const work: CutWork = {
    fingerprint: new Uint8Array(),
    canCommit: true,
    prepare: () => {
      clock.ms += partMs
      return ++parts >= 10
    },
    commit: () => {
      clock.ms += 7
      return { bytesBefore: 2, bytesAfter: 1, changedVisibly: false }
    },
  }
  const epochs = { begin: () => work } as unknown as Epochs
  return { epochs } as unknown as Structure
}

function begin(partMs: number, clock: { ms: number }, onCommit = (_: number) => {}): CutWork {
  const structure = timed(structureWith(clock, partMs), { now: () => clock.ms, sliceMs: 3, onCommit })
  const work = structure.epochs?.begin({} as Cut)
  if (!work) throw new Error('there are no epochs')
  return work
}

describe('a structure with a clock', () => {
  test('prepares for as long as a slice is, and no part less than one', () => {
    const clock = { ms: 0 }
    const work = begin(1, clock)
    const ends: [boolean, number][] = []
    for (let i = 0; i < 4; i++) ends.push([work.prepare(), clock.ms])
    expect(ends).toEqual([
      [false, 3],
      [false, 6],
      [false, 9],
      [true, 10],
    ])
    const slow = begin(50, clock)
    slow.prepare()
    expect(clock.ms).toBe(60)
  })

  test('tells how long the switch took', () => {
    const clock = { ms: 0 }
    const told: number[] = []
    const result = begin(1, clock, (ms) => told.push(ms)).commit()
    expect(told).toEqual([7])
    expect(result.bytesAfter).toBe(1)
  })
})
