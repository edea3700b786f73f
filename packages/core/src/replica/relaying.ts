/**
 * What members carry for others who have no link to each other (yet): negotiations of links (overlay rule OV1), and probes
 * whether somebody is alive (protocol rule EV6).
 */
import type { ReplicaId } from '../causality/operation.js'
import type { Milliseconds, Output } from '../machine.js'
import type { Neighbourhood } from '../overlay/neighbourhood.js'
import type { LinkId } from '../transport.js'
import type { Probe, Relay } from '../wire/messages.js'
import type { Room } from './room.js'

/** So many sponsors in line show the way to somebody of whom nothing has come yet. */
const MAX_LANDMARKS = 8

export class Relaying {
  private readonly room: Room
  private readonly neighbourhood: Neighbourhood
  private readonly emit: (output: Output) => void

  constructor(room: Room, neighbourhood: Neighbourhood, emit: (output: Output) => void) {
    this.room = room
    this.neighbourhood = neighbourhood
    this.emit = emit
  }

  /** Our side of a negotiation. */
  signal(to: ReplicaId, bytes: Uint8Array): void {
    this.relay({ type: 'relay', from: this.room.self, to, hops: 0, bytes })
  }

  /** @param by the link that it came by. */
  relay(message: Relay, by?: LinkId): void {
    const { from, to, bytes } = message
    if (to === this.room.self) return this.emit({ type: 'signal', from, bytes })
    this.neighbourhood.relay(message, this.landmarksTo(to), by)
  }

  probe(member: ReplicaId): void {
    this.pass({ type: 'probe', from: this.room.self, to: member, hops: 0, isAnswer: false })
  }

  probed(message: Probe, by: LinkId, now: Milliseconds): void {
    if (message.to !== this.room.self) return this.pass(message, by)
    const { evicting, roster } = this.room
    if (roster.has(message.from)) evicting.suspicion.sign(message.from, now)
    if (!message.isAnswer)
      this.pass({ type: 'probe', from: this.room.self, to: message.from, hops: 0, isAnswer: true })
  }

  private pass(probe: Probe, by?: LinkId): void {
    this.neighbourhood.relay(probe, this.landmarksTo(probe.to), by)
  }

  /**
   * Of somebody new nothing may have come by any way that is known, but what made it a member came from its sponsor. A
   * sponsor that has lost its newcomer asks nobody: its own sponsors would send the message back.
   */
  private landmarksTo(member: ReplicaId): ReplicaId[] {
    const { roster, self } = this.room
    return roster.sponsorsOf(member, MAX_LANDMARKS, self)
  }
}
