/**
 * What is under way between the members of a small room: a queue for each direction of a link and each lane.
 */
import { HANDSHAKE, MESSAGE } from '../world/plan.js'
import { textOf } from './image.js'

/** A message, or the news that the link is gone. */
export interface Parcel {
  readonly link: number
  readonly what: Uint8Array | 'down'
}

/** Something was put on a wire, or all was taken off it. */
export interface Change {
  readonly wire: Wire
  readonly parcel: Parcel | undefined
}

/** `N2>N5 urgent` */
export type Wire = string

const NAMES = Object.fromEntries(Object.entries(MESSAGE).map(([name, type]) => [type, name]))

export class Wires {
  /** Lists are never changed, but replaced. */
  private queues = new Map<Wire, readonly Parcel[]>()

  private log: Change[] | undefined

  /** @returns what is put on wires, and taken off them unheard, from now on; until the next call. */
  record(): readonly Change[] {
    this.log = []
    return this.log
  }

  repeat(changes: readonly Change[]): void {
    for (const { wire, parcel } of changes) {
      if (parcel) this.push(wire, parcel)
      else this.queues.delete(wire)
    }
  }

  /** Those on which something is under way. */
  get busy(): Wire[] {
    return [...this.queues.keys()]
  }

  first(wire: Wire): Parcel | undefined {
    return this.queues.get(wire)?.[0]
  }

  push(wire: Wire, parcel: Parcel): void {
    this.log?.push({ wire, parcel })
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
    for (const lane of ['urgent', 'bulk']) {
      const wire = `${from}>${to} ${lane}`
      this.log?.push({ wire, parcel: undefined })
      this.queues.delete(wire)
    }
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

  /** Equal exactly if the same is under way. */
  get text(): string {
    const told: string[] = []
    for (const [wire, parcels] of this.queues) told.push(`${wire}:${parcels.map(numberOf).join()}`)
    return told.sort().join('|')
  }
}

const numbers = new WeakMap<Parcel, number>()
const numbersByText = new Map<string, number>()

/** The same for parcels that are the same. */
export function numberOf(parcel: Parcel): number {
  const known = numbers.get(parcel)
  if (known !== undefined) return known
  const { link, what } = parcel
  const text = `${link}${what === 'down' ? what : textOf(what)}`
  const number = numbersByText.get(text) ?? numbersByText.size
  numbersByText.set(text, number)
  numbers.set(parcel, number)
  return number
}
