/**
 * Who can let newcomers into which room: a state machine without sockets, timers, clock or randomness.
 *
 * A *greeter* stays reachable on behalf of a room. A *seeker* wants in, and counts as present for a while after
 * each seek. Of those who find a room empty, one holds the founder's *claim* until it lapses, so that a crowd
 * that arrives together founds one room and not many.
 *
 * Invariant: a socket is indexed under a room if and only if it greets, seeks or claims there, and a room exists
 * if and only if some socket is indexed under it. Nothing outlives its sockets.
 */
import { type Refusal, refuse } from './refusals.js'

export type SocketId = string

export interface RoomsOptions {
  readonly claimMs: number
  /** After a start, empty rooms are not given away for this long: their greeters may be on their way back. */
  readonly graceMs: number
  readonly seekerMs: number
  /** The longest a seeker is told to wait before it asks again. */
  readonly retryMs: number
  readonly maxRooms: number
  readonly maxRoomsPerSocket: number
  readonly maxGreetersPerRoom: number
  /** Uniform in [0, 1). */
  readonly random: () => number
}

export type SeekAnswer =
  | { readonly ok: true; readonly peer: SocketId }
  | { readonly ok: true; readonly found: true }
  | { readonly ok: true; readonly waitMs: number }
  | Refusal

/** `elsewhere` names a greeter of the same room that holds another lineage, if there is one. */
export type GreetAnswer = ({ readonly ok: true } | Refusal) & { readonly elsewhere?: Elsewhere }

export interface Elsewhere {
  readonly peer: SocketId
  readonly lineage: string
}

export type PlainAnswer = { readonly ok: true } | Refusal

interface Claim {
  readonly by: SocketId
  readonly untilMs: number
}

interface Room {
  readonly lineageOfGreeter: Map<SocketId, string>
  readonly seekerUntilMs: Map<SocketId, number>
  claim: Claim | undefined
}

export class Rooms {
  readonly #options: RoomsOptions
  readonly #rooms = new Map<string, Room>()
  readonly #roomsOfSocket = new Map<SocketId, Set<string>>()
  readonly #graceEndsMs: number

  constructor(options: RoomsOptions, startedAtMs: number) {
    this.#options = options
    this.#graceEndsMs = startedAtMs + options.graceMs
  }

  get roomCount(): number {
    return this.#rooms.size
  }

  /** Sockets that are in at least one room. */
  get socketCount(): number {
    return this.#roomsOfSocket.size
  }

