/**
 * Members and neighbours, as far as the application has been told of them: whoever comes back under another id has left all of
 * them, and finds them again.
 */
import type { News, Replica, ReplicaId } from '@tidemark/core'
import type { ObservableV2 } from 'lib0/observable'
import type { TidemarkEvents } from '../events.js'

type MembersNews = Extract<News, { type: 'members' }>
type PeersNews = Extract<News, { type: 'peers' }>

export class Company {
  private readonly application: ObservableV2<TidemarkEvents>
  private readonly members = new Set<ReplicaId>()
  private readonly peers = new Set<ReplicaId>()
  private identity: ReplicaId | undefined

  constructor(application: ObservableV2<TidemarkEvents>) {
    this.application = application
  }

  membersChanged({ joined, left, evicted }: MembersNews): void {
    update(this.members, joined, left)
    this.application.emit('members', [{ joined, left, evicted }])
  }

  peersChanged({ added, removed }: PeersNews): void {
    update(this.peers, added, removed)
    this.application.emit('peers', [{ added, removed }])
  }

  /** Whoever was here under an earlier identity is gone, as far as the application is concerned. */
  noticeIdentity(replica: Replica | undefined): void {
    if (replica?.id === this.identity) return
    this.identity = replica?.id
    const removed = [...this.peers]
    const left = [...this.members]
    this.peers.clear()
    this.members.clear()
    if (removed.length > 0) this.application.emit('peers', [{ added: [], removed }])
    if (left.length > 0) this.application.emit('members', [{ joined: [], left, evicted: [] }])
  }
}

function update(known: Set<ReplicaId>, added: readonly ReplicaId[], removed: readonly ReplicaId[]): void {
  for (const id of added) known.add(id)
  for (const id of removed) known.delete(id)
}
