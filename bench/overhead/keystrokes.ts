/** What a keystroke costs a room of two, in processor time, against handing Yjs' own update from one document to the other. */
import { type CompactionMode, TidemarkProvider } from 'tidemark'
import { memoryNetwork, VirtualScheduler } from 'tidemark/testing'
import * as Y from 'yjs'
import { Person } from '../growth/person.js'
import { profiled, type Shares } from '../profile.js'
import { processorMs } from '../resources.js'

const CHARACTERS = 20_000
const LATENCY_MS = 20

export interface KeystrokeArgument {
  /** Undefined: no provider at all. */
  readonly compaction?: CompactionMode
  /** Between two keystrokes. */
  readonly everyMs: number
  readonly rounds: number
  readonly keystrokes: number
}

/** Per keystroke, of both documents together, round by round. */
export interface KeystrokeCosts {
  readonly processorMs: readonly number[]
}

/** What code the time between two keystrokes is spent in. */
export async function profileRoom({
  compaction = 'full',
  everyMs,
  keystrokes,
}: KeystrokeArgument): Promise<Shares> {
  const { person, scheduler } = begun(providedRoom(compaction))
  const type = () => {
    for (let made = 0; made < keystrokes; made++) {
      person.edit()
      scheduler.advance(everyMs)
    }
  }
  // Once for the compiler.
  type()
  return profiled(type, partOf)
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

export function typeIntoRoom({ compaction, everyMs, rounds, keystrokes }: KeystrokeArgument): KeystrokeCosts {
  const room = compaction === undefined ? bareRoom() : providedRoom(compaction)
  const { person } = begun(room)
  const costs: number[] = []
  // The first round is for the compiler.
  for (let round = -1; round < rounds; round++) {
    const startedAt = processorMs()
    for (let made = 0; made < keystrokes; made++) {
      person.edit()
      room.scheduler.advance(everyMs)
    }
    if (round >= 0) costs.push((processorMs() - startedAt) / keystrokes)
  }
  room.scheduler.advance(10_000)
  const [a, b] = room.docs.map((doc) => doc.getText('text').toString())
  if (a !== b) throw new Error('the two documents differ')
  return { processorMs: costs }
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