  seek(socket: SocketId, name: string, not: readonly SocketId[], nowMs: number): SeekAnswer {
    const refusal = this.#refuseEntry(socket, name, nowMs)
    if (refusal !== undefined) return refusal
    const room = this.#enter(socket, name)
    room.seekerUntilMs.set(socket, nowMs + this.#options.seekerMs)

    const peer = this.#pick(this.#greetersFor(socket, room, not))
    if (peer !== undefined) return { ok: true, peer }
    if (room.lineageOfGreeter.size > 0) return this.#wait(this.#options.retryMs)
    if (nowMs < this.#graceEndsMs) return this.#wait(this.#graceEndsMs - nowMs)
    return this.#claim(socket, name, room, nowMs)
  }

  /**
   * While a room has two histories, all members of the one with the greater lineage move over to the other:
   * newcomers are sent there at once.
   */
  #greetersFor(socket: SocketId, room: Room, not: readonly SocketId[]): SocketId[] {
    const reachable = [...room.lineageOfGreeter].filter(([id]) => id !== socket && !not.includes(id))
    const least = reachable.map(([, lineage]) => lineage).sort()[0]
    return reachable.filter(([, lineage]) => lineage === least).map(([id]) => id)
  }

  greet(socket: SocketId, name: string, lineage: string, nowMs: number): GreetAnswer {
    const refusal = this.#refuseEntry(socket, name, nowMs)
    if (refusal !== undefined) return refusal
    const room = this.#enter(socket, name)
    const { lineageOfGreeter: greeters } = room
    const other = this.#pick([...greeters].filter(([id, held]) => id !== socket && held !== lineage))
    const elsewhere = other && { elsewhere: { peer: other[0], lineage: other[1] } }

    if (!greeters.has(socket) && greeters.size >= this.#options.maxGreetersPerRoom) {
      // A full room of another lineage is exactly what a refused greeter must be able to call.
      if (elsewhere) room.seekerUntilMs.set(socket, nowMs + this.#options.seekerMs)
      this.#leaveIfAbsent(socket, name, room)
      return { ...refuse('room-full', `The room already has ${greeters.size} greeters.`), ...elsewhere }
    }
    greeters.set(socket, lineage)
    this.#endClaim(name, room)
    return { ok: true, ...elsewhere }
  }

  /** Ends greeting, and gives up a claim. Whoever has sought lately stays, so that its negotiation can finish. */
  retire(socket: SocketId, name: string): PlainAnswer {
    const room = this.#rooms.get(name)
    if (room === undefined) return { ok: true }
    room.lineageOfGreeter.delete(socket)
    if (room.claim?.by === socket) room.claim = undefined
    this.#leaveIfAbsent(socket, name, room)
    return { ok: true }
  }

  /** Whether `from` may send to `to`. A socket that is not in the room looks the same as one that is gone. */
  route(from: SocketId, to: SocketId, name: string, nowMs: number): PlainAnswer {
    const room = this.#rooms.get(name)
    if (room === undefined || !isPresent(room, from, nowMs)) {
      return refuse('not-in-room', 'Seek or greet in the room before signalling in it.')
    }
    if (!isPresent(room, to, nowMs)) return refuse('peer-gone', 'The peer is no longer in the room.')
    return { ok: true }
  }

  /** Forgets a socket that is gone. */
  drop(socket: SocketId): void {
    for (const name of this.#roomsOfSocket.get(socket) ?? []) {
      const room = this.#existing(name)
      room.lineageOfGreeter.delete(socket)
      room.seekerUntilMs.delete(socket)
      if (room.claim?.by === socket) room.claim = undefined
      this.#leaveIfAbsent(socket, name, room)
    }
  }

  /** Lets go of what has lapsed. Answers do not depend on it, only memory does. */
  sweep(nowMs: number): void {
    for (const [name, room] of this.#rooms) this.#expire(name, room, nowMs)
  }

  #claim(socket: SocketId, name: string, room: Room, nowMs: number): SeekAnswer {
    const { claim } = room
    if (claim !== undefined && claim.untilMs > nowMs) {
      // A claim is not prolonged by asking again, or one silent socket could keep a room closed for ever.
      return claim.by === socket ? { ok: true, found: true } : this.#wait(claim.untilMs - nowMs)
    }
    this.#endClaim(name, room)
    room.claim = { by: socket, untilMs: nowMs + this.#options.claimMs }
    return { ok: true, found: true }
  }

  #wait(remainingMs: number): SeekAnswer {
    return { ok: true, waitMs: Math.max(1, Math.ceil(Math.min(remainingMs, this.#options.retryMs))) }
  }

  #pick<T>(candidates: readonly T[]): T | undefined {
    return candidates[Math.floor(this.#options.random() * candidates.length)]
  }

  #refuseEntry(socket: SocketId, name: string, nowMs: number): Refusal | undefined {
    const entered = this.#roomsOfSocket.get(socket)
    if (entered?.has(name)) return undefined
    if (entered !== undefined && entered.size >= this.#options.maxRoomsPerSocket) {
      for (const other of [...entered]) this.#expire(other, this.#existing(other), nowMs)
      if (entered.size >= this.#options.maxRoomsPerSocket) {
        return refuse('too-many-rooms', `This socket is already in ${entered.size} rooms.`)
      }
    }
    if (!this.#rooms.has(name) && this.#rooms.size >= this.#options.maxRooms) {
      return refuse('server-full', 'The server holds as many rooms as it may.')
    }
    return undefined
  }

  #enter(socket: SocketId, name: string): Room {
    let room = this.#rooms.get(name)
    if (room === undefined) {
      room = { lineageOfGreeter: new Map(), seekerUntilMs: new Map(), claim: undefined }
      this.#rooms.set(name, room)
    }
    const entered = this.#roomsOfSocket.get(socket)
    if (entered === undefined) this.#roomsOfSocket.set(socket, new Set([name]))
    else entered.add(name)
    return room
  }

  #expire(name: string, room: Room, nowMs: number): void {
    if (room.claim !== undefined && room.claim.untilMs <= nowMs) this.#endClaim(name, room)
    for (const [socket, untilMs] of room.seekerUntilMs) {
      if (untilMs > nowMs) continue
      room.seekerUntilMs.delete(socket)
      this.#leaveIfAbsent(socket, name, room)
    }
  }

  #endClaim(name: string, room: Room): void {
    const holder = room.claim?.by
    room.claim = undefined
    if (holder !== undefined) this.#leaveIfAbsent(holder, name, room)
  }

  #leaveIfAbsent(socket: SocketId, name: string, room: Room): void {
    if (room.lineageOfGreeter.has(socket) || room.seekerUntilMs.has(socket) || room.claim?.by === socket)
      return
    const entered = this.#roomsOfSocket.get(socket)
    entered?.delete(name)
    if (entered?.size === 0) this.#roomsOfSocket.delete(socket)
    if (room.lineageOfGreeter.size + room.seekerUntilMs.size === 0 && room.claim === undefined) {
      this.#rooms.delete(name)
    }
  }

  #existing(name: string): Room {
    const room = this.#rooms.get(name)
    if (room === undefined) throw new Error('A socket is indexed under a room that does not exist.')
    return room
  }
}

function isPresent(room: Room, socket: SocketId, nowMs: number): boolean {
  return room.lineageOfGreeter.has(socket) || (room.seekerUntilMs.get(socket) ?? nowMs) > nowMs
}
