import { describe, expect, it } from 'vitest'
import { Rooms, type RoomsOptions } from '../src/rooms.js'

const options: RoomsOptions = {
  claimMs: 10_000,
  graceMs: 5_000,
  seekerMs: 60_000,
  retryMs: 500,
  maxRooms: 100,
  maxRoomsPerSocket: 4,
  maxGreetersPerRoom: 3,
  random: () => 0,
}

/** Starts at time 0 with the grace already over, unless a test asks for one. */
function newRooms(changes: Partial<RoomsOptions> = {}): Rooms {
  return new Rooms({ ...options, graceMs: 0, ...changes }, 0)
}

const found = { ok: true, found: true }

describe('seeking', () => {
  it('leads to a greeter', () => {
    const rooms = newRooms()
    rooms.greet('g', 'r', 'L', 0)
    expect(rooms.seek('s', 'r', [], 1)).toEqual({ ok: true, peer: 'g' })
  })

  it('chooses among all greeters that are not ruled out, and never the seeker itself', () => {
    const draws = [0, 0.5, 0.999]
    const rooms = newRooms({ random: () => draws.shift() ?? 0 })
    for (const greeter of ['a', 'b', 'c']) rooms.greet(greeter, 'r', 'L', 0)
    draws.splice(0, draws.length, 0, 0.5, 0.999)
    expect([0, 1, 2].map(() => rooms.seek('s', 'r', [], 1))).toEqual(
      ['a', 'b', 'c'].map((peer) => ({ ok: true, peer })),
    )
    expect(rooms.seek('s', 'r', ['a', 'c'], 1)).toEqual({ ok: true, peer: 'b' })
    expect(rooms.seek('b', 'r', ['a', 'c'], 1)).toEqual({ ok: true, waitMs: 500 })
  })

  it('waits rather than founds when all greeters are ruled out', () => {
    const rooms = newRooms()
    rooms.greet('g', 'r', 'L', 0)
    expect(rooms.seek('s', 'r', ['g'], 1)).toEqual({ ok: true, waitMs: 500 })
  })

  it('gives nothing away in the grace after a start, but leads to whoever is back already', () => {
    const rooms = newRooms({ graceMs: 5_000 })
    expect(rooms.seek('s', 'r', [], 0)).toEqual({ ok: true, waitMs: 500 })
    expect(rooms.seek('s', 'r', [], 4_999.5)).toEqual({ ok: true, waitMs: 1 })
    rooms.greet('g', 'other', 'L', 10)
    expect(rooms.seek('s', 'other', [], 20)).toEqual({ ok: true, peer: 'g' })
    expect(rooms.seek('s', 'r', [], 5_000)).toEqual(found)
  })

  it('keeps rooms apart, whatever they are called', () => {
    const rooms = newRooms()
    rooms.greet('g', '__proto__', 'L', 0)
    expect(rooms.seek('s', 'constructor', [], 0)).toEqual(found)
    expect(rooms.seek('s', '__proto__', [], 0)).toEqual({ ok: true, peer: 'g' })
  })
})

describe('the claim to found a room', () => {
  it('is held by one seeker at a time, until it lapses', () => {
    const rooms = newRooms()
    expect(rooms.seek('a', 'r', [], 0)).toEqual(found)
    expect(rooms.seek('b', 'r', [], 0)).toEqual({ ok: true, waitMs: 500 })
    expect(rooms.seek('b', 'r', [], 9_900)).toEqual({ ok: true, waitMs: 100 })
    expect(rooms.seek('b', 'r', [], 10_000)).toEqual(found)
    expect(rooms.seek('a', 'r', [], 10_001)).toEqual({ ok: true, waitMs: 500 })
  })

  it('is not prolonged by asking again', () => {
    const rooms = newRooms()
    rooms.seek('a', 'r', [], 0)
    expect(rooms.seek('a', 'r', [], 9_000)).toEqual(found)
    expect(rooms.seek('b', 'r', [], 10_000)).toEqual(found)
  })

  it('passes on at once when its holder goes or gives up', () => {
    const rooms = newRooms()
    rooms.seek('a', 'r', [], 0)
    rooms.drop('a')
    expect(rooms.seek('b', 'r', [], 1)).toEqual(found)
    rooms.retire('b', 'r')
    expect(rooms.seek('c', 'r', [], 2)).toEqual(found)
  })

  it('ends when somebody greets', () => {
    const rooms = newRooms()
    rooms.seek('a', 'r', [], 0)
    rooms.greet('a', 'r', 'L', 1)
    rooms.retire('a', 'r')
    expect(rooms.seek('b', 'r', [], 2)).toEqual(found)
  })

  it('outlives the presence of its holder as a seeker', () => {
    const rooms = newRooms({ seekerMs: 1_000 })
    rooms.seek('a', 'r', [], 0)
    rooms.sweep(5_000)
    expect(rooms.seek('b', 'r', [], 5_000)).toMatchObject({ waitMs: 500 })
    rooms.drop('b')
    rooms.sweep(10_000)
    expect([rooms.roomCount, rooms.socketCount]).toEqual([0, 0])
  })
})

