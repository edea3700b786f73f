/** What a measured page does when it is told to, whichever library it uses. */
import * as Y from 'yjs'
import type { Patch } from '../../../test/traces/sequential-trace.js'
import type { Join, JoinOptions, Participant } from '../participant.js'
import { now, randomNumbers, type Typing, Typist } from '../typist.js'
import { sleep } from '../waiting.js'
import type { WayIn } from '../way-in.js'
import { passing } from './page-passing.js'
import { prose } from './prose.js'
import { beginWayIn, wayIn } from './way-in.js'

const SLICE_MS = 100
const PIECES_A_SLICE = 200
const RECENT_CHARACTERS = 20_000

/** Times in milliseconds since the joining began. */
export interface Arriving {
  readonly ms: number
  readonly way: WayIn
}

export function pageOf(joinRoom: Join) {
  const typist = new Typist()
  const { doc, text } = typist
  let participant: Participant | undefined

  function joined(): Participant {
    if (!participant) throw new Error('not joined yet')
    return participant
  }

  return {
    join(options: JoinOptions): void {
      participant = joinRoom(doc, options)
    },

    /** Joins, and tells how long it took until the document was as long as it is going to be. Undefined: not in time. */
    async joinUntil(options: JoinOptions, length: number, timeoutMs: number): Promise<Arriving | undefined> {
      const start = now()
      beginWayIn()
      const isThere = whenLength(length, timeoutMs)
      participant = joinRoom(doc, options)
      return (await isThere) ? { ms: now() - start, way: wayIn() } : undefined
    },

    state() {
      const { name, neighbours, present, synced } = joined()
      return {
        name: name(),
        neighbours: neighbours(),
        present: present(),
        synced: synced(),
        length: text.length,
      }
    },

    type: (typing: Typing) => typist.type(typing),
    typedAt: () => typist.typedAt,
    leftAt: () => passing.firstLeftAfter(typist.typedAt),
    cameAt: (letter: string) => passing.lastCameBefore(typist.arrivedAt(letter)),
    arrivedAt: (letter: string) => typist.arrivedAt(letter),
    forgetTimes() {
      typist.forgetTimes()
      passing.forget()
    },
    content: () => text.toString(),
    documentBytes: () => Y.encodeStateAsUpdate(doc).length,
    disconnect: () => joined().disconnect(),
    connect: () => joined().connect(),
    compact: () => joined().compact(),

    /** Fills the text in pieces, three of ten of them within what was written last. */
    async fill(characters: number, pieceLength: number): Promise<void> {
      const random = randomNumbers(1)
      const write = prose(random)
      while (text.length < characters) {
        for (let i = 0; i < PIECES_A_SLICE && text.length < characters; i++) {
          const back = random() < 0.3 ? Math.floor(random() * Math.min(text.length, RECENT_CHARACTERS)) : 0
          text.insert(text.length - back, write(pieceLength))
        }
        await new Promise((resolve) => setTimeout(resolve))
      }
    },

    /** Erases two of three pieces. */
    async thinOut(pieceLength: number): Promise<void> {
      let yieldAt = now() + SLICE_MS
      for (let at = text.length - 3 * pieceLength; at >= 0; at -= 3 * pieceLength) {
        text.delete(at, 2 * pieceLength)
        if (now() < yieldAt) continue
        await new Promise((resolve) => setTimeout(resolve))
        yieldAt = now() + SLICE_MS
      }
    },

    /** Undefined: not in time. */
    async compactWithin(timeoutMs: number): Promise<number | undefined> {
      const start = now()
      const isDone = await Promise.race([
        joined()
          .compact()
          .then(() => true),
        sleep(timeoutMs),
      ])
      return isDone ? now() - start : undefined
    },

    /** Differs, most likely, where the texts do. */
    checksum(): number {
      let sum = text.length
      for (const unit of text.toString()) sum = (Math.imul(sum, 31) + (unit.codePointAt(0) ?? 0)) >>> 0
      return sum
    },

    /** Every edit by itself, as fast as the page can without freezing. */
    async play(patches: readonly Patch[]): Promise<void> {
      let yieldAt = now() + SLICE_MS
      for (const [position, deleteCount, inserted] of patches) {
        if (deleteCount > 0) text.delete(position, deleteCount)
        if (inserted !== '') text.insert(position, inserted)
        if (now() < yieldAt) continue
        await new Promise((resolve) => setTimeout(resolve))
        yieldAt = now() + SLICE_MS
      }
    },
  }

  function whenLength(length: number, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => done(false), timeoutMs)
      const look = () => {
        if (text.length >= length) done(true)
      }
      const done = (isThere: boolean) => {
        clearTimeout(timer)
        text.unobserve(look)
        resolve(isThere)
      }
      text.observe(look)
    })
  }
}
