/** What a keystroke costs a room of two, in processor time, against handing Yjs' own update from one document to the other. */
import { type CompactionMode, TidemarkProvider } from 'tidemark'
import { memoryNetwork, VirtualScheduler } from 'tidemark/testing'
import * as Y from 'yjs'
import { Person } from '../growth/person.js'
import { profiled, type Shares } from '../profile.js'
import { processorMs } from '../resources.js'

const CHARACTERS = 20_000
const LATENCY_MS = 20
const SETTLING_MS = 10_000

export interface KeystrokeArgument {
  /** Between two keystrokes. */
  readonly everyMs: number
  readonly keystrokes: number
}

export interface RoundsArgument extends KeystrokeArgument {
  /** Of each room; null: no provider at all. */
  readonly rooms: readonly (CompactionMode | null)[]
  readonly rounds: number
}

/** Room by room, round by round: processor time per keystroke, of both documents together. */
export type KeystrokeCosts = readonly (readonly number[])[]

/** What code the time between two keystrokes is spent in. */
export async function profileRoom({ everyMs, keystrokes }: KeystrokeArgument): Promise<Shares> {
  const { person, scheduler } = begun(providedRoom('full'))
  const work = () => type(person, scheduler, keystrokes, everyMs)
  // Once for the compiler.
  work()
  return profiled(work, partOf)
}

const PARTS: readonly (readonly [file: RegExp, part: string])[] = [
  [/^\((garbage collector)\)$/, 'collecting garbage'],
  [/node_modules\/(yjs|lib0|y-protocols)\//, 'Yjs and lib0'],
  [/packages\/core\/src\/wire/, 'the protocol: reading and writing messages'],
  [/packages\/core\/src\/(overlay|session)/, 'the protocol: links and spreading'],
  [
    /packages\/core\/src\/(snapshot|replica|eviction|membership)/,
    'the protocol: reports, the snapshot point, who is there',
  ],
  [/packages\/core\/src\/compaction/, 'the protocol: when to cut'],
  [/packages\/core/, 'the protocol: operations and their order'],
  [/packages\/yjs\/src\/(renumbering|epochs)/, 'cuts, and names of epochs'],
  [/packages\/yjs/, 'the gate, and what is local'],
  [/packages\/tidemark\/src\/testing/, 'the network in memory'],
  [/packages\/tidemark/, 'the provider'],
]

function partOf(file: string): string {
  return PARTS.find(([where]) => where.test(file))?.[1] ?? 'everything else'
}

/** By turns: what else goes on on the machine meets all rooms alike. */
export function typeIntoRooms({ rooms, everyMs, rounds, keystrokes }: RoundsArgument): KeystrokeCosts {
  const all = rooms.map((compaction) => {
    const room = compaction === null ? bareRoom() : providedRoom(compaction)
    return { ...room, ...begun(room), costs: [] as number[] }
  })
  // The first round is for the compiler.
  for (let round = -1; round < rounds; round++) {
    for (const { person, scheduler, costs } of all) {
      const startedAt = processorMs()
      type(person, scheduler, keystrokes, everyMs)
      if (round >= 0) costs.push((processorMs() - startedAt) / keystrokes)
    }
  }
  for (const { scheduler, docs } of all) {
    scheduler.advance(SETTLING_MS)
    const [a, b] = docs.map((doc) => doc.getText('text').toString())
    if (a !== b) throw new Error('the two documents differ')
  }
  return all.map(({ costs }) => costs)
}

function type(person: Person, scheduler: VirtualScheduler, keystrokes: number, everyMs: number): void {
  for (let made = 0; made < keystrokes; made++) {
    person.edit()
    scheduler.advance(everyMs)
  }
}

interface Room {
  readonly docs: readonly [Y.Doc, Y.Doc]
  readonly scheduler: VirtualScheduler
}

function begun({ docs: [doc], scheduler }: Room) {
  const text = doc.getText('text')
  text.insert(0, 'some text '.repeat(CHARACTERS / 10))
  scheduler.advance(1000)
  return { person: new Person(text, 1, CHARACTERS), scheduler }
}

function bareRoom(): Room {
  const scheduler = new VirtualScheduler()
  const [from, to] = [new Y.Doc(), new Y.Doc()]
  from.on('update', (update: Uint8Array) => {
    scheduler.at(scheduler.now() + LATENCY_MS, () => Y.applyUpdate(to, update))
  })
  return { docs: [from, to], scheduler }
}

function providedRoom(compaction: CompactionMode): Room {
  const scheduler = new VirtualScheduler()
  const network = memoryNetwork({ scheduler, latencyMs: LATENCY_MS })
  const enter = () => {
    const doc = new Y.Doc()
    const transport = network.transport()
    const provider = new TidemarkProvider('room', doc, { transport, scheduler, compaction })
    provider.on('error', (error) => {
      throw error
    })
    while (!provider.synced) scheduler.advance(100)
    return doc
  }
  return { docs: [enter(), enter()], scheduler }
}
