/**
 * Wraps the provider into one view that panels draw, renewed a few times a second however fast people type.
 *
 * Most of what the view shows (reports above all) changes without any event, so the room looks by itself.
 */
import type { ConnectionStatus, SnapshotMove, TidemarkProvider, TidemarkStats } from 'tidemark'
import type * as Y from 'yjs'
import { cleanName, type Identity, loadIdentity, saveIdentity, unlike } from './identity.js'
import { OperationHistory } from './operation-history.js'
import { type Presence, publishIdentity, publishPlace, readPresences } from './presence.js'
import type { Block, Compaction, Dropped, Member, RoomView } from './view.js'

const VIEW_INTERVAL_MS = 150
/** In small rooms operations come and go quickly; a glance at a short log costs next to nothing. */
const GLANCE_INTERVAL_MS = 40
const LONGEST_GLANCE = 300
const SHOWN_OPERATIONS = 800
const UNKNOWN_COLOR = '#64748b'

type Listener = (view: RoomView) => void

export class Room {
  readonly provider: TidemarkProvider
  readonly text: Y.Text
  view: RoomView
  private identity: Identity = loadIdentity()
  /** A name or colour that was chosen by hand, or once for this room, is kept even if others have the same. */
  private isIdentitySettled = false
  private readonly history = new OperationHistory()
  private readonly authors = new Map<string, Member>()
  private readonly listeners = new Set<Listener>()
  private dropped: Dropped = { operations: 0, bytes: 0 }
  private lastCompaction: Compaction | undefined
  private loading: number | undefined
  private lastPoint = 0
  private status: ConnectionStatus = 'disconnected'

  /** @param provider not yet connected, so that no event is missed. */
  constructor(provider: TidemarkProvider, text: Y.Text) {
    this.provider = provider
    this.text = text
    publishIdentity(provider, this.identity)
    provider.on('snapshot', (move) => this.compacted(move))
    // Joins and departures are short-lived in the log.
    provider.on('members', () => this.glance())
    provider.on('progress', ({ share }) => {
      this.loading = share < 1 ? share : undefined
    })
    provider.on('status', ({ status }) => {
      this.status = status
      this.refresh()
    })
    provider.on('synced', () => this.refresh())
    this.view = this.look()
    setInterval(() => this.refresh(), VIEW_INTERVAL_MS)
    setInterval(() => this.glance(), GLANCE_INTERVAL_MS)
  }

  subscribe(listener: Listener): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  get you(): Identity {
    return this.identity
  }

  introduce(change: Partial<Identity>): void {
    const name = cleanName(change.name ?? this.identity.name) || this.identity.name
    this.identity = { ...this.identity, ...change, name }
    this.isIdentitySettled = true
    saveIdentity(this.identity)
    publishIdentity(this.provider, this.identity)
    this.refresh()
  }

  // ------------------------------------------------------------------ looking

  private refresh(): void {
    this.view = this.look()
    for (const listener of this.listeners) listener(this.view)
  }

  private look(): RoomView {
    const { provider } = this
    publishPlace(provider)
    const presences = readPresences(provider)
    this.settleIdentity(presences)
    const members = provider.members.map((replica) => this.member(replica, presences.get(replica)))
    const blockedBy = provider.blockedBy.map(
      ({ replica, reason }): Block => ({ member: this.member(replica, presences.get(replica)), reason }),
    )
    const known = new Set(provider.members)
    const stats = this.stats()
    if (this.status !== 'disconnected') this.history.look(provider.log, stats.snapshotPoint)
    if (provider.synced) this.loading = undefined
    this.lastPoint = stats.snapshotPoint
    return {
      roomName: provider.roomName,
      status: this.status,
      isSynced: provider.synced,
      loading: this.loading,
      you: this.identity,
      members,
      newcomers: blockedBy.map(({ member }) => member).filter(({ replica }) => !known.has(replica)),
      links: linksAmong(members),
      blockedBy,
      map: this.mapRows(members),
      snapshotPoint: stats.snapshotPoint,
      operations: this.history.latest(SHOWN_OPERATIONS),
      authors: this.authors,
      stats,
      dropped: this.dropped,
      lastCompaction: this.lastCompaction,
      characters: this.text.length,
    }
  }

