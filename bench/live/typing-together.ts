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
  /** From each keystroke to each document of the others. */
  readonly latenciesMs: readonly number[]
  /** Of everything that belongs to the room, its browser or processes included. */
  readonly cpuMs: number
}

export interface Spent {
  readonly bytes: number
  readonly messages: number
  readonly cpuMs: number
}

interface Functions {
  state(): { readonly length: number }
  type(typing: Typing): Promise<void>
  typedAt(): readonly number[]
  arrivedAt(letter: string): readonly number[]
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
  const latenciesMs = await Promise.all(writers.map((writer, i) => latenciesOf(writer, letterOf(i), people)))
  return {
    keystrokes: keystrokes * writers.length,
    bytes: after.bytes - before.bytes,
    messages: after.messages - before.messages,
    cpuMs: after.cpuMs - before.cpuMs,
    latenciesMs: latenciesMs.flat(),
  }
}

/** Writers type letters of their own, by which the others know whose they see. */
function letterOf(writer: number): string {
  return String.fromCharCode('a'.charCodeAt(0) + writer)
}

async function latenciesOf(writer: Person, letter: string, people: readonly Person[]): Promise<number[]> {
  const typedAt = await writer.call('typedAt')
  const others = people.filter((person) => person !== writer)
  const arrived = await Promise.all(others.map((person) => person.call('arrivedAt', letter)))
  return arrived.flatMap((arrivedAt) => {
    if (typedAt.length !== arrivedAt.length)
      throw new Error(`of ${typedAt.length} keystrokes ${arrivedAt.length} arrived`)
    return typedAt.map((time, i) => (arrivedAt[i] ?? Number.NaN) - time)
  })
}
