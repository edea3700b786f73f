/**
 * What happened, as data, for those who draw it. Nothing in a schedule depends on whether it is kept.
 *
 * Every line of the story is an event here; what an event is about stands beside its text. Messages are kept as they
 * were sent and as they arrived, so that what was lost shows, too.
 */
import type { Clock, Operation } from '@tidemark/core'
import type { Fault } from './coverage.js'

/** What an event is about. */
export type Mark =
  | { readonly kind: 'starts' | 'leaves' | 'crashes' | 'restarts' | 'asleep' | 'awake' }
  | { readonly kind: 'member'; readonly id: string; readonly lineage: string; readonly founds: boolean }
  | { readonly kind: 'starts over'; readonly reason: string }
  | { readonly kind: 'edits'; readonly actions: number }
  | { readonly kind: 'asks for a cut' }
  | {
      readonly kind: 'makes'
      readonly operation: string
      readonly what: Operation['kind']
      readonly clock: Clock
    }
  | { readonly kind: 'applies'; readonly operation: string; readonly clock: Clock }
  | { readonly kind: 'point'; readonly clock: Clock }
  | { readonly kind: 'epoch'; readonly epoch: number; readonly cut: string }
  | { readonly kind: 'parted'; readonly sides: readonly (readonly string[])[] }
  | { readonly kind: 'together' }
  | { readonly kind: 'blocked'; readonly from: readonly string[]; readonly to: readonly string[] }
  | { readonly kind: 'unblocked'; readonly from: readonly string[]; readonly to: readonly string[] }
  | { readonly kind: 'rendezvous'; readonly isOpen: boolean }
  | { readonly kind: 'loses link' | 'muted' | 'unmuted'; readonly link: number }
  | { readonly kind: 'accuses'; readonly whom: string }
  | { readonly kind: 'fault'; readonly fault: Fault }
  | { readonly kind: 'peace' }
  | { readonly kind: 'violation' }

export interface Event {
  readonly atMs: number
  /** A device, `all`, or `!` for the simulator itself. */
  readonly who: string
  readonly text: string
  readonly mark: Mark | undefined
}

export interface Message {
  readonly from: string
  /** The first byte of its body names it. */
  readonly type: number
  readonly bytes: number
  readonly sentMs: number
  /** One per delivery: none if it was lost, several if it was repeated. */
  readonly arrivals: { readonly to: string; readonly atMs: number }[]
  /** It never left: whatever the network does to others happened to it before. */
  isSwallowed: boolean
}

const NUMBER_BYTES = 4

export class Chronicle {
  readonly events: Event[] = []
  readonly messages: Message[] = []
  private readonly now: () => number

  constructor(now: () => number) {
    this.now = now
  }

  add(who: string, text: string, mark: Mark | undefined): void {
    this.events.push({ atMs: this.now(), who, text, mark })
  }

  /** @returns what to send instead: the message, numbered, so that it is known again when it arrives. */
  sent(from: string, type: number, bytes: Uint8Array): Uint8Array {
    const number = this.messages.length
    this.messages.push({
      from,
      type,
      bytes: bytes.length,
      sentMs: this.now(),
      arrivals: [],
      isSwallowed: false,
    })
    const numbered = new Uint8Array(bytes.length + NUMBER_BYTES)
    numbered.set(bytes)
    new DataView(numbered.buffer).setUint32(bytes.length, number)
    return numbered
  }

  swallowed(numbered: Uint8Array): void {
    const message = this.messages[numberOf(numbered)]
    if (message) message.isSwallowed = true
  }

  /** @returns what was sent. */
  arrived(to: string, numbered: Uint8Array): Uint8Array {
    this.messages[numberOf(numbered)]?.arrivals.push({ to, atMs: this.now() })
    return numbered.slice(0, -NUMBER_BYTES)
  }
}

function numberOf(numbered: Uint8Array): number {
  const { buffer, byteOffset, length } = numbered
  return new DataView(buffer, byteOffset, length).getUint32(length - NUMBER_BYTES)
}
