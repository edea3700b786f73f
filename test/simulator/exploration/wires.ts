/**
 * What is under way between the members of a small room: a queue for each direction of a link and each lane.
 */
import { MESSAGE } from '../world/plan.js'
import { textOf } from './image.js'

/** A message, or the news that the link is gone. */
export interface Parcel {
  readonly link: number
  readonly what: Uint8Array | 'down'
}

/** `N2>N5 urgent` */
export type Wire = string

const HANDSHAKE: readonly number[] = [
  MESSAGE.joinRequest,
  MESSAGE.welcome,
  MESSAGE.piece,
  MESSAGE.installed,
  MESSAGE.go,
  MESSAGE.no,
]
const NAMES = Object.fromEntries(Object.entries(MESSAGE).map(([name, type]) => [type, name]))

export class Wires {
  /** Lists are never changed, but replaced. */
  private queues = new Map<Wire, readonly Parcel[]>()

  /** Those on which something is under way. */
  get busy(): Wire[] {
    return [...this.queues.keys()]
  }

  first(wire: Wire): Parcel | undefined {
    return this.queues.get(wire)?.[0]
  }

  push(wire: Wire, parcel: Parcel): void {
    this.queues.set(wire, [...(this.queues.get(wire) ?? []), parcel])
  }

  shift(wire: Wire): Parcel {
    const [first, ...others] = this.queues.get(wire) ?? []
    if (first === undefined) throw new Error(`nothing is under way on ${wire}`)
    if (others.length > 0) this.queues.set(wire, others)
    else this.queues.delete(wire)
    return first
  }

  /** Nobody is there any more to take what is under way. */
  clear(from: string, to: string): void {
    for (const lane of ['urgent', 'bulk']) this.queues.delete(`${from}>${to} ${lane}`)
  }

  /** What comes next, for people. */
  describe(wire: Wire): string | undefined {
    const what = this.first(wire)?.what
    return what === undefined || what === 'down' ? what : NAMES[what[1] ?? -1]
  }

  isHandshake(wire: Wire): boolean {
    const what = this.first(wire)?.what
    return what !== undefined && what !== 'down' && HANDSHAKE.includes(what[1] ?? -1)
  }

  isMessage(wire: Wire): boolean {
    return this.first(wire)?.what instanceof Uint8Array
  }

  save(): ReadonlyMap<Wire, readonly Parcel[]> {
    return new Map(this.queues)
  }

  restore(saved: ReadonlyMap<Wire, readonly Parcel[]>): void {
    this.queues = new Map(saved)
  }

  get text(): string {
    const told = [...this.queues].map(
      ([wire, parcels]) =>
        `${wire}:${parcels.map(({ link, what }) => `${link}${what === 'down' ? what : textOf(what)}`).join()}`,
    )
    return told.sort().join('|')
  }
}
