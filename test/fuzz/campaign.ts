/**
 * Attack after attack, each on a room that stands as rooms do. A room is used until something has changed who is in it or
 * until it has seen enough, and is then looked over as a whole (finale.ts).
 *
 * The same seed gives the same attacks. What fails is tried again in rooms of its own, and made smaller for as long as it
 * still fails.
 */
import fc from 'fast-check'
import { assault, type Outcome } from './assault.js'
import { type Attack, attack } from './attack.js'
import { attackNewcomer } from './false-sponsor.js'
import { finale } from './finale.js'
import { LiveRoom } from './live-room.js'

/** One finding: attacks on one room, one after the other, and what went wrong. */
export interface Finding {
  readonly attacks: readonly Attack[]
  readonly violations: readonly string[]
}

export interface Tally {
  inputs: number
  rooms: number
  bytes: number
  /** How often each claim was made by a frame. */
  readonly claims: Record<string, number>
  /** Inputs that changed something at somebody. */
  changes: number
  slowest: { readonly cpuMs: number; readonly input: string }[]
}

const ATTACKS_PER_ROOM = 250
const CHUNK = 200
const SLOWEST = 5
const TIMES_ALONE = 3
/** Rooms in which somebody was believed are many; of these each so manyeth is looked over. */
const LOOKED_OVER = 4
const MAX_TRIALS = 150

interface Entry {
  readonly room: LiveRoom
  readonly attacks: Attack[]
}

export class Campaign {
  readonly tally: Tally = { inputs: 0, rooms: 0, bytes: 0, claims: {}, changes: 0, slowest: [] }
  private readonly rooms = new Map<string, Entry>()
  private readonly found: (finding: Finding) => void

  constructor(found: (finding: Finding) => void) {
    this.found = found
  }

  /** Until all are made, or it is told to stop. */
  async run(seed: number, inputs: number, isEnough: () => boolean = () => false): Promise<void> {
    for (let done = 0; done < inputs && !isEnough(); done += CHUNK) {
      const numRuns = Math.min(CHUNK, inputs - done)
      const chunk = seed + done / CHUNK
      for (const [index, one] of fc.sample(attack, { seed: chunk, numRuns }).entries())
        this.make(one, `${chunk}:${index}`)
      // Promises hold rooms that are gone until there is time for them.
      await new Promise((resolve) => setImmediate(resolve))
    }
    for (const key of [...this.rooms.keys()]) this.retire(key, true)
  }

  private make(one: Attack, name: string): void {
    this.tally.inputs++
    if (one.route === 'sponsor') {
      const { violations, ...outcome } = attackNewcomer(one)
      this.count({ ...outcome, violations }, name)
      if (violations.length > 0) this.found({ attacks: [one], violations })
      return
    }
    const key = `${one.room} ${one.target}`
    const entry = this.entry(key, one)
    entry.attacks.push(one)
    const outcome = assault(entry.room, one)
    this.count(outcome, name)
    if (outcome.violations.length > 0) this.fail(key, entry, outcome.violations)
    else if (outcome.hasChanged && hasUpset(outcome)) this.retire(key, this.tally.inputs % LOOKED_OVER === 0)
    else if (entry.attacks.length >= ATTACKS_PER_ROOM) this.retire(key, true)
  }

  private entry(key: string, one: Attack): Entry {
    const known = this.rooms.get(key)
    if (known) return known
    const entry = { room: new LiveRoom(one.room), attacks: [] }
    this.tally.rooms++
    this.rooms.set(key, entry)
    return entry
  }

  private retire(key: string, isLookedOver: boolean): void {
    const entry = this.rooms.get(key)
    if (!entry) return
    const violations = isLookedOver ? finale(entry.room) : []
    if (violations.length > 0) return this.fail(key, entry, violations)
    this.rooms.delete(key)
    entry.room.destroy()
  }

  private fail(key: string, { room, attacks }: Entry, violations: readonly string[]): void {
    this.rooms.delete(key)
    room.destroy()
    this.found({ attacks, violations })
  }

  private count({ claims, hasChanged, bytes, cpuMs }: Outcome, input: string): void {
    const { tally } = this
    tally.bytes += bytes
    if (hasChanged) tally.changes++
    for (const claim of claims) tally.claims[claim] = (tally.claims[claim] ?? 0) + 1
    tally.slowest = [...tally.slowest, { cpuMs, input }].sort((a, b) => b.cpuMs - a.cpuMs).slice(0, SLOWEST)
  }
}

function hasUpset({ claims }: Outcome): boolean {
  return claims.includes('forgery') || claims.includes('believed')
}

/** The attack of a campaign that bears this name: `seed:index`. */
export function attackNamed(name: string): Attack {
  const [seed = 0, index = 0] = name.split(':').map(Number)
  const found = fc.sample(attack, { seed, numRuns: CHUNK })[index]
  if (!found) throw new Error(`there is no attack ${name}`)
  return found
}

/** What one input takes in a room of its own, at best: in a long campaign any of them may meet a collection of garbage. */
export function cpuMsAlone(name: string): number {
  const one = attackNamed(name)
  const times = Array.from({ length: TIMES_ALONE }, () => {
    if (one.route === 'sponsor') return attackNewcomer(one).cpuMs
    const room = new LiveRoom(one.room)
    const { cpuMs } = assault(room, one)
    room.destroy()
    return cpuMs
  })
  return Math.min(...times)
}

/** In a room of their own. @returns what goes wrong. */
export function replay(attacks: readonly Attack[]): string[] {
  const [first] = attacks
  if (!first) return []
  if (first.route === 'sponsor') return attackNewcomer(first).violations
  const room = new LiveRoom(first.room)
  try {
    for (const one of attacks) {
      const { violations } = assault(room, one)
      if (violations.length > 0) return violations
    }
    return finale(room)
  } finally {
    room.destroy()
  }
}

/** The fewest and simplest attacks that still go wrong. */
export function minimal(finding: Finding): Finding {
  let best = finding
  let trials = 0
  for (let isBetter = true; isBetter; ) {
    isBetter = false
    for (const attacks of simpler(best.attacks)) {
      if (++trials > MAX_TRIALS) return best
      const violations = replay(attacks)
      if (violations.length === 0) continue
      best = { attacks, violations }
      isBetter = true
      break
    }
  }
  return best
}

function* simpler(attacks: readonly Attack[]): Generator<readonly Attack[]> {
  const { length } = attacks
  for (let size = length >> 1; size >= 1; size >>= 1) {
    for (let from = 0; from < length; from += size)
      yield [...attacks.slice(0, from), ...attacks.slice(from + size)]
  }
  for (const [index, one] of attacks.entries()) {
    for (const steps of fewer(one.steps)) yield attacks.with(index, { ...one, steps })
    for (const [at, step] of one.steps.entries()) {
      for (const mutations of fewer(step.mutations))
        yield attacks.with(index, { ...one, steps: one.steps.with(at, { ...step, mutations }) })
    }
  }
}

function* fewer<T>(items: readonly T[]): Generator<readonly T[]> {
  if (items.length > 0) for (const [index] of items.entries()) yield items.toSpliced(index, 1)
}
