/**
 * The overlay of one replica: its links, what travels on them, and who is to be linked next (overlay rules
 * OV1 to OV8).
 *
 * Knows nothing about what operations mean; the replica above it asks it to spread things and is told when
 * neighbours come and go.
 */
import { hash } from '../causality/hash.js'
import type { Operation, ReplicaId } from '../causality/operation.js'
import type { Input, Output, ReplicaConfig } from '../machine.js'
import type { Report } from '../snapshot/report.js'
import type { Lane, LinkId } from '../transport.js'
import { encodeMessage } from '../wire/codec.js'
import { MAX_REASON_LENGTH } from '../wire/limits.js'
import type { Hello, Message, Presence, Probe, Relay } from '../wire/messages.js'
import { digestOf, type Holdings } from './anti-entropy.js'
import { BroadcastTree } from './broadcast-tree.js'
import { Dialing } from './dialing.js'
import { type Link, Links } from './links.js'
import { Outgoing } from './outgoing.js'
import { chosenNeighbours, depth, Ring } from './topology.js'

/** A link that neither end would choose is kept for this long: the room may still be changing. */
const SUPERFLUOUS_MS = 10_000

/** Which history of the room we are in, and what is the same for all of its members. */
export type Mode = Pick<Hello, 'lineage' | 'renumbers' | 'signs'>

type LinkUp = Extract<Input, { readonly type: 'link-up' }>

/** What the neighbourhood needs to know of a member. */
interface MemberName {
  readonly replica: ReplicaId
}

/** So many hops a relayed message goes at most, … */
const MAX_HOPS = 16
/** … and so many more for each doubling of a larger room: while many come in, those who know the way stand in long lines. */
const HOPS_PER_DOUBLING = 2
const LARGE_ROOM = 16
/**
 * So many hops it follows what was learnt of the way. What was learnt long ago may lead in a circle; after that it strolls,
 * each time along another path. Where not everybody is linked to everybody a stroll leads there by luck alone: it comes last.
 */
const GUIDED_HOPS_IN_FULL_MESH = 5
const STROLLED_HOPS = 6

export class Neighbourhood {
  readonly links = new Links()
  readonly tree = new BroadcastTree()
  private readonly self: ReplicaId
  private readonly config: ReplicaConfig
  private readonly emit: (output: Output) => void
  private readonly holdings: () => Holdings
  private readonly outgoing = new Outgoing()
  private readonly dialing: Dialing
  private nextHeartbeatAt = Number.POSITIVE_INFINITY
  private knownPeers = new Set<ReplicaId>()
  /** What the last plan was made for, and whether links or attempts have changed since. */
  private plannedFor: readonly MemberName[] | undefined
  private wanted: ReadonlySet<ReplicaId> = new Set()
  /** Of all members, where they are too many for a full mesh. */
  private readonly ring = new Ring()
  private hasChanged = true
  /** Messages relayed without knowing the way. */
  private strays = 0

  constructor(
    self: ReplicaId,
    config: ReplicaConfig,
    emit: (output: Output) => void,
    holdings: () => Holdings,
  ) {
    this.self = self
    this.config = config
    this.emit = emit
    this.holdings = holdings
    this.dialing = new Dialing(self, config.maxConnections)
  }

  // ------------------------------------------------------------------ links

  linkUp({ link, peer, isFound }: LinkUp, mode: Mode, now: number): void {
    this.links.add(link, now, peer, isFound)
    this.nextHeartbeatAt = Math.min(this.nextHeartbeatAt, now + this.config.heartbeatIntervalMs)
    this.greet(link, mode)
  }

  greet(id: LinkId, { lineage, renumbers, signs }: Mode): void {
    this.send(id, { type: 'hello', replica: this.self, lineage, renumbers, signs, digest: this.digest() })
  }

