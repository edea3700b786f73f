/**
 * People type in one room, and what that costs is measured: the same for pages and for processes.
 */

import type { Typing } from './typist.js'
import { sleep, until } from './waiting.js'

export interface Workload {
  readonly what: string
  /** How many type, all at the same time. */
  readonly writers: number
  /** Of each writer. */
  readonly keystrokes: number
  /** Between two keystrokes of one writer, on average. */
  readonly gapMs: number
}

export interface Outcome {
  /** Of all writers. */
  readonly keystrokes: number
  /** Handed to all data channels of the room: operations, and whatever else is sent meanwhile. */
  readonly bytes: number
  readonly messages: number
  readonly arrivals: readonly Arrival[]
  /** Of everything that belongs to the room, its browser or processes included. */
  readonly cpuMs: number
}

/** One keystroke in one document of the others. */
export interface Arrival {
  /** From the keystroke to the event of that document. */
  readonly ms: number
  /** A channel leads there from who typed. */
  readonly isLinked: boolean
  /** Until something left who typed, and since something came to whoever sees it. */
  readonly leavingMs: number
  readonly comingMs: number
}

export interface Spent {
  readonly bytes: number
  readonly messages: number
  readonly cpuMs: number
}

interface Functions {
  state(): { readonly length: number; readonly name: string; readonly neighbours: readonly string[] }
  type(typing: Typing): Promise<void>
  typedAt(): readonly number[]
  arrivedAt(letter: string): readonly number[]
  /** When something left after each keystroke, and when something came before each letter was here. */
  leftAt(): readonly number[]
  cameAt(letter: string): readonly number[]
  forgetTimes(): void
}

export interface Person {
  call<Name extends keyof Functions>(
    name: Name,
    ...args: Parameters<Functions[Name]>
  ): Promise<Awaited<ReturnType<Functions[Name]>>>
}

/** Room in which everybody is linked and holds the same, and what it has spent so far. */
export interface TypingRoom {
  readonly people: readonly Person[]
  spent(): Promise<Spent>
}

/** So many letters of each writer come before, so that connections and code are warm. */
const WARM_UP_KEYSTROKES = 5
/** What is still said about the last keystroke is said within this time; it counts. */
const TAIL_MS = 2000

export async function typeTogether(
  { people, spent }: TypingRoom,
  { writers: writerCount, keystrokes, gapMs }: Workload,
): Promise<Outcome> {
  const writers = people.slice(0, writerCount)
  const type = async (count: number, seed: number) => {
    const before = (await people[0]?.call('state'))?.length ?? 0
    await Promise.all(
      writers.map((person, i) =>
        person.call('type', { letter: letterOf(i), keystrokes: count, gapMs, seed: seed + i }),
      ),
    )
    await until('every keystroke is everywhere', async () => {
      const states = await Promise.all(people.map((person) => person.call('state')))
      return states.every(({ length }) => length === before + count * writers.length)
    })
    await sleep(TAIL_MS)
  }
  await type(WARM_UP_KEYSTROKES, 1)
  await Promise.all(people.map((person) => person.call('forgetTimes')))
  const before = await spent()
  await type(keystrokes, 100)
  const after = await spent()
  const arrivals = await Promise.all(writers.map((writer, i) => arrivalsOf(writer, letterOf(i), people)))
  return {
    keystrokes: keystrokes * writers.length,
    bytes: after.bytes - before.bytes,
    messages: after.messages - before.messages,
    cpuMs: after.cpuMs - before.cpuMs,
    arrivals: arrivals.flat(),
  }
}

/** Writers type letters of their own, by which the others know whose they see. */
function letterOf(writer: number): string {
  return String.fromCharCode('a'.charCodeAt(0) + writer)
}

async function arrivalsOf(writer: Person, letter: string, people: readonly Person[]): Promise<Arrival[]> {
  const others = people.filter((person) => person !== writer)
  const typedAt = await writer.call('typedAt')
  const { neighbours } = await writer.call('state')
  const leftAt = await writer.call('leftAt')
  const arrivals = others.map(async (person): Promise<Arrival[]> => {
    const arrivedAt = await person.call('arrivedAt', letter)
    const cameAt = await person.call('cameAt', letter)
    const isLinked = neighbours.includes((await person.call('state')).name)
    if (typedAt.length !== arrivedAt.length)
      throw new Error(`of ${typedAt.length} keystrokes ${arrivedAt.length} arrived`)
    return typedAt.map((typed, i) => {
      const [left = Number.NaN, came = Number.NaN, arrived = Number.NaN] = [
        leftAt[i],
        cameAt[i],
        arrivedAt[i],
      ]
      return { ms: arrived - typed, isLinked, leavingMs: left - typed, comingMs: arrived - came }
    })
  })
  return (await Promise.all(arrivals)).flat()
}