describe('greeting', () => {
  it('is limited per room, and greeting again costs nothing', () => {
    const rooms = newRooms()
    for (const greeter of ['a', 'b', 'c']) expect(rooms.greet(greeter, 'r', 'L', 0)).toEqual({ ok: true })
    expect(rooms.greet('d', 'r', 'L', 0)).toMatchObject({ ok: false, error: { code: 'room-full' } })
    expect(rooms.socketCount).toBe(3)
    expect(rooms.greet('a', 'r', 'L', 0)).toEqual({ ok: true })
    rooms.retire('a', 'r')
    expect(rooms.greet('d', 'r', 'L', 0)).toEqual({ ok: true })
  })

  it('tells the later of two lineages about the earlier', () => {
    const rooms = newRooms()
    rooms.greet('a', 'r', 'L1', 0)
    expect(rooms.greet('b', 'r', 'L2', 1)).toEqual({ ok: true, elsewhere: { peer: 'a', lineage: 'L1' } })
    expect(rooms.greet('c', 'r', 'L2', 2)).toEqual({ ok: true, elsewhere: { peer: 'a', lineage: 'L1' } })
    rooms.retire('a', 'r')
    expect(rooms.greet('b', 'r', 'L2', 3)).toEqual({ ok: true })
  })

  it('sends seekers to the lineage that is going to stand', () => {
    const rooms = newRooms()
    rooms.greet('a', 'r', 'L2', 0)
    rooms.greet('b', 'r', 'L1', 1)
    rooms.greet('c', 'r', 'L2', 2)
    expect(rooms.seek('x', 'r', [], 3)).toEqual({ ok: true, peer: 'b' })
    expect(rooms.seek('x', 'r', ['b'], 4)).toEqual({ ok: true, peer: 'a' })
  })

  it('takes a change of lineage', () => {
    const rooms = newRooms()
    rooms.greet('a', 'r', 'L1', 0)
    rooms.greet('b', 'r', 'L2', 1)
    expect(rooms.greet('b', 'r', 'L1', 2)).toEqual({ ok: true })
    expect(rooms.greet('a', 'r', 'L3', 3)).toMatchObject({ elsewhere: { peer: 'b', lineage: 'L1' } })
  })

  it('lets the refused greeter of another lineage call the full room', () => {
    const rooms = newRooms()
    for (const greeter of ['a', 'b', 'c']) rooms.greet(greeter, 'r', 'L1', 0)
    expect(rooms.greet('d', 'r', 'L2', 1)).toMatchObject({
      error: { code: 'room-full' },
      elsewhere: { peer: 'a', lineage: 'L1' },
    })
    expect(rooms.route('d', 'a', 'r', 2)).toEqual({ ok: true })
    expect(rooms.seek('s', 'r', ['a', 'b', 'c'], 2)).toEqual({ ok: true, waitMs: 500 })
  })

  it('ends with retiring, of which a recent seeker stays in the room', () => {
    const rooms = newRooms()
    rooms.seek('a', 'r', [], 0)
    rooms.greet('a', 'r', 'L', 1)
    rooms.greet('b', 'r', 'L', 1)
    expect(rooms.retire('a', 'r')).toEqual({ ok: true })
    expect(rooms.retire('b', 'r')).toEqual({ ok: true })
    expect(rooms.retire('b', 'never entered')).toEqual({ ok: true })
    expect(rooms.socketCount).toBe(1)
    expect(rooms.seek('s', 'r', [], 2)).toEqual(found)
  })
})