  /**
   * Both ends are in the room: gossip flows from now on.
   * @param byJoin we came in by this link.
   * @returns false if a better link to it exists.
   */
  enterRoom(link: Link, peer: ReplicaId, now: number, byJoin = false): boolean {
    const existing = this.links.to(peer)
    link.peer = peer
    if (existing && existing !== link) {
      // Both ends see both links; the smaller id chooses, or each might close the other's choice.
      link.isSpare = true
      if (this.self < peer) this.close(link, 'there is a link already')
      return false
    }
    link.inRoom = true
    link.isOurs = this.dialing.linked(peer) || link.isFound || byJoin
    this.dialing.encourage(now)
    this.hasChanged = true
    return true
  }

  /**
   * Of two links to one neighbour its other end may have chosen the one that we did not: when ours goes, the spare
   * takes its place.
   */
  promoteSpare(lost: Link): Link | undefined {
    const spare = this.links.all.find((link) => link.isSpare && link.peer === lost.peer)
    if (!spare?.peer) return undefined
    this.dialing.linked(spare.peer)
    spare.isOurs = lost.isOurs || spare.isFound
    spare.isSpare = false
    spare.inRoom = true
    this.hasChanged = true
    return spare
  }

  /** Ends a link for a reason that the other end is told. */
  close(link: Link, reason: string): void {
    this.send(link.id, { type: 'bye', reason: reason.slice(0, MAX_REASON_LENGTH) })
    this.emit({ type: 'close', link: link.id, reason })
    this.forgetLink(link.id)
  }

  /** @returns the link if it was known. Its neighbour may be reached by others. */
  forgetLink(id: LinkId): Link | undefined {
    const link = this.links.remove(id)
    this.hasChanged = true
    this.outgoing.drop(id)
    for (const other of this.tree.linkDown(id)) this.send(other, { type: 'graft', authors: [] })
    return link
  }

  send(link: LinkId, message: Message, lane: Lane = 'urgent'): void {
    this.emit({ type: 'send', link, bytes: encodeMessage(message), lane })
  }

  digest(): number {
    return digestOf(this.holdings())
  }

  // ------------------------------------------------------------------ spreading

  /** Queues an operation for every neighbour that wants its author's, but not back to where it came from. */
  spreadOperation(operation: Operation, from?: LinkId): void {
    for (const link of this.targets(operation.author, from))
      this.outgoing.for(link).operations.push(operation)
  }

  spreadReport(report: Report, from?: LinkId): void {
    for (const link of this.targets(report.replica, from)) this.outgoing.for(link).reports.push(report)
  }

  spreadPresence(presence: Presence, from?: LinkId): void {
    for (const link of this.targets(presence.replica, from)) this.outgoing.for(link).presences.push(presence)
  }

  /** What came by a link and was new, or was not: shapes the tree of each author. */
  noteArrivals(
    link: LinkId,
    fresh: ReadonlySet<ReplicaId>,
    repeated: ReadonlySet<ReplicaId>,
    wasAskedFor: boolean,
  ): void {
    const neighbour = this.links.get(link)?.peer
    const way = (author: ReplicaId) => ({ wasAskedFor, isDirect: author === neighbour })
    const graft = [...fresh].filter((author) => this.tree.delivered(author, link, way(author)))
    if (graft.length > 0) this.send(link, { type: 'graft', authors: graft })
    const prune = new Map<LinkId, ReplicaId[]>()
    for (const author of repeated) {
      const later = fresh.has(author) ? undefined : this.tree.repeated(author, link, way(author))
      if (later !== undefined) prune.set(later, [...(prune.get(later) ?? []), author])
    }
    for (const [later, authors] of prune) this.send(later, { type: 'prune', authors })
  }

  /** @param patienceMs so long reports wait for others that go the same way (rule OV9). */
  flush(now: number, patienceMs: number): void {
    for (const [link, message] of this.outgoing.take(now, patienceMs)) this.send(link, message)
  }

