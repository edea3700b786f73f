/**
 * Real replicas and links that do only what a test tells them: messages wait until they are delivered, lost or
 * held back; time passes when it is told to. Everything is synchronous, so a test sees every step.
 */
import type { Input, LinkId, Output, ReplicaConfig, ReplicaId, Signatures } from '../src/index.js'
import { Replica } from '../src/index.js'
import type { Lane } from '../src/transport.js'
import { decodeMessage, encodeMessage } from '../src/wire/codec.js'
import type { Message } from '../src/wire/messages.js'
import { SharedSet } from './shared-set.js'

export type MessageOf<T extends Message['type']> = Extract<Message, { type: T }>
type OutputOf<T extends Output['type']> = Extract<Output, { type: T }>

/** One message on its way, or the news that the other end has closed the link. */
export interface Letter {
  readonly link: LinkId
  readonly from: ReplicaId
  readonly to: ReplicaId
  readonly lane: Lane
  readonly bytes: Uint8Array
  readonly message: Message | { readonly type: 'closed'; readonly reason: string }
}

export type Choice = (letter: Letter) => boolean

/** Whatever can stand at the end of a link. */
interface End {
  readonly id: ReplicaId
  readonly isAsleep: boolean
  take(letter: Letter): void
  linkUp(link: LinkId, isFound: boolean): void
  linkDown(link: LinkId, reason: string): void
}

/** More steps than this at one moment of time means that two replicas keep each other busy for ever. */
const MAX_STEPS_AT_ONCE = 50_000

export function decoded(bytes: Uint8Array): Message {
  const result = decodeMessage(bytes)
  if (!result.ok) throw new Error(`does not decode: ${result.reason}`)
  return result.message
}

/** A replica of the network, with the set that it replicates and a record of all its outputs. */
export class Peer implements End {
  readonly id: ReplicaId
  readonly set: SharedSet
  readonly replica: Replica
  readonly outputs: Output[] = []
  timerAt: number | null = null
  isAsleep = false
  private readonly network: Network

  constructor(id: ReplicaId, network: Network, config: Partial<ReplicaConfig>, set: SharedSet) {
    this.id = id
    this.network = network
    this.set = set
    this.replica = new Replica(id, set, config)
  }

  /** Feeds one input and carries out the orders that come of it. */
  feed(input: Input): Output[] {
    const outputs = this.replica.handle(input, this.network.now)
    this.outputs.push(...outputs)
    for (const output of outputs) this.network.carryOut(this, output)
    return outputs
  }

  /** The user adds a word, and the replica is told. */
  type(word: string): void {
    this.set.add(word)
    this.feed({ type: 'local-change' })
  }

  take(letter: Letter): void {
    this.feed({ type: 'message', link: letter.link, bytes: letter.bytes })
  }

  /** A message that nobody has sent. */
  hear(link: LinkId, message: Message): void {
    this.feed({ type: 'message', link, bytes: encodeMessage(message) })
  }

  linkUp(link: LinkId, isFound: boolean): void {
    this.feed({ type: 'link-up', link, isFound })
  }

  linkDown(link: LinkId, reason: string): void {
    this.feed({ type: 'link-down', link, reason })
  }

  outputsOf<T extends Output['type']>(type: T): OutputOf<T>[] {
    return this.outputs.filter((output): output is OutputOf<T> => output.type === type)
  }

  /** All messages of a type that it has sent. */
  sent<T extends Message['type']>(type: T): MessageOf<T>[] {
    return this.outputsOf('send')
      .map((output) => decoded(output.bytes))
      .filter((message): message is MessageOf<T> => message.type === type)
  }

  get point(): number {
    return this.replica.snapshotPoint
  }
}

/** An end of a link at which a test speaks for itself, frame by frame. */
export class Stranger implements End {
  readonly id: ReplicaId
  readonly isAsleep = false
  readonly inbox: Message[] = []
  readonly lanes: Lane[] = []
  link: LinkId = -1
  closedBecause: string | undefined
  private readonly network: Network
  private readonly to: Peer

  constructor(id: ReplicaId, network: Network, to: Peer) {
    this.id = id
    this.network = network
    this.to = to
  }

  take(letter: Letter): void {
    if (letter.message.type === 'closed') return
    this.inbox.push(letter.message)
    this.lanes.push(letter.lane)
  }

  linkUp(link: LinkId): void {
    this.link = link
  }