describe('routing', () => {
  it('needs both in the room', () => {
    const rooms = newRooms()
    rooms.greet('g', 'r', 'L', 0)
    rooms.greet('x', 'other', 'L', 0)
    expect(rooms.route('x', 'g', 'r', 1)).toMatchObject({ error: { code: 'not-in-room' } })
    expect(rooms.route('g', 'x', 'r', 1)).toMatchObject({ error: { code: 'peer-gone' } })
    expect(rooms.route('g', 'x', 'nowhere', 1)).toMatchObject({ error: { code: 'not-in-room' } })
    rooms.seek('x', 'r', [], 1)
    expect(rooms.route('x', 'g', 'r', 2)).toEqual({ ok: true })
    expect(rooms.route('g', 'x', 'r', 2)).toEqual({ ok: true })
  })

  it('ends for a seeker some time after its last seek', () => {
    const rooms = newRooms()
    rooms.greet('g', 'r', 'L', 0)
    rooms.seek('s', 'r', [], 0)
    rooms.seek('s', 'r', [], 30_000)
    expect(rooms.route('g', 's', 'r', 89_999)).toEqual({ ok: true })
    expect(rooms.route('g', 's', 'r', 90_000)).toMatchObject({ error: { code: 'peer-gone' } })
    expect(rooms.route('s', 'g', 'r', 90_000)).toMatchObject({ error: { code: 'not-in-room' } })
  })
})

describe('limits and memory', () => {
  it('caps the rooms of a socket, and counts only those it is still in', () => {
    const rooms = newRooms()
    for (const room of ['1', '2', '3', '4']) rooms.seek('s', room, [], 0)
    expect(rooms.seek('s', '5', [], 1)).toMatchObject({ error: { code: 'too-many-rooms' } })
    expect(rooms.greet('s', '5', 'L', 1)).toMatchObject({ error: { code: 'too-many-rooms' } })
    expect(rooms.seek('s', '4', [], 1)).toEqual(found)
    expect(rooms.seek('s', '5', [], 60_000)).toEqual(found)
    expect(rooms.roomCount).toBe(1 + 1)
  })

  it('caps all rooms, and still serves those it has', () => {
    const rooms = newRooms({ maxRooms: 2 })
    rooms.seek('a', '1', [], 0)
    rooms.seek('b', '2', [], 0)
    expect(rooms.seek('c', '3', [], 0)).toMatchObject({ error: { code: 'server-full' } })
    expect(rooms.seek('c', '2', [], 0)).toMatchObject({ ok: true })
    expect(rooms.roomCount).toBe(2)
  })

  it('is empty once all sockets are gone', () => {
    const rooms = newRooms()
    rooms.seek('a', '1', [], 0)
    rooms.greet('a', '2', 'L', 0)
    rooms.seek('b', '1', [], 0)
    rooms.greet('b', '1', 'L', 0)
    for (const socket of ['a', 'b', 'never seen']) rooms.drop(socket)
    expect([rooms.roomCount, rooms.socketCount]).toEqual([0, 0])
  })

  it('lets go of lapsed seekers although their sockets stay', () => {
    const rooms = newRooms()
    rooms.seek('a', '1', [], 0)
    rooms.seek('b', '1', [], 1)
    rooms.greet('g', '2', 'L', 0)
    rooms.sweep(59_999)
    expect([rooms.roomCount, rooms.socketCount]).toEqual([2, 3])
    rooms.sweep(60_000)
    expect([rooms.roomCount, rooms.socketCount]).toEqual([2, 2])
    rooms.sweep(60_001)
    expect([rooms.roomCount, rooms.socketCount]).toEqual([1, 1])
  })
})
