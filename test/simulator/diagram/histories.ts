/**
 * The chronicle, by device: as who it took part and when, when it slept, which side of a partition it was on, and where
 * its snapshot point and its clock stood.
 */
import type { Chronicle, Event } from '../oracle/chronicle.js'

export interface Span {
  readonly fromMs: number
  toMs: number
}

/** A time during which a device is one thing. */
export interface Stay extends Span {
  readonly as: 'joining' | 'member' | 'crashed'
  /** Of a member. */
  readonly id: string
  readonly lineage: string
}

export interface Side extends Span {
  /** 0 or 1. */
  readonly side: number
  readonly text: string
}

export interface Deafness extends Span {
  readonly from: readonly string[]
}

/** Of one identity: how its snapshot point and its clock rose. */
export interface Tide extends Span {
  lineage: string
  readonly points: { readonly atMs: number; readonly clock: number }[]
  readonly clocks: { readonly atMs: number; readonly clock: number }[]
}

export interface History {
  readonly name: string
  readonly stays: Stay[]
  readonly sleeps: Span[]
  readonly sides: Side[]
  readonly deafnesses: Deafness[]
  readonly tides: Tide[]
}

export interface Histories {
  readonly devices: readonly History[]
  /** When the rendezvous was away. */
  readonly outages: readonly Span[]
}

/** @param endMs when the last span ends. */
export function historiesOf({ events }: Chronicle, endMs: number): Histories {
  const devices = new Map<string, DeviceHistory>()
  const all = new Everybody(devices, endMs)
  for (const event of events) {
    if (event.who === 'all') all.take(event)
    else if (event.who !== '!') {
      const device = devices.get(event.who) ?? new DeviceHistory(event.who, endMs)
      devices.set(event.who, device)
      device.take(event)
    }
  }
  const inOrder = [...devices.values()].sort((a, b) => numberOf(a.name) - numberOf(b.name))
  return { devices: inOrder, outages: all.outages }
}

const numberOf = (name: string) => Number(name.replace(/\D/g, ''))

class DeviceHistory implements History {
  readonly name: string
  readonly stays: Stay[] = []
  readonly sleeps: Span[] = []
  readonly sides: Side[] = []
  readonly deafnesses: Deafness[] = []
  readonly tides: Tide[] = []
  private readonly endMs: number

  constructor(name: string, endMs: number) {
    this.name = name
    this.endMs = endMs
  }

  take({ atMs, mark }: Event): void {
    switch (mark?.kind) {
      case 'starts':
      case 'restarts':
      case 'starts over':
        this.begins(atMs)
        return this.become(atMs, 'joining')
      case 'member': {
        const tide = this.tides.at(-1)
        if (tide) tide.lineage = mark.lineage
        return this.become(atMs, 'member', mark.id, mark.lineage)
      }
      case 'leaves':
        return this.ends(atMs)
      case 'crashes':
        this.ends(atMs)
        return this.become(atMs, 'crashed')
      case 'asleep':
        this.sleeps.push({ fromMs: atMs, toMs: this.endMs })
        return
      case 'awake':
        return close(this.sleeps, atMs)
      case 'point':
        this.tides.at(-1)?.points.push({ atMs, clock: mark.clock })
        return
      case 'makes':
      case 'applies':
        return this.sees(atMs, mark.clock)
      default:
    }
  }

  private begins(atMs: number): void {
    const last = this.tides.at(-1)
    if (last && last.toMs > atMs) last.toMs = atMs
    this.tides.push({ fromMs: atMs, toMs: this.endMs, lineage: '', points: [], clocks: [] })
  }

  private ends(atMs: number): void {
    for (const span of [this.tides.at(-1), this.stays.at(-1)]) {
      if (span && span.toMs > atMs) span.toMs = atMs
    }
  }

  private become(atMs: number, as: Stay['as'], id = '', lineage = ''): void {
    const last = this.stays.at(-1)
    if (last && last.toMs > atMs) last.toMs = atMs
    this.stays.push({ fromMs: atMs, toMs: this.endMs, as, id, lineage })
  }

  private sees(atMs: number, clock: number): void {
    const clocks = this.tides.at(-1)?.clocks
    if (clocks && clock > (clocks.at(-1)?.clock ?? 0)) clocks.push({ atMs, clock })
  }
}

/** What is told of all. */
class Everybody {
  readonly outages: Span[] = []
  private readonly devices: ReadonlyMap<string, DeviceHistory>
  private readonly endMs: number

  constructor(devices: ReadonlyMap<string, DeviceHistory>, endMs: number) {
    this.devices = devices
    this.endMs = endMs
  }

  take({ atMs, mark, text }: Event): void {
    switch (mark?.kind) {
      case 'parted':
        this.together(atMs)
        return this.part(atMs, mark.sides, text)
      case 'together':
      case 'peace':
        this.together(atMs)
        for (const { deafnesses } of this.devices.values())
          for (const span of deafnesses) if (span.toMs > atMs) span.toMs = atMs
        if (mark.kind === 'peace') close(this.outages, atMs)
        return
      case 'blocked':
        for (const name of mark.to) {
          const from = mark.from.filter((other) => other !== name)
          this.devices.get(name)?.deafnesses.push({ fromMs: atMs, toMs: this.endMs, from })
        }
        return
      case 'unblocked':
        return this.unblock(atMs, mark.from, mark.to)
      case 'rendezvous':
        if (!mark.isOpen) this.outages.push({ fromMs: atMs, toMs: this.endMs })
        else close(this.outages, atMs)
        return
      case 'fault':
        // The rendezvous forgets everybody, and is back at once.
        this.outages.push({ fromMs: atMs, toMs: atMs })
        return
      default:
    }
  }

  private part(atMs: number, sides: readonly (readonly string[])[], text: string): void {
    for (const [side, names] of sides.entries())
      for (const name of names)
        this.devices.get(name)?.sides.push({ fromMs: atMs, toMs: this.endMs, side, text })
  }

  private together(atMs: number): void {
    for (const { sides } of this.devices.values()) close(sides, atMs)
  }

  private unblock(atMs: number, from: readonly string[], to: readonly string[]): void {
    for (const name of to) {
      const wanted = from.filter((other) => other !== name).join()
      const span = this.devices
        .get(name)
        ?.deafnesses.find((other) => other.toMs > atMs && other.from.join() === wanted)
      if (span) span.toMs = atMs
    }
  }
}

/** The last of them ends, if it has not yet. */
function close(spans: readonly Span[], atMs: number): void {
  const last = spans.at(-1)
  if (last && last.toMs > atMs) last.toMs = atMs
}
