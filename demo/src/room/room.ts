/**
 * Wraps the provider into one view that panels draw, renewed a few times a second however fast people type.
 *
 * Most of what the view shows (reports above all) changes without any event, so the room looks by itself.
 */
import type { Compaction, ConnectionStatus, SnapshotMove, TidemarkProvider, TidemarkStats } from 'tidemark'
import type * as Y from 'yjs'
import { Comparison } from '../control/comparison.js'
import { cleanName, type Identity, loadIdentity, saveIdentity, unlike } from './identity.js'
import { OperationHistory } from './operation-history.js'
import {
  type Presence,
  publishIdentity,
  publishPlace,
  publishPlainFigures,
  readPresences,
} from './presence.js'
import type { Block, Cut, Member, RoomView } from './view.js'

const VIEW_INTERVAL_MS = 150
/** In small rooms operations come and go quickly; a glance at a short log costs next to nothing. */
const GLANCE_INTERVAL_MS = 40
const LONGEST_GLANCE = 300
const SHOWN_OPERATIONS = 800
/** More than the chart shows. */
const REMEMBERED_CUTS = 200
/** How often others are told what plain Yjs would hold. */
const PLAIN_FIGURES_INTERVAL_MS = 1000
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
  private droppedOperations = 0
  private hasCome = false
  private cuts: readonly Cut[] = []
  private isCompacting = false
  private readonly comparison: Comparison
  private lastPlainFiguresMs = Number.NEGATIVE_INFINITY
  private loading: number | undefined
  private lastPoint = 0
  private lastEpoch = 0
  private status: ConnectionStatus = 'disconnected'

  /** @param provider not yet connected, so that no event is missed. */
  constructor(provider: TidemarkProvider, text: Y.Text) {
    this.provider = provider
    this.text = text
    this.comparison = new Comparison(text)
    publishIdentity(provider, this.identity)
    provider.on('snapshot', (move) => this.pointMoved(move))
    provider.on('compacted', (compaction) => this.compacted(compaction))
    // Joins and departures are short-lived in the log.
    provider.on('members', () => this.glance())
    provider.on('progress', ({ share }) => {
      this.loading = share < 1 ? share : undefined
    })
    provider.on('status', ({ status }) => {
      this.status = status
      this.refresh()
    })
    provider.on('synced', (isSynced) => {
      if (isSynced) this.come()
      this.comparison.remeasure()
      this.refresh()
    })
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

  /** Asks for a cut of everything so far. @returns once it is executed here. */
  async compact(): Promise<void> {
    this.isCompacting = true
    this.refresh()
    try {
      await this.provider.compact()
    } finally {
      this.isCompacting = false
      this.refresh()
    }
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
    const { status } = provider
    const blockedBy = status.waitingFor.map(
      ({ replica, reason }): Block => ({ member: this.member(replica, presences.get(replica)), reason }),
    )
    const named = (replicas: readonly string[]) =>
      replicas.map((replica) => this.member(replica, presences.get(replica)))
    const known = new Set(provider.members)
    const stats = this.stats()
    const countedBy = this.compare(members, presences)
    if (this.status !== 'disconnected') this.history.look(provider.log, stats.snapshotPoint)
    if (provider.synced) this.loading = undefined
    this.lastPoint = stats.snapshotPoint
    this.lastEpoch = stats.epoch
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
      mayDecide: status.mayDecide,
      forksInMs: status.forksInMs,
      evictions: status.evictions.map(({ evicted, fenced, awaited }) => ({
        evicted: named(evicted),
        fenced: named(fenced),
        awaited: named(awaited),
      })),
      unsynced: status.unsynced,
      map: this.mapRows(members),
      snapshotPoint: stats.snapshotPoint,
      operations: this.history.latest(SHOWN_OPERATIONS),
      authors: this.authors,
      stats,
      droppedOperations: this.droppedOperations,
      epoch: stats.epoch,
      cuts: this.cuts,
      isCompacting: this.isCompacting,
      measurement: this.comparison.measurement,
      countedBy,
    }
  }

  /** Catches sight of operations that would be gone at the next look. */
  private glance(): void {
    const { provider } = this
    if (this.status === 'disconnected' || provider.stats().logOperations > LONGEST_GLANCE) return
    this.history.look(provider.log, provider.snapshotPoint)
  }

  /** Offline there is no room to have a snapshot point or an epoch in: the last ones stay in sight. */
  private stats(): TidemarkStats {
    const stats = this.provider.stats()
    if (this.status !== 'disconnected') return stats
    return { ...stats, snapshotPoint: this.lastPoint, epoch: this.lastEpoch }
  }

  /** The eldest member has seen most: what its control counts holds for all. @returns it, unless that is us. */
  private compare([eldest]: readonly Member[], presences: ReadonlyMap<string, Presence>): Member | undefined {
    if (eldest === undefined) return undefined
    if (!eldest.isYou) {
      const figures = presences.get(eldest.replica)?.plain
      if (figures) this.comparison.follow(figures)
      return eldest
    }
    const nowMs = performance.now()
    if (nowMs - this.lastPlainFiguresMs < PLAIN_FIGURES_INTERVAL_MS) return undefined
    this.lastPlainFiguresMs = nowMs
    publishPlainFigures(this.provider, this.comparison.measurement.plain)
    return undefined
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

  /** What was stable before we came and is kept until the next cut, would be kept without compaction as well. */
  private come(): void {
    if (this.hasCome) return
    this.hasCome = true
    this.droppedOperations = Math.max(this.droppedOperations, this.provider.stats().segmentOperations)
  }

  private pointMoved({ point, droppedOperations }: SnapshotMove): void {
    const { members } = this.provider
    this.history.compacted(point, droppedOperations, members.length === 1 ? members[0] : undefined)
    this.droppedOperations += droppedOperations
  }

  private compacted({ epoch, bytesBefore, bytesAfter, pauseMs }: Compaction): void {
    const cut: Cut = { atMs: Date.now(), epoch, bytesBefore, bytesAfter, pauseMs }
    this.cuts = [...this.cuts, cut].slice(-REMEMBERED_CUTS)
    this.comparison.remeasure()
    this.refresh()
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
