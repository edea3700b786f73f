/** Random histories against a model that keeps only the log of what was asked and recomputes everything. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Rooms } from '../src/rooms.js'

const limits = { maxRooms: 1000, maxRoomsPerSocket: 1000, maxGreetersPerRoom: 2 }
const times = { claimMs: 10, graceMs: 5, seekerMs: 30, retryMs: 500 }

const sockets = ['a', 'b', 'c', 'd']
const names = ['r', 's']

const step = fc.record({
  kind: fc.constantFrom('seek', 'seek', 'greet', 'greet', 'retire', 'drop', 'sweep', 'route'),
  socket: fc.constantFrom(...sockets),
  other: fc.constantFrom(...sockets),
  room: fc.constantFrom(...names),
  lineage: fc.constantFrom('L1', 'L2'),
  afterMs: fc.integer({ min: 0, max: 12 }),
})

class Model {
  greeters = new Map<string, string>()
  soughtAtMs = new Map<string, number>()
  claim: { by: string; untilMs: number } | undefined

  present(socket: string, nowMs: number): boolean {
    const sought = this.soughtAtMs.get(socket)
    return this.greeters.has(socket) || (sought !== undefined && nowMs < sought + times.seekerMs)
  }

  leave(socket: string, wholly: boolean): void {
    this.greeters.delete(socket)
    if (wholly) this.soughtAtMs.delete(socket)
    if (this.claim?.by === socket) this.claim = undefined
  }
}

it('answers as the model does, and holds nothing once all have gone', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60 }),
      fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
      (steps, draws) => {
        const random = (): number => draws.next().value ?? 0
        const rooms = new Rooms({ ...limits, ...times, random }, 0)
        const models = new Map(names.map((name) => [name, new Model()]))
        let nowMs = 0
        for (const { kind, socket, other, room, lineage, afterMs } of steps) {
          nowMs += afterMs
          const model = models.get(room) ?? new Model()
          if (kind === 'sweep') rooms.sweep(nowMs)
          if (kind === 'drop') {
            rooms.drop(socket)
            for (const each of models.values()) each.leave(socket, true)
          }
          if (kind === 'retire') {
            rooms.retire(socket, room)
            model.leave(socket, false)
          }
          if (kind === 'seek') checkSeek(rooms, model, socket, room, [other], nowMs)
          if (kind === 'greet') checkGreet(rooms, model, socket, room, lineage, nowMs)
          if (kind === 'route') {
            const allowed = model.present(socket, nowMs) && model.present(other, nowMs)
            expect(rooms.route(socket, other, room, nowMs).ok).toBe(allowed)
          }
        }
        for (const socket of sockets) rooms.drop(socket)
        expect([rooms.roomCount, rooms.socketCount]).toEqual([0, 0])
      },
    ),
    { numRuns: 2000 },
  )
})

function checkSeek(
  rooms: Rooms,
  model: Model,
  socket: string,
  room: string,
  not: string[],
  nowMs: number,
): void {
  const answer = rooms.seek(socket, room, not, nowMs)
  model.soughtAtMs.set(socket, nowMs)
  const candidates = [...model.greeters.keys()].filter((id) => id !== socket && !not.includes(id))
  const taken = model.claim !== undefined && nowMs < model.claim.untilMs && model.claim.by !== socket
  if (candidates.length > 0) {
    expect(candidates).toContain('peer' in answer ? answer.peer : answer)
  } else if (model.greeters.size > 0 || nowMs < times.graceMs || taken) {
    expect(answer).toMatchObject({ ok: true, waitMs: expect.any(Number) })
  } else {
    expect(answer).toEqual({ ok: true, found: true })
    if (model.claim === undefined || nowMs >= model.claim.untilMs) {
      model.claim = { by: socket, untilMs: nowMs + times.claimMs }
    }
  }
}

function checkGreet(
  rooms: Rooms,
  model: Model,
  socket: string,
  room: string,
  lineage: string,
  nowMs: number,
): void {
  const answer = rooms.greet(socket, room, lineage, nowMs)
  const others = [...model.greeters].filter(([id, held]) => id !== socket && held !== lineage)
  expect(answer.elsewhere !== undefined).toBe(others.length > 0)
  if (answer.elsewhere) expect(others).toContainEqual([answer.elsewhere.peer, answer.elsewhere.lineage])

  const full = !model.greeters.has(socket) && model.greeters.size >= limits.maxGreetersPerRoom
  expect(answer.ok).toBe(!full)
  if (full) {
    if (others.length > 0) model.soughtAtMs.set(socket, nowMs)
    return
  }
  model.greeters.set(socket, lineage)
  model.claim = undefined
}
