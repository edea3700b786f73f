/**
 * What a room costs by its size: messages and bytes per member while nothing happens, and per operation while somebody
 * types. The protocol's own code over a network in memory and in virtual time; bytes and messages do not depend on the
 * machine.
 */
import { Session } from '@tidemark/core'
import * as prng from 'lib0/prng'
import { memoryNetwork, VirtualScheduler } from 'tidemark/testing'
import { configFor } from '../../packages/tidemark/src/options.js'
import type { Measurement, Plot, Result, Row } from '../measurement.js'
import { observed } from '../observed-transport.js'
import { inFreshProcess, type Tasks, TookTooLong } from '../processes.js'
import { digits } from '../report/text.js'
import { processorMs } from '../resources.js'
import { median } from '../statistics.js'
import { Marks } from './marks.js'

const SIZES = [2, 3, 5, 10, 20, 50, 100, 200, 500, 1000]
const QUICK_SIZES = [2, 5, 10, 20]
/** For each member: a thousand are a million pairs who know of each other, an hour and a quarter of work. */
const PATIENCE_MS = 8000
const LATENCY_MS = 20
const JITTER_MS = 5
const STEP_MS = 20
const AT_ONCE = 8
const JOIN_PATIENCE_MS = 60_000
/** What is learned at joining has been told when this has passed. */
const SETTLING_MS = 120_000
const MINUTE_MS = 60_000
const OPERATIONS = 20
const OPERATION_MS = 1000
const TYPISTS = 5
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Type bytes of the wire format that are counted apart. */
const HEARTBEAT = 1
const GOSSIP = 2

interface Traffic {
  readonly messages: number
  readonly bytes: number
  readonly heartbeats: number
  /** Carry at least one operation. */
  readonly operations: number
  /** Reports, and whatever else is gossiped. */
  readonly reports: number
}

interface RoomCosts {
  readonly size: number
  readonly links: number
  readonly idle: Traffic
  readonly typing: Traffic
  /** Medians over the operations: until half of the members have it, and until the last one has. */
  readonly halfMs: number
  readonly lastMs: number
  /** Of all members together, in the minute with operations. */
  readonly processorMs: number
}

interface Member {
  readonly marks: Marks
  readonly session: Session
}

class CountedRoom {
  readonly scheduler = new VirtualScheduler()
  readonly members: Member[] = []
  private readonly network = memoryNetwork({
    scheduler: this.scheduler,
    latencyMs: LATENCY_MS,
    jitterMs: JITTER_MS,
  })
  private readonly random = prng.create(7)
  /** By how many marks there were with it. */
  private readonly madeAt: number[] = []
  private arrivals = new Map<number, number[]>()
  private counts = { messages: 0, bytes: 0, heartbeats: 0, operations: 0, reports: 0 }

  private enter(): Session {
    const marks = new Marks(String(this.members.length), (total) => this.arrived(total))
    const watched = observed(this.network.transport(), { sent: (bytes) => this.count(bytes) })
    const { scheduler, random } = this
    const session = new Session({
      room: 'room',
      transport: watched,
      structure: marks,
      config: configFor({}),
      scheduler,
      newReplicaId: () =>
        Array.from({ length: 12 }, () => ALPHABET[prng.int53(random, 0, ALPHABET.length - 1)]).join(''),
      random: () => prng.real53(random),
      onNews: (news) => {
        if (news.type === 'refused') throw new Error(news.reason)
      },
      onError: (error) => {
        throw error
      },
    })
    session.start()
    this.members.push({ marks, session })
    return session
  }

  /** As many at once as an eighth of those who are there, up to what a sponsor lets in at once. */
  fill(size: number): void {
    while (this.members.length < size) {
      const atOnce = Math.max(1, Math.min(AT_ONCE, Math.floor(this.members.length / AT_ONCE)))
      const count = Math.min(atOnce, size - this.members.length)
      const newcomers = Array.from({ length: count }, () => this.enter())
      this.until('members to come in', () => newcomers.every(({ replica }) => replica?.isSynced === true))
    }
  }

