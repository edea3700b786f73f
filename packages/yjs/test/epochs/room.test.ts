import { describe, expect, it } from 'vitest'
import { randomFrom } from '../renumbering/simulation.js'
import { Room } from './room.js'

/** `SEEDS=from-to` looks at others than the usual ones. */
const [FIRST, LAST] = (process.env['SEEDS'] ?? '1-200').split('-').map(Number) as [number, number]

function schedule(seed: number, returns: boolean): Room {
  const random = randomFrom(seed)
  try {
    const room = new Room(random).open()
    room.run(40 + Math.floor(random() * 100), { returns })
    room.settle()
    room.check()
    room.cutAll()
    room.check()
    return room
  } catch (error) {
    throw new Error(`Seed ${seed}: ${error instanceof Error ? error.stack : error}`, { cause: error })
  }
}

describe('cuts, in random rooms', () => {
  it('converges with newcomers, late operations and cuts in steps', { timeout: 300_000 }, () => {
    const total = { cuts: 0, typed: 0, swaps: 0 }
    for (let seed = FIRST; seed <= LAST; seed++) {
      const { cuts, typed, swaps } = schedule(seed, false)
      total.cuts += cuts
      total.typed += typed.size
      total.swaps += swaps
    }
    expect(total.cuts).toBeGreaterThan(3 * (LAST - FIRST))
    expect(total.swaps).toBeLessThan(Math.max(20, total.typed / 200))
  })

  it('loses and doubles nothing of those who leave, edit offline and come back', { timeout: 300_000 }, () => {
    const total = { returns: 0, typed: 0, swaps: 0 }
    for (let seed = FIRST; seed <= LAST; seed++) {
      const { returns, typed, swaps } = schedule(seed, true)
      total.returns += returns
      total.typed += typed.size
      total.swaps += swaps
    }
    expect(total.returns).toBeGreaterThan(LAST - FIRST)
    expect(total.swaps).toBeLessThan(Math.max(20, total.typed / 200))
  })
})
