import { describe, expect, it } from 'vitest'
import { type Random, randomFrom } from '../renumbering/simulation.js'
import { Deeds, Room } from './room.js'

/** `SEEDS=from-to` looks at others than the usual ones. */
const [FIRST, LAST] = (process.env['SEEDS'] ?? '1-60').split('-').map(Number) as [number, number]

function schedule(seed: number, begin: (random: Random) => Room[]): Room {
  const random = randomFrom(seed)
  const between = (low: number, high: number) => low + Math.floor(random() * (high - low + 1))
  try {
    const [standing, ...others] = begin(random)
    if (standing === undefined) throw new Error('There is no room')
    const rooms = [standing, ...others]
    for (let left = between(1, 4); left > 0; left--) {
      for (const room of rooms) if (room.replicas.length > 0) room.run(between(0, 40), { returns: true })
      // Somebody is ahead of the others: they come to the room that stands from different epochs.
      for (const room of others) if (random() < 0.5) room.sendOver(standing)
    }
    for (const room of others) {
      while (room.replicas.length > 0) {
        if (!room.sendOver(standing)) standing.finishLoads()
        if (random() < 0.5) standing.run(between(0, 10), { returns: false })
      }
    }
    standing.settle()
    standing.check()
    standing.cutAll()
    standing.check()
    return standing
  } catch (error) {
    throw new Error(`Seed ${seed}: ${error instanceof Error ? error.stack : error}`, { cause: error })
  }
}

/** A room that comes apart once or twice. */
function split(random: Random): Room[] {
  const room = new Room(random).open()
  room.run(10 + Math.floor(random() * 50), { returns: true })
  const other = room.splitOff('other')
  const rooms = [room, other]
  if (other.replicas.length > 1 && random() < 0.5) {
    other.run(Math.floor(random() * 40), { returns: true })
    rooms.push(other.splitOff('third'))
  }
  if (random() < 0.5) rooms.reverse()
  // In the room that stands there must be somebody to come to.
  return rooms.sort((a, b) => Number(a.members.length === 0) - Number(b.members.length === 0))
}

/** Two rooms that have nothing in common. */
function apart(random: Random): Room[] {
  const deeds = new Deeds()
  return [new Room(random, 'one', deeds).open(), new Room(random, 'other', deeds).open()]
}

describe('histories that both went on', () => {
  it.each([
    ['a room that came apart', split],
    ['rooms founded apart', apart],
  ])('[LI5] of %s merge: nothing is lost, nothing doubled', { timeout: 300_000 }, (_, begin) => {
    const total = { typed: 0, swaps: 0, twins: 0 }
    for (let seed = FIRST; seed <= LAST; seed++) {
      const { typed, swaps, replicas } = schedule(seed, begin)
      total.typed += typed.size
      total.swaps += swaps
      for (const { untangled } of replicas) total.twins += untangled
    }
    // Several bring the same, and in another order than it counts in (rule LI7).
    expect(total.twins).toBeGreaterThan(LAST - FIRST)
    expect(total.swaps).toBeLessThan(Math.max(10, total.typed / 400))
  })
})