  private targets(author: ReplicaId, from: LinkId | undefined): LinkId[] {
    return this.links.inRoom
      .filter((link) => link.id !== from && this.tree.wants(link.id, author))
      .map((link) => link.id)
  }

  // ------------------------------------------------------------------ relaying negotiations

  /**
   * Carries negotiation bytes one hop nearer to `to`: by its own link, or the way its news come.
   * @param landmarks where somebody knows more of the way, if we know none, best first.
   */
  relay(message: Relay | Probe, landmarks: readonly ReplicaId[], from?: LinkId): void {
    if (message.hops >= this.maxHops) return
    const next = this.nextHop(message, landmarks, from)
    if (next !== undefined) this.send(next, { ...message, hops: message.hops + 1 })
  }

  private nextHop(
    message: Relay | Probe,
    landmarks: readonly ReplicaId[],
    from: LinkId | undefined,
  ): LinkId | undefined {
    const direct = this.links.to(message.to)?.id
    if (direct !== undefined) return direct
    if (message.hops < this.guidedHops) {
      for (const member of [message.to, ...landmarks]) {
        const way = this.links.to(member)?.id ?? this.tree.routeTo(member)
        if (way !== undefined && way !== from) return way
      }
    }
    const others = this.links.inRoom.filter((link) => link.id !== from)
    if (others.length === 0) return from
    return others[hash(`${message.to}:${this.strays++}`) % others.length]?.id
  }

  // ------------------------------------------------------------------ keeping the neighbourhood

  /** A slept replica must not blame others for its own silence. */
  excuseSleep(sleptMs: number): void {
    this.links.excuse(sleptMs)
  }

  /** @returns links whose other end has said nothing for too long. */
  silentLinks(now: number): Link[] {
    return this.links.silent(now, this.config.linkTimeoutMs)
  }

  /** @returns links over which nothing of the room flows, open for longer than a join step may take. */
  idleLinks(now: number): Link[] {
    const patience = now - this.config.joinTimeoutMs
    return this.links.all.filter((link) => !link.inRoom && link.openedAt <= patience)
  }

  beat(now: number): void {
    if (now < this.nextHeartbeatAt) return
    const links = this.links.all
    this.nextHeartbeatAt = links.length > 0 ? now + this.config.heartbeatIntervalMs : Number.POSITIVE_INFINITY
    const digest = this.digest()
    for (const link of links) this.send(link.id, { type: 'heartbeat', digest })
  }

  /**
   * Compares a neighbour's digest with ours (rule OV6).
   * @param times so many times longer than in a small room something is always flowing.
   * @param patienceMs so long reports wait for others at each hop (rule OV9).
   * @returns whether to ask it for what we may lack.
   */
  compare(link: Link, digest: number, times: number, patienceMs: number): boolean {
    if (digest !== this.digest()) {
      const { heartbeatIntervalMs, maxConnections } = this.config
      const hops = depth(this.plannedFor?.length ?? 1, maxConnections)
      const stillBeats = Math.ceil((hops * patienceMs) / heartbeatIntervalMs)
      return link.comparison.differs(this.digest(), digest, { times, stillBeats })
    }
    link.comparison.agreed()
    link.caughtUp = link.isServed = true
    return false
  }

  /**
   * Dials whoever the topology wants linked, and tells who the neighbours are. Does nothing while nothing changed.
   * @param members the same array until somebody comes or goes.
   */
  maintain(members: readonly MemberName[], now: number): void {
    const isDue = members !== this.plannedFor || this.hasChanged || now >= this.dialing.nextDeadline
    if (!isDue) return
    const isNew = members !== this.plannedFor
    this.plannedFor = members
    if (isNew && !this.isFullMesh) this.ring.follow(members.map(({ replica }) => replica))
    this.hasChanged = false
    const others = members.map(({ replica }) => replica).filter((member) => member !== this.self)
    const isLinked = (member: ReplicaId) => this.links.to(member) !== undefined
    // Negotiations travel by links: without one there is no way to dial anybody.
    if (this.links.inRoom.length > 0) {
      const { chosen, wanted, dial } = this.dialing.plan(others, isLinked, now, this.ring)
      this.wanted = wanted
      for (const peer of dial) this.emit({ type: 'dial', peer })
      this.markSuperfluous(chosen, [...others, this.self], now)
    } else this.dialing.rest()
    this.tellPeers()
  }