  linkDown(_link: LinkId, reason: string): void {
    this.closedBecause = reason
  }

  /** Says it, and lets the replica answer at once. */
  say(message: Message): Output[] {
    return this.sayBytes(encodeMessage(message))
  }

  sayBytes(bytes: Uint8Array): Output[] {
    const outputs = this.to.feed({ type: 'message', link: this.link, bytes })
    this.network.deliver((letter) => letter.to === this.id)
    return outputs
  }

  heard<T extends Message['type']>(type: T): MessageOf<T>[] {
    return this.inbox.filter((message): message is MessageOf<T> => message.type === type)
  }

  /** The only message of this type. */
  theOnly<T extends Message['type']>(type: T): MessageOf<T> {
    const heard = this.heard(type)
    const [only] = heard
    if (heard.length !== 1 || !only) throw new Error(`heard ${heard.length} messages of type ${type}`)
    return only
  }
}

/** Of rooms in which nobody is ever suspected. */
export const UNSUSPECTING: Partial<ReplicaConfig> = { suspectAfterMs: Number.POSITIVE_INFINITY }

export class Network {
  now = 0
  readonly peers = new Map<ReplicaId, Peer>()
  readonly underway: Letter[] = []
  /** Letters of this kind stay under way until the choice changes; later ones of their link overtake them. */
  held: Choice = () => false
  /** Whether a dialed member is linked at once; otherwise nothing comes of it. */
  canDial = true
  /** Pairs that try in vain, and are told so. */
  areApart: (a: ReplicaId, b: ReplicaId) => boolean = () => false
  /** Of rooms whose members sign what they say. */
  signaturesOf: ((id: ReplicaId) => Signatures) | undefined
  private readonly ends = new Map<ReplicaId, End>()
  private readonly wires = new Map<LinkId, readonly [End, End]>()
  private links = 0

  // ------------------------------------------------------------------ who is there

  /** A replica that looks for the room. */
  seeker(id: ReplicaId, config: Partial<ReplicaConfig> = {}, set = new SharedSet(id)): Peer {
    const peer = new Peer(id, this, { signatures: this.signaturesOf?.(id), ...config }, set)
    this.peers.set(id, peer)
    this.ends.set(id, peer)
    peer.feed({ type: 'start' })
    return peer
  }

  founder(id: ReplicaId, config: Partial<ReplicaConfig> = {}, set?: SharedSet): Peer {
    const peer = this.seeker(id, config, set)
    peer.feed({ type: 'alone' })
    return peer
  }

  /** A replica that has asked `sponsor` to let it in; with nothing held back it is a member when this returns. */
  newcomer(id: ReplicaId, sponsor: Peer, config: Partial<ReplicaConfig> = {}, set?: SharedSet): Peer {
    const peer = this.seeker(id, config, set)
    this.connect(peer, sponsor, true)
    this.settle()
    return peer
  }

  /** A room of these members, linked as they wish, with nothing left to say. The first has founded it. */
  room<const Ids extends readonly ReplicaId[]>(
    ids: Ids,
    config: Partial<ReplicaConfig> = {},
  ): { [K in keyof Ids]: Peer } {
    const [first = '', ...others] = ids
    const founder = this.founder(first, config)
    const members = [founder, ...others.map((id) => this.newcomer(id, founder, config))]
    this.pass(10_000)
    // One member per id, in their order.
    return members as { [K in keyof Ids]: Peer }
  }

  /** A link to `peer` whose other end the test speaks for. */
  stranger(id: ReplicaId, peer: Peer): Stranger {
    const stranger = new Stranger(id, this, peer)
    this.ends.set(id, stranger)
    this.connect(stranger, peer)
    this.deliver((letter) => letter.to === id)
    return stranger
  }

  // ------------------------------------------------------------------ links

  /** @param isFound `a` had been looking for the room. */
  connect(a: End, b: End, isFound = false): LinkId {
    const link = ++this.links
    this.wires.set(link, [a, b])
    a.linkUp(link, isFound)
    b.linkUp(link, false)
    return link
  }

  linksBetween(a: End, b: End): LinkId[] {
    return [...this.wires].filter(([, ends]) => ends.includes(a) && ends.includes(b)).map(([link]) => link)
  }

  /** Both ends notice that the link is gone; what was under way is lost. */
  cut(a: End, b: End): void {
    for (const link of this.linksBetween(a, b)) {
      this.wires.delete(link)
      this.lose((letter) => letter.link === link)
      a.linkDown(link, 'cut')
      b.linkDown(link, 'cut')
    }
  }

