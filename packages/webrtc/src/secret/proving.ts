/**
 * The first words on a new connection in a room with a password or with identities, before anybody else hears of it: each side
 * sends a challenge, answers the other's with a proof of each, and goes on only if the other's proofs hold.
 *
 * Both begin at once, and on their way things keep their order; so the other side may have done its checking and
 * send what belongs to the link while we still check. That is kept and handed on.
 */

import type { ReplicaId } from '@tidemark/core'
import { readFarewell } from '../link/chunking.js'
import {
  type Connection,
  challengeBytes,
  fingerprintsIn,
  introduce,
  introduced,
  isProof,
  type LinkIdentity,
  proofBytes,
  prove,
  type Role,
} from './proof.js'
import type { RoomSecret } from './room-keys.js'

/** What proving needs of a connection. */
export interface ProvableChannel {
  /** Session descriptions as they were negotiated. */
  readonly descriptions: { readonly local: string; readonly remote: string }
  onChunk: (chunk: Uint8Array) => void
  send(chunk: Uint8Array): boolean
}

export interface ProvingOptions {
  /** Null where the room has no password. */
  readonly secret: RoomSecret | null
  /** Null where members have no identities. One of the two there must be. */
  readonly identity: LinkIdentity | null
  readonly call: string
  readonly isCaller: boolean
  readonly channel: ProvableChannel
  /** With what has come in behind the proof, and who it is, if members have identities. */
  readonly proven: (early: readonly Uint8Array[], peer: ReplicaId | undefined) => void
  /** @param lacks what the other side did not prove. */
  readonly failed: (reason: string, lacks: Proof) => void
}

/** That one knows the password, or that one holds the id one goes by. */
export type Proof = 'password' | 'identity'

/** First bytes of frames. No chunk of a link begins like that, so whoever expects a link ends it. */
const challengeFrame = 0x10
const proofFrame = 0x20
const identityFrame = 0x30

/** An id and a signature. */
const maxIdentityBytes = 256

/** Before it has heard of us, the other side of a link says hello and no more. */
const maxEarlyBytes = 256 * 1024
const maxEarlyFrames = 64

export class Proving {
  readonly #options: ProvingOptions
  readonly #frames: Uint8Array[] = []
  #frameBytes = 0
  #wake: () => void = () => {}
  #isOver = false
  /** What is being proved. */
  #proof: Proof
  #peer: ReplicaId | undefined

  constructor(options: ProvingOptions) {
    this.#options = options
    this.#proof = options.secret === null ? 'identity' : 'password'
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
    const { secret, identity, call, isCaller, channel } = this.#options
    const challenge = crypto.getRandomValues(new Uint8Array(challengeBytes))
    channel.send(frame(challengeFrame, challenge))
    const theirChallenge = await this.#next(challengeFrame, (bytes) => bytes === challengeBytes)
    const { local, remote } = channel.descriptions
    const us = { fingerprints: fingerprintsIn(local), challenge }
    const them = { fingerprints: fingerprintsIn(remote), challenge: theirChallenge }
    if (us.fingerprints.length === 0 || them.fingerprints.length === 0) {
      throw new Error('the connection shows no certificates')
    }
    const [caller, callee] = isCaller ? [us, them] : [them, us]
    const room = secret?.room ?? identity?.room ?? ''
    const connection: Connection = { room, call, caller, callee }
    const [ourRole, theirRole] = isCaller ? (['caller', 'callee'] as const) : (['callee', 'caller'] as const)
    if (secret !== null) await this.#provePassword(secret, ourRole, theirRole, connection)
    // Who we are is told to those alone who know the password.
    if (identity !== null) await this.#proveIdentity(identity, ourRole, theirRole, connection)
  }

  async #provePassword(secret: RoomSecret, ours: Role, theirs: Role, connection: Connection): Promise<void> {
    const { proving } = await secret.keys
    const ourProof = await prove(proving, ours, connection)
    if (this.#isOver) return
    this.#options.channel.send(frame(proofFrame, ourProof))
    const theirProof = await this.#next(proofFrame, (bytes) => bytes === proofBytes)
    const holds = await isProof(proving, theirs, connection, theirProof)
    if (!holds) throw new Error('the other side gave a wrong proof of the password')
  }

  async #proveIdentity(
    identity: LinkIdentity,
    ours: Role,
    theirs: Role,
    connection: Connection,
  ): Promise<void> {
    this.#proof = 'identity'
    if (this.#isOver) return
    this.#options.channel.send(frame(identityFrame, introduce(identity, ours, connection)))
    const introduction = await this.#next(identityFrame, (bytes) => bytes > 0 && bytes <= maxIdentityBytes)
    const peer = introduced(identity, theirs, connection, introduction)
    if (peer === null) throw new Error('the other side does not hold the id that it goes by')
    this.#peer = peer
  }

  /** The next frame's content. Never comes once this is over. */
  async #next(kind: number, isLength: (bytes: number) => boolean): Promise<Uint8Array<ArrayBuffer>> {
    while (this.#frames.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    const content = this.#frames.shift() ?? new Uint8Array()
    const farewell = readFarewell(content)
    if (farewell !== null) throw new Error(`closed by the other side: ${farewell}`)
    if (content[0] !== kind || !isLength(content.byteLength - 1)) {
      throw new Error(`the other side sent something else than a proof of ${subjects[this.#proof]}`)
    }
    return content.slice(1)
  }

  #take(chunk: Uint8Array): void {
    if (this.#isOver) return
    this.#frames.push(chunk)
    this.#frameBytes += chunk.byteLength
    if (this.#frameBytes > maxEarlyBytes || this.#frames.length > maxEarlyFrames) {
      this.#fail(`the other side sent too much before its proof of ${subjects[this.#proof]} was checked`)
    } else this.#wake()
  }

  #succeed(): void {
    if (this.#isOver) return
    const early = [...this.#frames]
    this.stop()
    this.#options.proven(early, this.#peer)
  }

  #fail(reason: string): void {
    if (this.#isOver) return
    this.stop()
    this.#options.failed(reason, this.#proof)
  }
}

/** Whether a frame that came where a link was expected is one of somebody who has to prove who it is. */
export function asksForIdentity([kind]: Uint8Array): boolean {
  return kind === challengeFrame || kind === identityFrame
}

export const subjects: Record<Proof, string> = { password: 'the password', identity: 'who it is' }

function frame(kind: number, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + content.byteLength)
  bytes[0] = kind
  bytes.set(content, 1)
  return bytes
}
