/**
 * Which prefix of the total order every member has, and which epoch it is in (protocol rules RE1 to RE4, SP1 to
 * SP4, CU1).
 *
 * Holds the known clock of every member, the reports that took effect (as rows of the network map) and those
 * that still wait for an operation.
 */
import { DigestedMap } from '../causality/digested-map.js'
import type { Clock, ReplicaId, VersionVector } from '../causality/operation.js'
import type { AgreementState } from '../eviction/acceptor-state.js'
import { minimum, NetworkMap, type Row } from './network-map.js'
import { MAX_MEMBERS_WITH_ROWS, type Report } from './report.js'

/** What a sponsor hands to a newcomer about one member. */
export interface MemberStanding {
  readonly known: Clock
  readonly floor: Clock
  /** Number of the member's last report that took effect, 0 if none did. */
  readonly n: number
  /** The epoch it has told of, and its clock when it first did: each later operation is of that epoch or a later one. */
  readonly epoch: number
  readonly since: Clock
}

interface Standing {
  known: Clock
  n: number
  epoch: number
  since: Clock
}

/** What a replica says of itself, besides what the map says. */
export interface OwnState {
  readonly seq: number
  readonly clock: Clock
  readonly epoch: number
  /** Hash of its base. */
  readonly base: string
  readonly agreement: AgreementState | undefined
}

/** What the world knows of us: whatever goes beyond it is news. */
interface Announced {
  clock: Clock
  floor: Clock
  epoch: number
}

export class Stability {
  private readonly self: ReplicaId
  private readonly standings = new Map<ReplicaId, Standing>()
  /** The smallest known clock of the others: asked for several times after each input, in rooms of any size. */
  private leastKnown: Clock = Number.POSITIVE_INFINITY
  /** Rows of the others: our own changes with each operation, and would have to be compared each time. */
  private readonly map = new NetworkMap()
  private ownFloor: Clock = 0
  /** Newest report of every member, in effect or not: what gossip passes on. */
  private readonly newest = new DigestedMap<Report>('reports', ({ n }) => n)
  private readonly waiting = new Set<ReplicaId>()
  /** Makes of our own report what others can check. */
  seal: (report: Report) => Report = (report) => report
  private isStirred = false
  private announced: Announced = { clock: 0, floor: 0, epoch: -1 }
  private ownReports = 0

  constructor(self: ReplicaId) {
    this.self = self
  }

  /** Number of our last report, 0 before the first. */
  get reportsMade(): number {
    return this.ownReports
  }

  get reports(): DigestedMap<Report> {
    return this.newest
  }

  /** A member stands in the map with the floor it was let in with, until its own reports raise it (JO5). */
  addMember(member: ReplicaId, { known, n, epoch, since, floor }: MemberStanding): void {
    this.standings.set(member, { known, n, epoch, since })
    this.leastKnown = this.leastOfOthers()
    if (member === this.self) this.ownFloor = floor
    else this.map.set(member, { floor })
  }

  /** We have executed a cut: none of our later operations is of an earlier epoch. */
  enterEpoch(epoch: number, clock: Clock): void {
    const own = this.standings.get(this.self)
    if (own) Object.assign(own, { epoch, since: clock })
  }

  /**
   * @returns the clock above which nobody makes operations of an earlier epoch any more, or undefined while somebody
   * has not told yet that it is in `epoch` (rule CU1).
   */
  everybodySince(epoch: number): Clock | undefined {
    let since = 0
    for (const standing of this.standings.values()) {
      if (standing.epoch !== epoch) return undefined
      since = Math.max(since, standing.since)
    }
    return since
  }

  /** The bases of which members in `epoch` have told, in reports that are in effect (rules RE2, CU4). */
  basesOf(epoch: number, applied: VersionVector): string[] {
    const told = [...this.newest.values()].filter((report) => report.epoch === epoch && report.base !== '')
    return told.filter(({ replica, seq }) => (applied.get(replica) ?? 0) >= seq).map(({ base }) => base)
  }

  /** Who left needs nothing more from us: it holds nobody back (rule LE1). */
  removeMember(member: ReplicaId): void {
    this.standings.delete(member)
    this.leastKnown = this.leastOfOthers()
    this.map.delete(member)
    this.newest.delete(member)
    this.waiting.delete(member)
  }

  operationApplied(author: ReplicaId, clock: Clock): void {
    const standing = this.standings.get(author)
    if (standing) this.raise(author, standing, clock)
    if (author === this.self && clock > this.announced.clock) this.announced.clock = clock
  }

  /** Whether it is a member's and newer than what we have of it. */
  isNews({ replica, n }: Report): boolean {
    if (replica === this.self || !this.standings.has(replica)) return false
    return (this.newest.get(replica)?.n ?? 0) < n
  }

