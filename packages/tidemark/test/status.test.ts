/** What `status` says while members fall silent, are evicted, or leave nobody who may decide. */
import { expect, test } from 'vitest'
import type { Site } from './room.js'
import { room, roomOfEachTest } from './room-of-each-test.js'

roomOfEachTest()

test('[EV1] of three one crashes: the others suspect it, evict it, and the snapshot point passes', () => {
  const [a, b, c] = [room.open({ content: 'a' }), room.open(), room.open()]
  room.until(() => [a, b, c].every(({ provider }) => provider.members.length === 3))
  room.settle()
  expect(a.provider.status).toEqual({
    connection: 'connected',
    waitingFor: [],
    mayDecide: true,
    suspects: [],
    evictions: [],
    unsynced: 0,
  })
  const crashed = c.provider.replicaId
  if (crashed === undefined) throw new Error('not in the room')
  const evicted: string[] = []
  a.provider.on('members', (event) => evicted.push(...event.evicted))
  room.network.crash(c.transport)
  a.text.insert(0, 'x')
  room.until(() => a.provider.status.suspects.includes(crashed))
  expect(a.provider.status.mayDecide).toBe(true)
  room.until(() => !a.provider.members.includes(crashed) && a.provider.status.waitingFor.length === 0)
  expect(evicted).toEqual([crashed])
  expect(a.provider.status.suspects).toEqual([])
  expect(b.text.toString()).toBe(a.text.toString())
})

test('[LI8] of two the older crashes: the younger says when it goes on, does, and lets a third in', () => {
  const [a, b] = [room.open({ content: 'a' }), room.open()]
  room.until(() => [a, b].every(({ provider }) => provider.members.length === 2))
  room.settle()
  const earlier = b.provider.replicaId
  room.network.crash(a.transport)
  b.text.insert(0, 'x')
  room.until(() => b.provider.status.forksInMs !== undefined)
  expect(b.provider.status.mayDecide).toBe(false)
  expect(b.provider.status.suspects).toHaveLength(1)
  expect(b.provider.status.forksInMs).toBeLessThanOrEqual(60_000)
  room.until(() => b.provider.replicaId !== earlier && b.provider.connected, 120_000)
  expect(b.provider.status.forksInMs).toBeUndefined()
  room.cut(b)
  const c = room.open()
  room.until(() => c.provider.synced && c.provider.members.length === 2)
  expect(c.text.toString()).toBe('xa')
})

test('[EV3] of four one crashes: whose fence is missing is told, and nobody once it is evicted', () => {
  const sites = [room.open({ content: 'a' }), room.open(), room.open(), room.open()]
  const [a, b, , d] = sites as [Site, Site, Site, Site]
  room.until(() => sites.every(({ provider }) => provider.members.length === 4))
  room.settle()
  const crashed = d.provider.replicaId
  room.network.crash(d.transport)
  a.text.insert(0, 'x')
  room.until(() => a.provider.status.evictions.length > 0)
  const [eviction] = a.provider.status.evictions
  expect(eviction?.evicted).toEqual([crashed])
  const staying = sites.slice(0, 3).map(({ provider }) => provider.replicaId)
  expect([...(eviction?.fenced ?? []), ...(eviction?.awaited ?? [])].toSorted()).toEqual(staying.toSorted())
  expect(eviction?.awaited).not.toEqual([])
  room.until(() => sites.slice(0, 3).every(({ provider }) => provider.members.length === 3))
  expect(a.provider.status.evictions).toEqual([])
  expect(b.provider.status.evictions).toEqual([])
})

test('what nobody else has is counted in the room and out of it, and is carried back', () => {
  const [a, b] = [room.open({ content: 'a' }), room.open()]
  const returned: number[] = []
  for (const site of [a, b]) site.provider.on('returned', ({ carried }) => returned.push(carried))
  room.until(() => [a, b].every(({ provider }) => provider.members.length === 2))
  room.settle()
  room.network.partition([a.transport], [b.transport])
  for (const word of ['one ', 'two ']) {
    b.text.insert(0, word)
    room.settle(100)
  }
  expect(b.provider.status.unsynced).toBe(2)
  room.network.heal()
  room.until(() => b.provider.status.unsynced === 0)
  expect(a.text.toString()).toBe('two one a')
  expect(returned).toEqual([])
  b.provider.disconnect()
  expect(b.provider.status.unsynced).toBe(0)
  for (const word of ['three ', 'four ']) b.text.insert(0, word)
  expect(b.provider.status.unsynced).toBe(2)
  room.settle()
  b.provider.connect()
  room.until(() => returned.length > 0)
  expect(returned[0]).toBeGreaterThan(0)
  room.until(() => b.provider.status.unsynced === 0)
  expect(a.text.toString()).toBe('four three two one a')
  b.provider.disconnect()
  room.settle()
  b.provider.connect()
  room.until(() => returned.length > 1)
  expect(returned[1]).toBe(0)
})
