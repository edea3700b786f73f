/** The process of one participant in Node: `node-room.ts` calls its functions by messages. */
import { pathToFileURL } from 'node:url'
import wrtc from '@roamhq/wrtc'
import { WebSocket } from 'ws'
import type { Join, JoinOptions, Participant } from './participant.js'
import { Passing } from './passing.js'
import { type Typing, Typist } from './typist.js'

export interface Call {
  readonly call: number
  readonly name: keyof NodeParticipant
  readonly args: readonly unknown[]
}

export interface Answer {
  readonly call: number
  readonly result?: unknown
  readonly error?: string
}

export type NodeParticipant = typeof functions

// y-webrtc wants the one, and would take the other where there is one.
Object.assign(globalThis, { WebSocket, BroadcastChannel: undefined })

const passing = new Passing()
const sent = { bytes: 0, messages: 0 }
const { prototype } = wrtc.RTCDataChannel
const { send } = prototype
prototype.send = function (this: RTCDataChannel, data: Uint8Array) {
  sent.messages++
  sent.bytes += data.byteLength
  passing.noteLeaving()
  Reflect.apply(send, this, [data])
} as typeof send

const { dispatchEvent } = prototype
prototype.dispatchEvent = function (this: RTCDataChannel, event: Event) {
  if (event.type === 'message') passing.noteComing()
  return Reflect.apply(dispatchEvent, this, [event])
}

const typist = new Typist()
let participant: Participant | undefined

const functions = {
  async join(options: JoinOptions): Promise<void> {
    const { join } = (await import(pathToFileURL(process.argv[2] ?? '').href)) as { join: Join }
    participant = join(typist.doc, { ...options, peerOptions: { wrtc } })
  },
  state: () => ({
    name: participant?.name() ?? '',
    neighbours: participant?.neighbours() ?? [],
    present: participant?.present() ?? 0,
    synced: participant?.synced() ?? false,
    length: typist.text.length,
  }),
  type: (typing: Typing) => typist.type(typing),
  typedAt: () => typist.typedAt,
  arrivedAt: (letter: string) => typist.arrivedAt(letter),
  leftAt: () => passing.firstLeftAfter(typist.typedAt),
  cameAt: (letter: string) => passing.lastCameBefore(typist.arrivedAt(letter)),
  forgetTimes() {
    typist.forgetTimes()
    passing.forget()
  },
  spent() {
    const { user, system } = process.cpuUsage()
    return { ...sent, cpuMs: (user + system) / 1000 }
  },
}

process.on('message', async ({ call, name, args }: Call) => {
  const answer = await Promise.resolve()
    .then(() => (functions[name] as (...args: readonly unknown[]) => unknown)(...args))
    .then(
      (result): Answer => ({ call, result }),
      (error: unknown): Answer => ({ call, error: String(error) }),
    )
  process.send?.(answer)
})
