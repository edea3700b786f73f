/**
 * Every operation ever made in one history of the room, as a bystander sees it who misses nothing.
 *
 * Invariant checked here: authors count up without reuse, and nothing is made at or below a decided point.
 */
import type { Clock, Operation, ReplicaId } from '@tidemark/core'
import type { ActionId } from '../models/tokens.js'
import { Violation } from './violation.js'

export interface Entry {
  readonly author: ReplicaId
  readonly seq: number
  readonly clock: Clock
  readonly kind: Operation['kind']
  /** Whom a join or leave is about. */
  readonly who: ReplicaId | undefined
  /** What the author had applied, itself included: the truth that `deps` abbreviate. */
  readonly past: ReadonlyMap<ReplicaId, number>
  /** What users did that becomes visible by it. */
  readonly actions: readonly ActionId[]
  /** The same for the twins. */
  readonly plain: Uint8Array | undefined
  readonly epoch: number
  /** Of a cut. */
  readonly through: Clock | undefined
}

/** What the first replica that executed a cut made of it. */
export interface Base {
  readonly through: Clock
  readonly fingerprint: string
  readonly by: string
}

export type Held = ReadonlyMap<ReplicaId, number>

export class Ledger {
  readonly lineage: string
  /** The highest snapshot point that anybody has decided. */
  decided: Clock = 0
  /** By epoch. */
  readonly bases = new Map<number, Base>()
  /** Whom the stages of eviction were decided to evict. */
  readonly stages = new Map<number, string>()
  private readonly byAuthor = new Map<ReplicaId, Entry[]>()
  private readonly cuts: Entry[] = []
  private readonly byClock: Entry[][] = []
  /** Evicted authors, and those that only they had let in: of each, nothing after this seq was ever in the room. */
  private readonly cutOffs = new Map<ReplicaId, number>()
  /** Who has evicted them. */
  private readonly cutOffsBy = new Map<ReplicaId, ReplicaId>()

  constructor(lineage: string) {
    this.lineage = lineage
  }

  get lastClock(): Clock {
    return Math.max(
      0,
      this.byClock.findLastIndex((entries) => entries.length > 0),
    )
  }

  get authors(): IterableIterator<ReplicaId> {
    return this.byAuthor.keys()
  }

  append(entry: Entry): void {
    const { author, seq, clock } = entry
    const own = this.byAuthor.get(author) ?? []
    this.byAuthor.set(author, own)
    const last = own.at(-1)
    const name = nameOf(entry)
    if (seq !== own.length + 1)
      throw new Violation('own counters', `${name} follows ${own.length} operations`)
    if (last && clock <= last.clock)
      throw new Violation('own counters', `${name} is not later than ${nameOf(last)}`)
    if (this.isBeyondCutOff(author, seq)) {
      own.push(entry)
      this.neverIn(entry)
      return
    }
    if (clock <= this.decided) {
      throw new Violation(
        'snapshot safety',
        `${name} was made when the point ${this.decided} had been decided`,
      )
    }
    own.push(entry)
    while (this.byClock.length <= clock) this.byClock.push([])
    const peers = this.byClock[clock] as Entry[]
    peers.push(entry)
    peers.sort(inOrder)
    if (entry.kind === 'cut') this.cuts.push(entry)
  }

  get(author: ReplicaId, seq: number): Entry | undefined {
    return this.byAuthor.get(author)?.[seq - 1]
  }

  /**
   * Authors are evicted. @throws if others have cut one of them off elsewhere.
   * @param by who says so: it may itself be there only by what others cut off, and then it says so to nobody.
   */
  cutOff(cutOffs: ReadonlyMap<ReplicaId, number>, by?: ReplicaId): void {
    if (by !== undefined && this.isCutOff(by)) return
    const before = new Map(
      [...cutOffs.keys()].map((who) => [who, { seq: this.cutOffs.get(who), by: this.cutOffsBy.get(who) }]),
    )
    for (const [who, seq] of cutOffs) {
      if (seq < (this.cutOffs.get(who) ?? Number.POSITIVE_INFINITY)) this.cutOffNow(who, seq, by)
    }
    // Whoever said otherwise may be there only by what is cut off now.
    for (const [who, seq] of cutOffs) {
      const { seq: known, by: knownBy } = before.get(who) ?? {}
      if (known === undefined || known === seq) continue
      if (knownBy !== undefined && this.isCutOff(knownBy)) continue
      throw new Violation('one decision', `${who} is cut off at ${seq} and at ${known}`)
    }
  }

  private cutOffNow(author: ReplicaId, seq: number, by: ReplicaId | undefined): void {
    const before = this.cutOffs.get(author)
    this.cutOffs.set(author, seq)
    if (by !== undefined) this.cutOffsBy.set(author, by)
    for (const entry of this.byAuthor.get(author)?.slice(seq, before) ?? []) {
      if (entry.clock <= this.decided)
        throw new Violation('snapshot safety', `${nameOf(entry)} is cut off, below the point ${this.decided}`)
      const peers = this.byClock[entry.clock] as Entry[]
      peers.splice(peers.indexOf(entry), 1)
      if (entry.kind === 'cut') this.cuts.splice(this.cuts.indexOf(entry), 1)
      this.neverIn(entry)
    }
  }

  isCutOff(author: ReplicaId): boolean {
    return this.cutOffs.has(author)
  }

  /** Whether it lies beyond a cut-off: it was never in the room, whoever holds it. */
  isBeyondCutOff(author: ReplicaId, seq: number): boolean {
    return seq > (this.cutOffs.get(author) ?? Number.POSITIVE_INFINITY)
  }

  /** Whoever is let in by an operation that was never in the room is not in it either. */
  private neverIn({ kind, who }: Entry): void {
    if (kind === 'join' && who !== undefined) this.cutOff(new Map([[who, 0]]))
  }

  /** The cut that leads into an epoch: the first of the epoch before. */
  cutInto(epoch: number): Entry | undefined {
    return this.cuts.filter((cut) => cut.epoch === epoch - 1).sort(inOrder)[0]
  }

  /** Cuts that had no effect, because another one came first. */
  get voidCuts(): number {
    return this.cuts.filter((cut) => this.cutInto(cut.epoch + 1) !== cut).length
  }

  /** Of the base of an epoch. */
  throughOf(epoch: number): Clock {
    return epoch === 0 ? 0 : (this.bases.get(epoch)?.through ?? Number.NaN)
  }

  /** With `after < clock ≤ upTo`, in total order. */
  *between(after: Clock, upTo: Clock): IterableIterator<Entry> {
    for (let clock = after + 1; clock <= Math.min(upTo, this.lastClock); clock++) {
      yield* this.byClock[clock] as Entry[]
    }
  }

  /** How many of the updates with a clock above `after` a replica has, those of its own side included. */
  updatesHeld(held: Held, after: Clock): number {
    let count = 0
    for (const [author, seq] of held) {
      for (const { kind, clock } of this.byAuthor.get(author)?.slice(0, seq) ?? []) {
        if (kind === 'update' && clock > after) count++
      }
    }
    return count
  }

  /** The first operation of a range that a replica lacks. */
  lacking(held: Held, after: Clock, upTo: Clock): Entry | undefined {
    for (const entry of this.between(after, upTo)) {
      if ((held.get(entry.author) ?? 0) < entry.seq) return entry
    }
    return undefined
  }
}

const inOrder = (a: Entry, b: Entry) => a.clock - b.clock || (a.author < b.author ? -1 : 1)

export function nameOf(entry: Pick<Entry, 'author' | 'seq' | 'clock'>): string {
  return `${entry.author}:${entry.seq}@${entry.clock}`
}