  private arrived(total: number): void {
    const madeAt = this.madeAt[total]
    if (madeAt !== undefined) this.arrivals.get(total)?.push(this.scheduler.now() - madeAt)
  }

  /** Of each operation since, how long it took to reach each of the others, in ms. */
  arrivalsOf(operations: number): number[][] {
    return [...this.arrivals.values()].slice(-operations).map((times) => times.toSorted((a, b) => a - b))
  }

  private count(bytes: Uint8Array): void {
    this.counts.messages++
    this.counts.bytes += bytes.length
    if (bytes[1] === HEARTBEAT) this.counts.heartbeats++
    // A gossip begins with the number of its operations.
    else if (bytes[1] === GOSSIP) this.counts[bytes[2] === 0 ? 'reports' : 'operations']++
  }

  /** @returns the traffic of what is done in between. */
  during(work: () => void): Traffic {
    this.counts = { messages: 0, bytes: 0, heartbeats: 0, operations: 0, reports: 0 }
    work()
    return this.counts
  }

  until(what: string, condition: () => boolean): void {
    const end = this.scheduler.now() + JOIN_PATIENCE_MS * 10
    while (!condition()) {
      if (this.scheduler.now() > end) throw new Error(`waited in vain for ${what}`)
      this.scheduler.advance(STEP_MS)
    }
  }

  /** By turns, one operation each second. */
  type(count: number): void {
    for (let made = 0; made < count; made++) {
      const { marks, session } = this.members[made % Math.min(this.members.length, TYPISTS)] as Member
      marks.make()
      this.madeAt[marks.total] = this.scheduler.now()
      this.arrivals.set(marks.total, [])
      session.localChange()
      this.scheduler.advance(OPERATION_MS)
    }
  }

  get isSettled(): boolean {
    return this.members.every(({ session }) => session.replica?.stats.logOperations === 0)
  }
}

function live({ size }: { readonly size: number }): RoomCosts {
  const room = new CountedRoom()
  room.fill(size)
  room.scheduler.advance(SETTLING_MS)
  // Trees of those who type are pruned with the first things they make.
  room.type(TYPISTS)
  room.scheduler.advance(SETTLING_MS)
  room.until('the room to settle', () => room.isSettled)
  const idle = room.during(() => room.scheduler.advance(MINUTE_MS))
  const startedAt = processorMs()
  const typing = room.during(() => {
    room.type(OPERATIONS)
    room.scheduler.advance(MINUTE_MS - OPERATIONS * OPERATION_MS)
  })
  const spentMs = processorMs() - startedAt
  room.until('the room to settle', () => room.isSettled)
  const totals = new Set(room.members.map(({ marks }) => marks.total))
  if (totals.size !== 1 || !totals.has(TYPISTS + OPERATIONS)) throw new Error('not everybody has everything')
  const arrivals = room.arrivalsOf(OPERATIONS)
  if (arrivals.length !== OPERATIONS || arrivals.some(({ length }) => length !== size - 1))
    throw new Error('an operation has not come once to everybody')
  const links = room.members.reduce((sum, { session }) => sum + (session.replica?.stats.links ?? 0), 0)
  return {
    size,
    links: links / size,
    idle,
    typing,
    halfMs: median(arrivals.map((times) => median(times))),
    lastMs: median(arrivals.map((times) => times.at(-1) ?? 0)),
    processorMs: spentMs,
  }
}

export const roomTasks: Tasks = { 'rooms/live': live }

const COLUMNS = [
  'links of a member',
  'idle: messages / member / min',
  'idle: bytes / member / min',
  'until half of the others have it',
  'until everybody has it',
  'per operation: messages with operations',
  'per operation: messages with reports',
  'per operation: bytes, all together',
  'per operation and member: bytes',
  'per operation and member: processor time',
]