  /** @returns whether the report was newer than what we had. Of replicas that are no members we keep none. */
  receive(report: Report): boolean {
    if (!this.isNews(report)) return false
    this.newest.set(report.replica, report)
    this.waiting.add(report.replica)
    if (report.agreement) this.isStirred = true
    return true
  }

  /**
   * Lets reports take effect whose reporter's operations are applied up to the report's `seq` (rule RE2).
   * Without this a report could outrun the join that its reporter made before it.
   * @returns the largest clock among those that did (0 if none).
   */
  takeEffect(applied: VersionVector): Clock {
    let seen = 0
    for (const replica of this.waiting) {
      const report = this.newest.get(replica)
      const standing = this.standings.get(replica)
      if (report && standing) {
        if ((applied.get(replica) ?? 0) < report.seq) continue
        if (report.n > standing.n) this.effect(report, standing)
        seen = Math.max(seen, report.clock)
      }
      this.waiting.delete(replica)
    }
    return seen
  }

  /** The smallest known clock, held down by those we are letting in (rule JO3). */
  floor(clock: Clock, cap: Clock): Clock {
    const own = this.standings.get(this.self)
    if (own) own.known = clock
    return Math.min(cap, this.leastKnown, own?.known ?? Number.POSITIVE_INFINITY)
  }

  snapshotPoint(clock: Clock, cap: Clock): Clock {
    this.ownFloor = this.floor(clock, cap)
    return Math.min(this.ownFloor, this.map.snapshotPoint())
  }

  /** Whether others can learn something from a report of ours that no operation or report has told them. */
  hasNews(clock: Clock, epoch: number, cap: Clock): boolean {
    if (this.standings.size < 2) return false
    const { announced } = this
    return clock > announced.clock || this.floor(clock, cap) > announced.floor || epoch !== announced.epoch
  }

  /** Makes our next report. */
  report(own: OwnState, cap: Clock): Report {
    const { clock, epoch } = own
    const floor = this.floor(clock, cap)
    const { agreement, ...state } = own
    const told = agreement && { agreement }
    const head = { replica: this.self, n: ++this.ownReports, ...state, floor, ...told }
    const small = this.standings.size <= MAX_MEMBERS_WITH_ROWS
    const report = this.seal(small ? { ...head, row: this.ownRow() } : head)
    this.newest.set(this.self, report)
    this.announced = { clock, floor, epoch }
    return report
  }

  /** Whether reports have told something of an eviction since this was asked last. */
  takeStirred(): boolean {
    const { isStirred } = this
    this.isStirred = false
    return isStirred
  }

  standing(member: ReplicaId): MemberStanding | undefined {
    const standing = this.standings.get(member)
    const floor = member === this.self ? this.ownFloor : this.map.get(member)?.floor
    if (!standing || floor === undefined) return undefined
    return { ...standing, floor }
  }

  /** The largest clock up to which another member says that it has all operations of ours; undefined if there is none. */
  get heardThrough(): Clock | undefined {
    let heard: Clock | undefined
    for (const member of this.standings.keys()) {
      const row = member === this.self ? undefined : this.map.get(member)
      if (row) heard = Math.max(heard ?? 0, row.entries?.get(this.self) ?? row.floor)
    }
    return heard
  }

  /** The nested map, for people: our own row first, then what everybody says. */
  networkMap(clock: Clock, cap: Clock): NetworkMap {
    const shown = new NetworkMap()
    shown.set(this.self, { floor: this.floor(clock, cap), entries: this.ownRow() })
    for (const member of this.standings.keys()) {
      const row = member === this.self ? undefined : this.map.get(member)
      if (row) shown.set(member, row)
    }
    return shown
  }

  private effect(report: Report, standing: Standing): void {
    standing.n = report.n
    if (report.epoch > standing.epoch) {
      standing.epoch = report.epoch
      standing.since = report.clock
    }
    this.raise(report.replica, standing, report.clock)
    const floor = report.row ? Math.min(report.floor, minimum(report.row.values())) : report.floor
    const row: Row = report.row ? { floor, entries: report.row } : { floor }
    this.map.set(report.replica, row)
  }

  private raise(member: ReplicaId, standing: Standing, clock: Clock): void {
    const before = standing.known
    if (before >= clock) return
    standing.known = clock
    if (before === this.leastKnown && member !== this.self) this.leastKnown = this.leastOfOthers()
  }

  private leastOfOthers(): Clock {
    let least = Number.POSITIVE_INFINITY
    for (const [member, { known }] of this.standings) if (known < least && member !== this.self) least = known
    return least
  }

  private ownRow(): Map<ReplicaId, Clock> {
    return new Map([...this.standings].map(([member, standing]) => [member, standing.known]))
  }
}
