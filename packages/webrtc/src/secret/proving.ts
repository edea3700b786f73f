/**
 * The first words on a new connection in a room with a password, before anybody else hears of it: each side sends a
 * challenge, answers the other's with a proof, and goes on only if the other's proof holds.
 *
 * Both begin at once, and on their way things keep their order; so the other side may have done its checking and
 * send what belongs to the link while we still check. That is kept and handed on.
 */
import { readFarewell } from '../link/chunking.js'
import { type Connection, challengeBytes, fingerprintsIn, isProof, proofBytes, prove } from './proof.js'
import type { RoomSecret } from './room-keys.js'

/** What proving needs of a connection. */
export interface ProvableChannel {
  /** Session descriptions as they were negotiated. */
  readonly descriptions: { readonly local: string; readonly remote: string }
  onChunk: (chunk: Uint8Array) => void
  send(chunk: Uint8Array): boolean
}

export interface ProvingOptions {
  readonly secret: RoomSecret
  readonly call: string
  readonly isCaller: boolean
  readonly channel: ProvableChannel
  /** With what has come in behind the proof. */
  readonly proven: (early: readonly Uint8Array[]) => void
  readonly failed: (reason: string) => void
}

/** First bytes of frames. No chunk of a link begins like that, so whoever expects a link ends it. */
const challengeFrame = 0x10
const proofFrame = 0x20

/** Before it has heard of us, the other side of a link says hello and no more. */
const maxEarlyBytes = 256 * 1024
const maxEarlyFrames = 64

export class Proving {
  readonly #options: ProvingOptions
  readonly #frames: Uint8Array[] = []
  #frameBytes = 0
  #wake: () => void = () => {}
  #isOver = false

  constructor(options: ProvingOptions) {
    this.#options = options
    options.channel.onChunk = (chunk) => this.#take(chunk)
    this.#run().then(
      () => this.#succeed(),
      (error: unknown) => this.#fail(error instanceof Error ? error.message : String(error)),
    )
  }

  /** Calls back no more. */
  stop(): void {
    this.#isOver = true
    this.#frames.length = 0
  }

  async #run(): Promise<void> {
    const { secret, call, isCaller, channel } = this.#options
    const challenge = crypto.getRandomValues(new Uint8Array(challengeBytes))
    channel.send(frame(challengeFrame, challenge))
    const theirChallenge = await this.#next(challengeFrame, challengeBytes)
    const { local, remote } = channel.descriptions
    const us = { fingerprints: fingerprintsIn(local), challenge }
    const them = { fingerprints: fingerprintsIn(remote), challenge: theirChallenge }
    if (us.fingerprints.length === 0 || them.fingerprints.length === 0) {
      throw new Error('the connection shows no certificates')
    }
    const [caller, callee] = isCaller ? [us, them] : [them, us]
    const connection: Connection = { room: secret.room, call, caller, callee }
    const [ourRole, theirRole] = isCaller ? (['caller', 'callee'] as const) : (['callee', 'caller'] as const)
    const { proving } = await secret.keys
    const ourProof = await prove(proving, ourRole, connection)
    if (this.#isOver) return
    channel.send(frame(proofFrame, ourProof))
    const theirProof = await this.#next(proofFrame, proofBytes)
    const holds = await isProof(proving, theirRole, connection, theirProof)
    if (!holds) throw new Error('the other side gave a wrong proof of the password')
  }

  /** The next frame's content. Never comes once this is over. */
  async #next(kind: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    while (this.#frames.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    const content = this.#frames.shift() ?? new Uint8Array()
    const farewell = readFarewell(content)
    if (farewell !== null) throw new Error(`closed by the other side: ${farewell}`)
    if (content[0] !== kind || content.byteLength !== 1 + length) {
      throw new Error('the other side sent something else than a proof of the password')
    }
    return content.slice(1)
  }

  #take(chunk: Uint8Array): void {
    if (this.#isOver) return
    this.#frames.push(chunk)
    this.#frameBytes += chunk.byteLength
    if (this.#frameBytes > maxEarlyBytes || this.#frames.length > maxEarlyFrames) {
      this.#fail('the other side sent too much before its proof of the password was checked')
    } else this.#wake()
  }

  #succeed(): void {
    if (this.#isOver) return
    const early = [...this.#frames]
    this.stop()
    this.#options.proven(early)
  }

  #fail(reason: string): void {
    if (this.#isOver) return
    this.stop()
    this.#options.failed(reason)
  }
}

function frame(kind: number, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + content.byteLength)
  bytes[0] = kind
  bytes.set(content, 1)
  return bytes
}
