/**
 * Between the calls of one carrier and the carrier itself: texts go out and come in sealed where the room has a
 * password, and as they are where it has none (rules AC2, AC5).
 *
 * Invariants: with a secret nothing that was not sealed with it for this way gets to the calls, and nothing leaves
 * unsealed. Texts keep their order. Whoever can not be understood is told so, but not often, and an answer to
 * that is never given. Such an answer is a hint that anybody on the way could give: at worst it ends a call to
 * whoever seems to give it.
 */
import { decodeNegotiation } from '../call/negotiation.js'
import { type Carrier, isSealed, open, type Route, seal } from './envelope.js'
import { decodeUnreadable, encodeUnreadable, type SecretMismatch } from './mismatch.js'
import { keysOf, type RoomSecret } from './room-keys.js'

export interface PostOptions {
  readonly carrier: Carrier
  /** Null where the room has no password. */
  readonly secret: RoomSecret | null
  /** What the carrier calls us; null while it knows us by no name. */
  readonly ownAddress: () => string | null
  /** Gives a text to the carrier. */
  readonly transmit: (to: string, text: string) => void
  /** Gives a text to the calls. */
  readonly deliver: (from: string, text: string) => void
  /** What was meant for `to` can not reach it. */
  readonly undeliverable: (to: string, reason: string) => void
  /** Whether a call with that address is under way. */
  readonly isCalling: (address: string) => boolean
  /** It came to nothing, as one side can not read the other's texts. */
  readonly unreadable: (address: string, reason: string) => void
  readonly mismatch: (mismatch: SecretMismatch) => void
}

/** So many answers to what can not be read are given at most in so long: strangers must not use up our rate. */
const maxComplaints = 8
const complaintsWithinMs = 5000

/** So many texts wait for their turn at most, each way; of more some are lost, as carriers may lose any. */
const maxWaiting = 256

/** Work that is done one after the other. */
class Turns {
  #last: Promise<void> = Promise.resolve()
  #waiting = 0

  add(work: () => Promise<void>): void {
    if (this.#waiting === maxWaiting) return
    this.#waiting += 1
    this.#last = this.#last
      .then(work)
      // It is reported, and does not hold up what comes behind it.
      .catch((error: unknown) => void Promise.reject(error))
      .finally(() => {
        this.#waiting -= 1
      })
  }
}

export class Post {
  readonly #options: PostOptions
  readonly #outgoing = new Turns()
  readonly #incoming = new Turns()
  readonly #complainedMs: number[] = []
  #isClosed = false

  constructor(options: PostOptions) {
    this.#options = options
  }

  send(to: string, text: string): void {
    const { secret, transmit, ownAddress, undeliverable } = this.#options
    if (secret === null) return transmit(to, text)
    const from = ownAddress()
    if (from === null) return void queueMicrotask(() => undeliverable(to, 'the carrier is lost'))
    this.#outgoing.add(async () => {
      const keys = await keysOf(secret)
      const sealed = keys && (await seal(keys.sealing, this.#route(secret, from, to), text))
      if (this.#isClosed) return
      // Under another address than the one it was sealed for, nobody could open it.
      if (sealed !== null && ownAddress() === from) transmit(to, sealed)
      else undeliverable(to, sealed === null ? 'there are no keys to seal it with' : 'the carrier was lost')
    })
  }

  receive(from: string, text: string): void {
    const { secret, deliver } = this.#options
    const answer = decodeUnreadable(text)
    if (answer !== undefined) this.#notUnderstood(from, answer.isSealedThere)
    else if (secret === null && isSealed(text)) this.#canNotRead(from, 'unexpected')
    else if (secret === null) deliver(from, text)
    else if (isSealed(text)) this.#open(secret, from, text)
    // What is no negotiation at all tells nothing about anybody's password.
    else if (decodeNegotiation(text) !== null) this.#canNotRead(from, 'missing')
  }

  close(): void {
    this.#isClosed = true
  }

  #open(secret: RoomSecret, from: string, text: string): void {
    const to = this.#options.ownAddress()
    if (to === null) return
    this.#incoming.add(async () => {
      const keys = await keysOf(secret)
      if (keys === null) return
      const opened = await open(keys.sealing, this.#route(secret, from, to), text)
      if (this.#isClosed) return
      if (opened !== null) this.#options.deliver(from, opened)
      else this.#canNotRead(from, 'other')
    })
  }

  #route({ room }: RoomSecret, from: string, to: string): Route {
    return { room, carrier: this.#options.carrier, from, to }
  }

  #notUnderstood(from: string, isSealedThere: boolean): void {
    const { secret, isCalling, unreadable, mismatch } = this.#options
    if (!isCalling(from) || (secret === null && !isSealedThere)) return
    if (secret === null) mismatch('unexpected')
    else mismatch(isSealedThere ? 'other' : 'missing')
    unreadable(from, 'the passwords differ')
  }

  #canNotRead(from: string, why: SecretMismatch): void {
    this.#options.mismatch(why)
    this.#complain(from)
  }

  #complain(to: string): void {
    const { secret, transmit } = this.#options
    const nowMs = Date.now()
    while ((this.#complainedMs[0] ?? nowMs) <= nowMs - complaintsWithinMs) this.#complainedMs.shift()
    if (this.#complainedMs.length >= maxComplaints) return
    this.#complainedMs.push(nowMs)
    transmit(to, encodeUnreadable(secret !== null))
  }
}
