/**
 * What clients may say, and how. Everything from outside passes one of these schemas before anything looks at
 * it; unknown keys are dropped, so that a newer client can say more to an older server.
 */
import { z } from 'zod'
import type { RefusalReason } from './refusals.js'

export const maxSignalBytes = 32 * 1024

/** The most a client can send at once: a signal of full size, escaped as JSON, with its envelope. */
export const maxFrameBytes = 64 * 1024

const room = z.string().min(1).max(128)
const socketId = z.string().min(1).max(64)

export const seekMessage = z.object({ room, not: z.array(socketId).max(16).default([]) })
export const greetMessage = z.object({ room, lineage: z.string().min(1).max(64) })
export const retireMessage = z.object({ room })
export const signalMessage = z.object({
  room,
  to: socketId,
  data: z.string().refine((data) => Buffer.byteLength(data) <= maxSignalBytes, {
    error: `Expected at most ${maxSignalBytes} bytes`,
  }),
})

/** The handshake's `auth`. */
export const credentials = z.object({ token: z.string().max(8192).optional() })

/** What the server says unasked. */
export interface ServerEvents {
  /** A negotiation message from another socket of the room; `from` is the server's word. */
  signal(message: { room: string; from: string; data: string }): void
  /** Another greeter of the room holds another lineage: call it. */
  elsewhere(message: { room: string; peer: string; lineage: string }): void
  /** A refusal of a message that left no way to acknowledge it. */
  error(reason: RefusalReason): void
}

/** The first thing wrong with a message, in one line. */
export function describeFault(error: z.ZodError): string {
  const issue = error.issues[0]
  if (issue === undefined) return 'The message is not valid.'
  return issue.path.length === 0 ? issue.message : `${issue.path.join('.')}: ${issue.message}`
}
