/**
 * A member of a room with identities, and what stands between it and its links: there somebody else may begin to speak for it.
 */
import { type LinkId, type ReplicaId, Session, type Transport, type TransportSession } from '@tidemark/core'
import { decodeMessage } from '@tidemark/core/wire'
import type { VirtualScheduler } from 'tidemark/testing'
import type { Random } from '../random.js'
import { standInSignatures } from '../world/stand-in-signatures.js'
import type { Speaker, Wire } from './liar.js'
import { WordSet } from './word-set.js'

const CONFIG = { suspectAfterMs: 5000, forkAfterMs: 10_000 }

export interface Surroundings {
  readonly scheduler: VirtualScheduler
  readonly random: Random
  tell(line: string): void
  /** What must not happen. */
  fault(what: string): void
}

export class Member implements Wire {
  readonly name: string
  readonly set = new WordSet()
  readonly session: Session
  readonly peers = new Map<LinkId, ReplicaId>()
  alarms = 0
  restarts = 0
  /** Who speaks for it is told of new links. From then on its session neither says nor hears anything. */
  private spokenFor: Speaker | undefined
  private carrier: TransportSession | undefined
  private identities = 0

  constructor(name: string, transport: Transport, { scheduler, random, tell, fault }: Surroundings) {
    this.name = name
    this.session = new Session({
      room: 'room',
      transport: { open: (...call) => this.open(transport, ...call) },
      structure: this.set,
      scheduler,
      newReplicaId: () => `${String.fromCharCode(97 + random.below(26))}-${name}-${++this.identities}`,
      signaturesOf: standInSignatures,
      random: () => random.real(),
      config: CONFIG,
      onNews: (news) => {
        if (news.type !== 'alarm') return
        this.alarms++
        tell(`${name} raises the alarm: of ${news.from}, ${news.reason}`)
      },
      onRejoin: (reason) => {
        this.restarts++
        tell(`${name} starts over: ${reason}`)
      },
      onError: (error) => fault(`${name} has broken: ${error.message}`),
    })
  }

  get isMember(): boolean {
    return this.session.replica?.status === 'member'
  }

  type(word: string): void {
    this.set.add(word)
    this.session.localChange()
  }

  speakFor(speaker: Speaker): void {
    this.spokenFor = speaker
  }

  send(link: LinkId, bytes: Uint8Array): void {
    this.carrier?.send(link, bytes, 'urgent')
  }

  private open(
    transport: Transport,
    ...[room, self, events]: Parameters<Transport['open']>
  ): TransportSession {
    this.peers.clear()
    const carrier = transport.open(room, self, {
      linkUp: (link, ...facts) =>
        this.spokenFor ? this.spokenFor.greet(link) : events.linkUp(link, ...facts),
      linkDown: (link, reason) => {
        this.peers.delete(link)
        if (!this.spokenFor) events.linkDown(link, reason)
      },
      message: (link, bytes) => {
        const decoded = decodeMessage(bytes)
        if (decoded.ok && decoded.message.type === 'hello') this.peers.set(link, decoded.message.replica)
        if (!this.spokenFor) events.message(link, bytes)
        else if (decoded.ok) this.spokenFor.hear(decoded.message)
      },
      alone: () => events.alone(),
      signal: (to, bytes) => events.signal(to, bytes),
      dialFailed: (peer, reason) => events.dialFailed(peer, reason),
      rendezvous: (reachable, reason) => events.rendezvous(reachable, reason),
    })
    this.carrier = carrier
    const unlessSpokenFor = (act: () => void) => {
      if (!this.spokenFor) act()
    }
    return {
      seek: () => unlessSpokenFor(() => carrier.seek()),
      greet: (lineage) => unlessSpokenFor(() => carrier.greet(lineage)),
      dial: (peer) => unlessSpokenFor(() => carrier.dial(peer)),
      signalReceived: (from, bytes) => carrier.signalReceived(from, bytes),
      send: (link, bytes, lane) => unlessSpokenFor(() => carrier.send(link, bytes, lane)),
      close: (link, reason) => unlessSpokenFor(() => carrier.close(link, reason)),
      destroy: () => carrier.destroy(),
    }
  }
}
