/**
 * Comparing histories, where members sign (protocol rule ID9): a report says which history its replica has up to its floor. Whoever
 * tells one member this and another one that, in its own name or somebody else's, is found out once both have it below their
 * floors; and whoever holds what most others do not starts over.
 */
import type { History } from '../causality/history.js'
import type { Clock, Operation, ReplicaId } from '../causality/operation.js'
import type { Milliseconds, News, ReplicaConfig } from '../machine.js'
import type { Roster } from '../membership/roster.js'
import type { Report } from '../snapshot/report.js'
import type { Stability } from '../snapshot/stability.js'
import { HistoryHash } from './history-hash.js'
import type { Vouching } from './vouching.js'

export interface HistoriesParts {
  readonly self: ReplicaId
  readonly history: History
  readonly roster: Roster
  readonly stability: Stability
  readonly vouching: Vouching
  lineage(): string
  tell(news: News): void
  /** How many times longer reports take in a room of this size. */
  slowdown(): number
}

type ReportTimes = Pick<ReplicaConfig, 'reportIntervalMs' | 'busyReportIntervals'>

/** What the last report of a member that could be compared says of its history. */
interface Verdict {
  readonly n: number
  readonly isOurs: boolean
}

/** Who differs is given so many report intervals, the longest there are, to hear from the others, too. */
const HEARING_INTERVALS = 4

export class Histories {
  private readonly hash = new HistoryHash()
  private readonly parts: HistoriesParts
  private readonly hearingMs: Milliseconds
  private readonly verdicts = new Map<ReplicaId, Verdict>()
  private differsSince: Milliseconds | undefined

  constructor(parts: HistoriesParts, config: ReportTimes) {
    this.parts = parts
    this.hearingMs = HEARING_INTERVALS * config.reportIntervalMs * config.busyReportIntervals
  }

  /** Which history we have up to there: part of our report, or of a welcome. */
  upTo(clock: Clock): { readonly history?: Uint8Array } {
    const { vouching, history } = this.parts
    if (!vouching.isOn) return {}
    if (clock > this.hash.through) this.extend(history.log.between(this.hash.through, clock), clock)
    const hash = this.hash.at(clock)
    return hash ? { history: hash } : {}
  }

  /** We come in with the history that our sponsor has. */
  begin(point: Clock, hash: Uint8Array | undefined): void {
    if (hash) this.hash.begin(point, hash)
  }

  /** An operation was applied. That of a liar may lie at or below a clock that it has reported (rule RE1). */
  applied({ clock }: Operation): void {
    this.hash.rewindBefore(clock)
  }

  /** The snapshot point has passed these. */
  passed(operations: readonly Operation[], point: Clock): void {
    if (!this.parts.vouching.isOn) return
    this.extend(operations, point)
    this.hash.forgetBelow(point)
  }

  forget(member: ReplicaId): void {
    this.verdicts.delete(member)
  }

  /** @returns why this replica can not go on in this lineage, or undefined. */
  compare(now: Milliseconds): string | undefined {
    const { stability, vouching } = this.parts
    if (!vouching.isOn) return undefined
    for (const report of stability.reports.values()) this.judge(report)
    const differing = [...this.verdicts].flatMap(([member, { isOurs }]) => (isOurs ? [] : [member]))
    if (differing.length === 0) {
      this.differsSince = undefined
      return undefined
    }
    this.differsSince ??= now
    const hearingMs = this.hearingMs * this.parts.slowdown()
    if (now < this.differsSince + hearingMs || !this.isOutvotedBy(new Set(differing))) return undefined
    return 'this replica has another history than the room'
  }

  private judge({ replica, n, floor, history: theirs }: Report): void {
    const { self, history, stability, tell } = this.parts
    if (theirs === undefined || replica === self) return
    const before = this.verdicts.get(replica)
    // What we do not have complete ourselves is compared later.
    if (before?.n === n || floor > stability.floor(history.clock, Number.POSITIVE_INFINITY)) return
    const { history: ours } = this.upTo(floor)
    if (ours === undefined) return
    const isOurs = ours.every((byte, i) => byte === theirs[i])
    this.verdicts.set(replica, { n, isOurs })
    if (isOurs || before?.isOurs === false) return
    tell({ type: 'alarm', of: 'history', from: replica, reason: `its history up to ${floor} is not ours` })
  }

  /** More of those that could be compared differ than agree, or as many, with the oldest. */
  private isOutvotedBy(differing: ReadonlySet<ReplicaId>): boolean {
    const { roster, self } = this.parts
    const agreeing = this.verdicts.size - differing.size + 1
    if (differing.size !== agreeing) return differing.size > agreeing
    const oldest = roster.byAge().find(({ replica }) => replica === self || this.verdicts.has(replica))
    return oldest !== undefined && differing.has(oldest.replica)
  }

  private extend(operations: readonly Operation[], through: Clock): void {
    this.hash.extend(this.parts.lineage(), operations, through)
  }
}