async function measure({ quick, say }: Parameters<Measurement['measure']>[0]): Promise<Result> {
  const rooms: RoomCosts[] = []
  let rest = ''
  for (const size of quick ? QUICK_SIZES : SIZES) {
    try {
      rooms.push(await inFreshProcess<RoomCosts>('rooms/live', { size }, size * PATIENCE_MS))
      say(`${size} members`)
    } catch (error) {
      if (!(error instanceof TookTooLong)) throw error
      rest = `Rooms of ${size} and more were not done after ${(size * PATIENCE_MS) / 1000} s.`
      break
    }
  }
  return {
    tables: [{ title: 'Rooms of different sizes', columns: COLUMNS, rows: rooms.map(row) }],
    targets: [],
    plots: [
      plotOf('Bytes of a member in an idle minute', 'bytes', rooms, (room) => room.idle.bytes / room.size),
      plotOf(
        'Messages for one operation, per member',
        'messages',
        rooms,
        (room) => perOperation(room, 'messages') / room.size,
      ),
      plotOf('Until everybody has an operation', 'ms', rooms, (room) => room.lastMs),
    ],
    conditions: [
      'Replicas of the protocol with a structure that counts marks (payloads of 3 bytes), over a network in memory with latency, and a provider’s defaults otherwise. They come in one after the other, in large rooms up to eight at once, and rest before they are measured.',
      `In a minute that begins with ${OPERATIONS} operations, one each second, by ${TYPISTS} members in turn, “per operation” is what it has beyond an idle one, divided by their number; messages may carry several things. Processor time is that of the whole minute.`,
      `“Until” is in virtual time, from making an operation until it is applied: one hop takes ${LATENCY_MS} to ${LATENCY_MS + JITTER_MS} ms.`,
      'Bytes and messages are those of the protocol, without what data channels add.',
      rest,
    ].filter((line) => line !== ''),
    summary: summaryOf(rooms),
  }
}

/** Of the largest room. */
function summaryOf(rooms: readonly RoomCosts[]): { what: string; figure: string }[] {
  const room = rooms.at(-1)
  if (room === undefined) return []
  const { size, links, idle, lastMs } = room
  return [
    {
      what: `a room of ${digits(size)} (virtual time, ${LATENCY_MS} to ${LATENCY_MS + JITTER_MS} ms a hop): links of a member / what it sends in an idle minute / per operation of anybody / until everybody has that`,
      figure: [
        digits(links),
        `${digits(idle.bytes / size)} B`,
        `${digits(perOperation(room, 'bytes') / size)} B`,
        `${digits(lastMs)} ms`,
      ].join(' / '),
    },
  ]
}

function perOperation({ idle, typing }: RoomCosts, key: keyof Traffic): number {
  return (typing[key] - idle[key]) / OPERATIONS
}

function row(room: RoomCosts): Row {
  const { size, links, idle } = room
  const figures = [
    { value: links, unit: 'count' },
    { value: idle.messages / size, unit: 'messages' },
    { value: idle.bytes / size, unit: 'bytes' },
    { value: room.halfMs, unit: 'ms' },
    { value: room.lastMs, unit: 'ms' },
    { value: perOperation(room, 'operations'), unit: 'messages' },
    { value: perOperation(room, 'reports'), unit: 'messages' },
    { value: perOperation(room, 'bytes'), unit: 'bytes' },
    { value: perOperation(room, 'bytes') / size, unit: 'bytes' },
    { value: room.processorMs / size / OPERATIONS, unit: 'ms' },
  ] as const
  return {
    who: `${digits(size)} members`,
    figures: Object.fromEntries(COLUMNS.map((column, at) => [column, figures[at] ?? ''])),
  }
}

function plotOf(
  title: string,
  y: string,
  rooms: readonly RoomCosts[],
  of: (room: RoomCosts) => number,
): Plot {
  const points = rooms.map((room): [number, number] => [room.size, of(room)])
  return { title, x: 'members', y, logarithmic: true, series: [{ who: 'Tidemark', points }] }
}

export const rooms: Measurement = {
  name: 'rooms',
  question: 'What does a room cost each of its members, by its size?',
  measure,
}
