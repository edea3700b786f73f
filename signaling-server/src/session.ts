/**
 * One connected socket: takes its messages one after the other, answers each exactly once, and takes it out of
 * everything when it goes. Whatever a client sends, nothing here throws into socket.io.
 */
import type { DefaultEventsMap, Server, Socket } from 'socket.io'
import type { z } from 'zod'
import type { Limits } from './limits.js'
import * as messages from './messages.js'
import { type Refusal, type RefusalCode, refuse } from './refusals.js'
import type { Rooms } from './rooms.js'

export type Io = Server<DefaultEventsMap, messages.ServerEvents>
export type SignalingSocket = Socket<DefaultEventsMap, messages.ServerEvents>

export interface SessionContext {
  readonly rooms: Rooms
  readonly limits: Limits
  readonly address: string
  readonly now: () => number
  readonly onFault: (fault: unknown) => void
}

type Answer = { readonly ok: true } | Refusal

interface Outcome {
  readonly answer: Answer
  /** Done once the answer has been sent. */
  readonly afterwards?: () => void
}

/** Refusals that a correct client never earns. Being told that a peer left is not an offence. */
const offences: ReadonlySet<RefusalCode> = new Set([
  'bad-message',
  'unknown-event',
  'no-ack',
  'rate-limited',
  'too-many-rooms',
])

export function openSession(socket: SignalingSocket, context: SessionContext): void {
  // Checking a rate takes a microtask, so messages queue here or a later one could overtake an earlier one.
  let previous: Promise<void> = Promise.resolve()
  socket.onAny((event: unknown, ...args: unknown[]) => {
    previous = previous.then(() => take(socket, context, event, args)).catch(context.onFault)
  })
  socket.on('disconnect', () => {
    context.rooms.drop(socket.id)
    // Behind the messages still queued, so that none of them starts a new record afterwards.
    previous = previous.then(() => context.limits.forgetSocket(socket.id)).catch(context.onFault)
    // A transport without its socket has no use, and nobody would time it out.
    socket.conn.close()
  })
}

async function take(
  socket: SignalingSocket,
  context: SessionContext,
  event: unknown,
  args: unknown[],
): Promise<void> {
  if (!socket.connected) return
  const last = args.at(-1)
  const acknowledge = typeof last === 'function' ? last : undefined

  const { answer, afterwards } = await handle(socket, context, event, args[0], acknowledge !== undefined)
  if (acknowledge !== undefined) acknowledge(answer)
  else if (!answer.ok) socket.emit('error', answer.error)
  afterwards?.()

  if (answer.ok || !offences.has(answer.error.code)) return
  if (!(await context.limits.forgives(socket.id))) socket.disconnect(true)
}

async function handle(
  socket: SignalingSocket,
  context: SessionContext,
  event: unknown,
  payload: unknown,
  hasAck: boolean,
): Promise<Outcome> {
  try {
    const refusal = await refuseMessage(socket, context, event, payload, hasAck)
    if (refusal !== undefined) return { answer: refusal }
    // The socket may have gone meanwhile, and then it must not enter a room any more.
    if (!socket.connected) return { answer: refuse('peer-gone', 'The socket is closed.') }
    return act(socket, context, event, payload)
  } catch (fault) {
    context.onFault(fault)
    return { answer: refuse('internal', 'The server failed to handle the message.') }
  }
}

async function refuseMessage(
  socket: SignalingSocket,
  { limits, address }: SessionContext,
  event: unknown,
  payload: unknown,
  hasAck: boolean,
): Promise<Refusal | undefined> {
  if (!(await limits.maySpeak(socket.id, signalBytes(payload)))) {
    return refuse('rate-limited', 'This socket sends too much.')
  }
  if (event === 'seek' && !(await limits.maySeek(address))) {
    // Shared with whoever else has the address, so it is not held against this socket.
    return refuse('busy', 'Too many seeks come from this address.')
  }
  return hasAck ? undefined : refuse('no-ack', 'Send messages with an acknowledgement function.')
}

/** What a relayed message costs others; all other messages are small or refused. */
function signalBytes(payload: unknown): number {
  if (typeof payload !== 'object' || payload === null || !('data' in payload)) return 0
  return typeof payload.data === 'string' ? Buffer.byteLength(payload.data) : 0
}

function act(socket: SignalingSocket, context: SessionContext, event: unknown, payload: unknown): Outcome {
  const { rooms, now } = context
  switch (event) {
    case 'seek':
      return parsed(messages.seekMessage, payload, ({ room, not }) => ({
        answer: rooms.seek(socket.id, room, not, now()),
      }))
    case 'greet':
      return parsed(messages.greetMessage, payload, (message) => greet(socket, context, message))
    case 'retire':
      return parsed(messages.retireMessage, payload, ({ room }) => ({
        answer: rooms.retire(socket.id, room),
      }))
    case 'signal':
      return parsed(messages.signalMessage, payload, (message) => relay(socket, context, message))
    default:
      return { answer: refuse('unknown-event', 'Expected seek, greet, retire or signal.') }
  }
}

function parsed<T>(schema: z.ZodType<T>, payload: unknown, use: (message: T) => Outcome): Outcome {
  const result = schema.safeParse(payload)
  return result.success
    ? use(result.data)
    : { answer: refuse('bad-message', messages.describeFault(result.error)) }
}

function greet(
  socket: SignalingSocket,
  { rooms, now }: SessionContext,
  { room, lineage }: z.infer<typeof messages.greetMessage>,
): Outcome {
  const { elsewhere, ...answer } = rooms.greet(socket.id, room, lineage, now())
  if (elsewhere === undefined) return { answer }
  return { answer, afterwards: () => void socket.emit('elsewhere', { room, ...elsewhere }) }
}

function relay(
  socket: SignalingSocket,
  { rooms, now }: SessionContext,
  { room, to, data }: z.infer<typeof messages.signalMessage>,
): Outcome {
  const answer = rooms.route(socket.id, to, room, now())
  if (!answer.ok) return { answer }
  const target = socket.nsp.sockets.get(to)
  if (target === undefined) return { answer: refuse('peer-gone', 'The peer is no longer connected.') }
  target.emit('signal', { room, from: socket.id, data })
  return { answer }
}