  /**
   * Links that we asked for once and that neither end would choose today: joins leave such behind, and looking for others
   * (rule OV3). What was found may be the only way to those who are not linked yet.
   */
  private markSuperfluous(chosen: ReadonlySet<ReplicaId>, members: readonly ReplicaId[], now: number): void {
    const isComplete = [...this.wanted].every((member) => this.links.to(member) !== undefined)
    for (const link of this.links.inRoom) {
      const { peer } = link
      if (!link.isOurs || peer === undefined) continue
      const isWanted =
        chosen.has(peer) ||
        (link.isFound && !isComplete) ||
        chosenNeighbours(peer, members, this.config.maxConnections, this.ring).has(this.self)
      link.superfluousSince = isWanted ? undefined : (link.superfluousSince ?? now)
    }
  }

  /** @returns links that nobody has needed for a while. Never all there are: new ones are negotiated by way of the old. */
  superfluousLinks(now: number): Link[] {
    const { inRoom } = this.links
    const isOld = (since: number | undefined) => since !== undefined && since + SUPERFLUOUS_MS <= now
    const superfluous = inRoom.filter((link) => isOld(link.superfluousSince))
    return superfluous.length < inRoom.length ? superfluous : superfluous.slice(1)
  }

  /** There is a neighbour of which we have once held all that it had. */
  get isCaughtUp(): boolean {
    return this.links.inRoom.some((link) => link.caughtUp)
  }

  /** Those that a link leads to. */
  get members(): ReplicaId[] {
    return this.links.inRoom.flatMap((link) => link.peer ?? [])
  }

  /** The topology wants it linked to us. */
  wants(member: ReplicaId): boolean {
    return this.wanted.has(member)
  }

  private get isFullMesh(): boolean {
    return (this.plannedFor?.length ?? 0) - 1 <= this.config.maxConnections
  }

  private get maxHops(): number {
    const doublings = Math.log2((this.plannedFor?.length ?? 0) / LARGE_ROOM)
    return MAX_HOPS + HOPS_PER_DOUBLING * Math.ceil(Math.max(0, doublings))
  }

  private get guidedHops(): number {
    return this.isFullMesh ? GUIDED_HOPS_IN_FULL_MESH : this.maxHops - STROLLED_HOPS
  }

  /** Somebody whom we should be linked to can not be reached by way of the links we have. */
  get missesSomebody(): boolean {
    return this.dialing.isFailing
  }

  dialFailed(peer: ReplicaId, now: number): void {
    // The other end may have been quicker.
    if (this.links.to(peer)) return
    this.dialing.failed(peer, now)
    this.hasChanged = true
  }

  get nextDeadline(): number {
    const links = this.links.all
    if (links.length === 0) return Number.POSITIVE_INFINITY
    const silence = Math.min(...links.map((link) => link.lastHeardAt)) + this.config.linkTimeoutMs
    const { outgoing, dialing } = this
    return Math.min(this.nextHeartbeatAt, silence, dialing.nextDeadline, outgoing.nextDeadline)
  }

  private tellPeers(): void {
    const now = new Set(this.links.inRoom.flatMap((link) => link.peer ?? []))
    const added = [...now].filter((peer) => !this.knownPeers.has(peer))
    const removed = [...this.knownPeers].filter((peer) => !now.has(peer))
    this.knownPeers = now
    if (added.length + removed.length > 0) this.emit({ type: 'peers', added, removed })
  }
}