  /** Catches sight of operations that would be gone at the next look. */
  private glance(): void {
    const { provider } = this
    if (this.status === 'disconnected' || provider.stats().logOperations > LONGEST_GLANCE) return
    this.history.look(provider.log, provider.snapshotPoint)
  }

  /** Offline there is no room to have a snapshot point in: the last one stays in sight. */
  private stats(): TidemarkStats {
    const stats = this.provider.stats()
    return this.status === 'disconnected' ? { ...stats, snapshotPoint: this.lastPoint } : stats
  }

  private member(replica: string, presence: Presence | undefined): Member {
    const isYou = replica === this.provider.replicaId
    const before = this.authors.get(replica)
    const identity = isYou ? this.identity : (presence?.identity ?? before)
    const member: Member = {
      replica,
      isYou,
      isNamed: isYou || presence?.identity !== undefined || (before?.isNamed ?? false),
      name: identity?.name ?? replica.slice(0, 4),
      color: identity?.color ?? UNKNOWN_COLOR,
      peers: isYou ? this.provider.peers : presence?.peers,
    }
    this.authors.set(replica, member)
    return member
  }

  private mapRows(members: readonly Member[]): RoomView['map'] {
    const { networkMap } = this.provider
    return members.flatMap((member) => {
      const row = networkMap.get(member.replica)
      if (!row) return []
      return [{ member, known: members.map(({ replica }) => row.entries?.get(replica)), floor: row.floor }]
    })
  }

  /** Once, when it becomes clear who else is here: people with one name and colour can not be told apart. */
  private settleIdentity(presences: ReadonlyMap<string, Presence>): void {
    if (this.isIdentitySettled || !this.provider.synced) return
    const others = [...presences.values()].filter(({ replica }) => replica !== this.provider.replicaId)
    const taken = others.flatMap(({ identity }) => (identity ? [identity] : []))
    if (taken.length < this.provider.members.length - 1) return
    this.isIdentitySettled = true
    this.identity = unlike(taken, this.identity)
    saveIdentity(this.identity)
    publishIdentity(this.provider, this.identity)
  }

  private compacted({ point, droppedOperations, bytesBefore, bytesAfter }: SnapshotMove): void {
    const { members } = this.provider
    this.history.compacted(point, droppedOperations, members.length === 1 ? members[0] : undefined)
    if (droppedOperations === 0) return
    const operationsAfter = this.provider.stats().logOperations
    this.lastCompaction = {
      operationsBefore: operationsAfter + droppedOperations,
      operationsAfter,
      bytesBefore,
      bytesAfter,
    }
    this.dropped = {
      operations: this.dropped.operations + droppedOperations,
      bytes: this.dropped.bytes + bytesBefore - bytesAfter,
    }
  }
}

/**
 * A link is drawn if both ends tell of it, or the one that said anything yet: what a member said before it fell
 * silent is no news.
 */
function linksAmong(members: readonly Member[]): RoomView['links'] {
  const byReplica = new Map(members.map((member) => [member.replica, member]))
  const links = new Map<string, { from: string; to: string; isOwn: boolean }>()
  for (const member of members) {
    for (const peer of member.peers ?? []) {
      const other = byReplica.get(peer)
      const isConfirmed = other !== undefined && (other.peers?.includes(member.replica) ?? true)
      if (!isConfirmed) continue
      const [from, to] = member.replica < peer ? [member.replica, peer] : [peer, member.replica]
      links.set(`${from} ${to}`, { from, to, isOwn: member.isYou || other.isYou })
    }
  }
  return [...links.values()]
}
