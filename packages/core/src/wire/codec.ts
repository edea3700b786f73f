/**
 * Messages as frames (protocol rules WI1, WI2): a version byte, a type byte, a body without anything behind it.
 *
 * A frame that does not parse is an expected event: `decodeMessage` answers with a refusal and never throws.
 */
import { ATTACHMENTS, BODIES, type BodyCodec } from './bodies.js'
import { WIRE_VERSION } from './limits.js'
import type { Message } from './messages.js'
import { Reader, WireError, Writer } from './primitives.js'

/** The place in this list is the type byte: append, never reorder. */
const TYPES = [
  'hello',
  'heartbeat',
  'gossip',
  'sync',
  'prune',
  'graft',
  'relay',
  'join-request',
  'welcome',
  'piece',
  'piece-received',
  'installed',
  'go',
  'no',
  'bye',
  'origins',
  'probe',
  'evicted',
] as const satisfies readonly Message['type'][]

/** Added to the type byte if something is attached. */
const ATTACHED = 64

export type Decoded =
  | { readonly ok: true; readonly message: Message }
  | { readonly ok: false; readonly reason: string }

export function encodeMessage(message: Message): Uint8Array {
  const out = new Writer()
  out.uint(WIRE_VERSION)
  const attached = attachedTo(message)
  out.uint(TYPES.indexOf(message.type) + (attached ? ATTACHED : 0))
  // The table is typed entry by entry; TypeScript can not follow one union through two places.
  const codec = BODIES[message.type] as BodyCodec<Message>
  codec.write(out, message)
  if (attached) out.bytes(attached)
  return out.finish()
}

function attachedTo(message: Message): Uint8Array | undefined {
  const name = ATTACHMENTS[message.type]?.name
  return name && (message as { readonly [field in typeof name]?: Uint8Array })[name]
}

export function decodeMessage(frame: Uint8Array): Decoded {
  try {
    const from = new Reader(frame)
    const version = from.uint()
    if (version !== WIRE_VERSION) return { ok: false, reason: `unknown wire version ${version}` }
    const code = from.uint()
    const type = TYPES[code % ATTACHED]
    if (!type || code >= 2 * ATTACHED) return { ok: false, reason: 'unknown type of message' }
    const attachment = ATTACHMENTS[type]
    if (code >= ATTACHED && !attachment) return { ok: false, reason: 'nothing can be attached to it' }
    const message = BODIES[type].read(from)
    const attached = code >= ATTACHED && attachment && { [attachment.name]: attachment.read(from) }
    from.end()
    return { ok: true, message: { ...message, ...attached } }
  } catch (error) {
    // lib0 throws plain errors at the end of the buffer and for numbers beyond 2^53.
    return { ok: false, reason: error instanceof WireError ? error.message : 'frame does not parse' }
  }
}
