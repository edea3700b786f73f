/** Somebody who is in no room: the bare end of a link, at which the test speaks. */
import type { LinkId, ReplicaId, TransportSession } from '@tidemark/core'
import { decodeMessage, encodeMessage } from '@tidemark/core/wire'
import type { MemoryNetwork } from 'tidemark/testing'

export const STRANGER: ReplicaId = 'stranger-0'

export class Stranger {
  readonly id: ReplicaId
  /** Who is at the other end, once that has introduced itself. */
  peer: ReplicaId | undefined
  private readonly session: TransportSession
  private link: LinkId | undefined

  constructor(id: ReplicaId, network: MemoryNetwork) {
    this.id = id
    this.session = network.transport().open('room', id, {
      linkUp: (link) => {
        this.link = link
      },
      linkDown: () => {
        this.link = undefined
      },
      message: (_, bytes) => {
        const decoded = decodeMessage(bytes)
        if (decoded.ok && decoded.message.type === 'hello') this.peer = decoded.message.replica
      },
      alone: () => {},
      signal: () => {},
      dialFailed: () => {},
      rendezvous: () => {},
    })
    this.session.seek()
  }

  get isLinked(): boolean {
    return this.link !== undefined && this.peer !== undefined
  }

  introduce(renumbers: boolean): void {
    const mode = { lineage: '', renumbers, signs: false }
    this.say(encodeMessage({ type: 'hello', replica: this.id, ...mode, digest: 0 }))
  }

  say(bytes: Uint8Array): void {
    if (this.link !== undefined) this.session.send(this.link, bytes, 'urgent')
  }

  leave(): void {
    this.session.destroy()
  }
}
