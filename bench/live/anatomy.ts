/**
 * What the bytes of a keystroke consist of: the provider's own frames, over a network in memory and in virtual time, each
 * taken apart and packed as a data channel would carry it. Nothing of it depends on the machine.
 */
import type { LinkId } from '@tidemark/core'
import { TidemarkProvider } from 'tidemark'
import { memoryNetwork, VirtualScheduler } from 'tidemark/testing'
import * as Y from 'yjs'
import { decodeMessage } from '../../packages/core/src/wire/codec.js'
import type { Gossip, Message } from '../../packages/core/src/wire/messages.js'
import { Packer } from '../../packages/webrtc/src/link/packing.js'
import type { Figure, Row, Table } from '../measurement.js'
import { observed } from '../observed-transport.js'
import { median } from '../statistics.js'

const ROOM_SIZES = [3, 8, 20]
const KEYSTROKES = 80
const GAP_MS = 125
const LATENCY_MS = 5
const REST_MS = 60_000
const TAIL_MS = 2000

type Kind = 'operations' | 'reports' | 'heartbeats' | 'others'
const KINDS: readonly Kind[] = ['operations', 'reports', 'heartbeats', 'others']

interface Sent {
  readonly message: Message
  /** As the protocol makes it. */
  readonly frameBytes: number
  /** As a data channel carries it. */
  readonly channelBytes: number
}

export function anatomy(): Table[] {
  const rooms = ROOM_SIZES.map((size) => ({ size, sent: typing(size) }))
  return [oneKeystroke(rooms[0]?.sent ?? []), ...rooms.map(({ size, sent }) => everything(size, sent))]
}

/** One types among so many. */
function typing(size: number): Sent[] {
  const scheduler = new VirtualScheduler()
  const network = memoryNetwork({ scheduler, latencyMs: LATENCY_MS, seed: 1 })
  const sent: Sent[] = []
  const providers = Array.from({ length: size }, () => {
    const packers = new Map<LinkId, Packer>()
    const transport = observed(network.transport(), {
      sent(bytes, link) {
        const packer = packers.get(link) ?? new Packer()
        packers.set(link, packer)
        const decoded = decodeMessage(bytes)
        if (!decoded.ok) throw new Error(decoded.reason)
        const channelBytes = bytes.length > 1024 ? bytes.length : 1 + packer.pack(bytes).steps.length
        sent.push({ message: decoded.message, frameBytes: bytes.length, channelBytes })
      },
    })
    const provider = new TidemarkProvider('room', new Y.Doc(), { transport, scheduler })
    scheduler.advance(1000)
    return provider
  })
  scheduler.advance(REST_MS)
  const text = providers[0]?.doc.getText('text')
  const type = (count: number) => {
    for (let i = 0; i < count; i++) {
      text?.insert(text.length, 'a')
      scheduler.advance(GAP_MS)
    }
    scheduler.advance(TAIL_MS)
  }
  type(5)
  sent.length = 0
  type(KEYSTROKES)
  const all = sent.slice()
  for (const provider of providers) provider.destroy()
  return all
}

function kindOf(message: Message): Kind {
  if (message.type === 'heartbeat') return 'heartbeats'
  if (message.type !== 'gossip') return 'others'
  return message.operations.length > 0 ? 'operations' : message.reports.length > 0 ? 'reports' : 'others'
}

// ---------------------------------------------------------------------------- tables

function oneKeystroke(sent: readonly Sent[]): Table {
  const single = sent.filter(
    ({ message }) => kindOf(message) === 'operations' && (message as Gossip).reports.length === 0,
  )
  const operation = (single.at(-1)?.message as Gossip | undefined)?.operations[0]
  if (operation?.kind !== 'update') throw new Error('nobody typed')
  const frame = median(single.map(({ frameBytes }) => frameBytes))
  const update = operation.payload.length
  /** Its number in the frame, its length, itself. */
  const author = 2 + operation.author.length
  const rows: Row[] = [
    bytesRow('the change itself, a Yjs update', update),
    bytesRow('its author’s name', author),
    bytesRow(
      'numbers (sequence, clock, dependencies, epoch, lengths) and what marks the frame',
      frame - update - author,
    ),
    bytesRow('the frame', frame),
    bytesRow(
      'on the data channel: what of it is new',
      median(single.map(({ channelBytes }) => channelBytes)),
    ),
    bytesRow('the same by y-webrtc: the change, its length, two bytes that mark it', update + 3),
  ]
  return { title: 'One letter on its way to one neighbour', columns: ['bytes'], rows }
}

function bytesRow(who: string, value: number): Row {
  return { who, figures: { bytes: { value, unit: 'bytes' } } }
}

function everything(size: number, sent: readonly Sent[]): Table {
  const per = (unit: Figure['unit'], total: number): Figure => ({ value: total / KEYSTROKES, unit })
  const rows = KINDS.map((kind): Row => {
    const own = sent.filter(({ message }) => kindOf(message) === kind)
    const total = (of: (sent: Sent) => number) => own.reduce((sum, each) => sum + of(each), 0)
    return {
      who: kind,
      figures: {
        messages: per('messages', own.length),
        'as frames': per(
          'bytes',
          total(({ frameBytes }) => frameBytes),
        ),
        'on data channels': per(
          'bytes',
          total(({ channelBytes }) => channelBytes),
        ),
      },
    }
  })
  const title = `All that ${size} send per letter while one of them types 8 a second`
  return { title, columns: ['messages', 'as frames', 'on data channels'], rows }
}
