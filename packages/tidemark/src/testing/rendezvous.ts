/**
 * What a signaling server does, within one process: who can let newcomers into a room, and who may found it.
 */

interface Greeter<E> {
  readonly endpoint: E
  lineage: string
  /** How often it has asked for a greeter of another history. */
  meetings: number
}

interface RoomDesk<E> {
  readonly greeters: Greeter<E>[]
  founder: E | undefined
}

export type Answer<E> = { readonly peer: E } | { readonly found: true } | { readonly wait: true }

export class Rendezvous<E> {
  private readonly rooms = new Map<string, RoomDesk<E>>()

  /** @param choose picks one of n, for instance at random. */
  seek(room: string, endpoint: E, choose: (n: number) => number): Answer<E> {
    const desk = this.desk(room)
    const greeters = desk.greeters.filter((greeter) => greeter.endpoint !== endpoint)
    // While a room has two histories, newcomers go where everybody else is going to end up.
    const least = greeters.map((greeter) => greeter.lineage).sort()[0]
    const eligible = greeters.filter((greeter) => greeter.lineage === least)
    const chosen = eligible[choose(Math.max(1, eligible.length))]
    if (chosen) return { peer: chosen.endpoint }
    if (desk.founder !== undefined && desk.founder !== endpoint) return { wait: true }
    desk.founder = endpoint
    return { found: true }
  }

  /** @returns a greeter of another history of the room, if there is one. */
  greet(room: string, endpoint: E, lineage: string): E | undefined {
    const desk = this.desk(room)
    const known = desk.greeters.find((greeter) => greeter.endpoint === endpoint)
    const greeter = known ?? { endpoint, lineage, meetings: 0 }
    greeter.lineage = lineage
    if (!known) desk.greeters.push(greeter)
    if (desk.founder === endpoint) desk.founder = undefined
    // Each time another one: not all of them need be within reach.
    const others = desk.greeters.filter((other) => other.lineage !== lineage)
    return others[greeter.meetings++ % others.length]?.endpoint
  }

  /** Forgets an endpoint that retires, or is gone. */
  drop(room: string, endpoint: E): void {
    const desk = this.rooms.get(room)
    if (!desk) return
    const at = desk.greeters.findIndex((greeter) => greeter.endpoint === endpoint)
    if (at >= 0) desk.greeters.splice(at, 1)
    if (desk.founder === endpoint) desk.founder = undefined
    if (desk.greeters.length === 0 && desk.founder === undefined) this.rooms.delete(room)
  }

  /** As after a restart: nothing is known. */
  clear(): void {
    this.rooms.clear()
  }

  private desk(room: string): RoomDesk<E> {
    const desk = this.rooms.get(room) ?? { greeters: [], founder: undefined }
    this.rooms.set(room, desk)
    return desk
  }
}
