/** What `status` says while members fall silent, are evicted, or leave nobody who may decide. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Room } from './room.js'

let room: Room

beforeEach(() => {
  room = new Room()
})

afterEach(() => room.destroy())

test('[EV1] of three one crashes: the others suspect it, evict it, and the snapshot point passes', () => {
  const [a, b, c] = [room.open({ content: 'a' }), room.open(), room.open()]
  room.until(() => [a, b, c].every(({ provider }) => provider.members.length === 3))
  room.settle()
  expect(a.provider.status).toEqual({
    connection: 'connected',
    waitingFor: [],
    mayDecide: true,
    suspects: [],
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
