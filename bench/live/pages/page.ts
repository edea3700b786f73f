/** What a measured page does when it is told to, whichever library it uses. */
import * as Y from 'yjs'
import type { Patch } from '../../../test/traces/sequential-trace.js'
import type { Join, JoinOptions, Participant } from '../participant.js'
import { now, type Typing, Typist } from '../typist.js'

const SLICE_MS = 100

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
    async joinUntil(options: JoinOptions, length: number, timeoutMs: number): Promise<number | undefined> {
      const start = now()
      const isThere = whenLength(length, timeoutMs)
      participant = joinRoom(doc, options)
      return (await isThere) ? now() - start : undefined
    },

    state() {
      const { linked, present, synced } = joined()
      return { linked: linked(), present: present(), synced: synced(), length: text.length }
    },

    type: (typing: Typing) => typist.type(typing),
    typedAt: () => typist.typedAt,
    arrivedAt: (letter: string) => typist.arrivedAt(letter),
    forgetTimes: () => typist.forgetTimes(),
    content: () => text.toString(),
    documentBytes: () => Y.encodeStateAsUpdate(doc).length,
    append: (value: string) => text.insert(text.length, value),
    erase: (index: number, length: number) => text.delete(index, length),
    disconnect: () => joined().disconnect(),
    connect: () => joined().connect(),
    compact: () => joined().compact(),

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