  /** The process dies: nobody is told anything but that the links are gone. */
  crash(peer: Peer): void {
    this.ends.delete(peer.id)
    this.peers.delete(peer.id)
    for (const [link, [a, b]] of [...this.wires]) {
      if (a !== peer && b !== peer) continue
      this.wires.delete(link)
      this.lose((letter) => letter.link === link)
      const other = a === peer ? b : a
      other.linkDown(link, 'crashed')
    }
  }

  // ------------------------------------------------------------------ messages

  /** Delivers what is under way now and chosen, in the order in which it was sent. @returns how many. */
  deliver(choice: Choice = () => true): number {
    const chosen = this.underway.filter(choice)
    for (const letter of chosen) this.deliverOne(letter)
    return chosen.length
  }

  deliverOne(letter: Letter): void {
    const at = this.underway.indexOf(letter)
    if (at < 0) return
    this.underway.splice(at, 1)
    const to = this.ends.get(letter.to)
    if (!this.wires.has(letter.link) || !to) return
    if (letter.message.type !== 'closed') return to.take(letter)
    this.wires.delete(letter.link)
    to.linkDown(letter.link, letter.message.reason)
  }

  /** @returns what was lost. */
  lose(choice: Choice): Letter[] {
    const lost = this.underway.filter(choice)
    for (const letter of lost) this.underway.splice(this.underway.indexOf(letter), 1)
    return lost
  }

  // ------------------------------------------------------------------ time

  /** Until nothing is under way but what is held, and no timer is due. */
  settle(): void {
    for (let steps = 0; this.step(); steps++) {
      if (steps > MAX_STEPS_AT_ONCE) throw new Error('the network does not come to rest')
    }
  }

  /** Lets time pass; everything that is not held is delivered as soon as it is sent. */
  pass(ms: number): void {
    const end = this.now + ms
    for (;;) {
      this.settle()
      const next = Math.min(...[...this.peers.values()].map((peer) => this.wakesAt(peer)))
      if (next > end) break
      this.now = Math.max(next, this.now)
    }
    this.now = end
    this.settle()
  }

  private step(): boolean {
    const letter = this.underway.find((one) => !this.held(one) && !this.ends.get(one.to)?.isAsleep)
    if (letter) {
      this.deliverOne(letter)
      return true
    }
    for (const peer of this.peers.values()) {
      if (this.wakesAt(peer) > this.now) continue
      peer.timerAt = null
      peer.feed({ type: 'timer' })
      return true
    }
    return false
  }

  private wakesAt(peer: Peer): number {
    return peer.isAsleep || peer.timerAt === null ? Number.POSITIVE_INFINITY : peer.timerAt
  }

  // ------------------------------------------------------------------ orders

  carryOut(peer: Peer, output: Output): void {
    if (output.type === 'timer') peer.timerAt = output.at
    if (output.type === 'send') this.post(peer, output.link, output.lane, output.bytes, decoded(output.bytes))
    if (output.type === 'close') {
      const message = { type: 'closed' as const, reason: output.reason }
      this.post(peer, output.link, 'urgent', new Uint8Array(), message)
    }
    if (output.type === 'dial') this.dial(peer, output.peer)
  }

  private post(from: Peer, link: LinkId, lane: Lane, bytes: Uint8Array, message: Letter['message']): void {
    const to = this.wires.get(link)?.find((end) => end !== from)
    if (to) this.underway.push({ link, from: from.id, to: to.id, lane, bytes, message })
  }

  private dial(from: Peer, id: ReplicaId): void {
    const to = this.peers.get(id)
    if (this.areApart(from.id, id)) from.feed({ type: 'dial-failed', peer: id, reason: 'no way' })
    else if (this.canDial && to && this.linksBetween(from, to).length === 0) this.connect(from, to)
  }
}

/** Letters with messages of these types. */
export function ofType(...types: Letter['message']['type'][]): Choice {
  return (letter) => types.includes(letter.message.type)
}

/** Gossip that carries operations. */
export function carriesOperations(letter: Letter): boolean {
  return letter.message.type === 'gossip' && letter.message.operations.length > 0
}

/** Gossip that carries reports. */
export function carriesReports(letter: Letter): boolean {
  return letter.message.type === 'gossip' && letter.message.reports.length > 0
}
