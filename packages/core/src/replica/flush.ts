/**
 * Carrying out what was decided (protocol rules EV3 to EV5, ID8): everybody's fence is its cut-off, and once all fences are applied one
 * member makes the eviction.
 */
import type { History } from '../causality/history.js'
import {
  type Body,
  type EvictOperation,
  endedBy,
  type Operation,
  type ReplicaId,
} from '../causality/operation.js'
import type { Agreement } from '../eviction/agreement.js'
import { isGrounded, type Known } from '../eviction/grounds.js'
import type { Vouching } from '../identity/vouching.js'
import type { Milliseconds } from '../machine.js'
import type { Roster } from '../membership/roster.js'
import type { Welcome } from '../wire/messages.js'

export interface FlushParts {
  readonly self: ReplicaId
  readonly history: History
  readonly roster: Roster
  readonly vouching: Vouching
  author(body: Body): void
}

/** Decided, and not carried out yet (rules EV3 to EV5). */
export interface OpenEviction {
  readonly evicted: ReplicaId[]
  /** Members that take nothing from those any more: their fences are applied here. */
  readonly fenced: ReplicaId[]
  /** Members whose fence is missing. */
  readonly awaited: ReplicaId[]
}

/** Who is next in age leaves so much time to the one before to carry out a stage, or to found a room. */
export const SUCCESSION_MS = 2000

export class Flush {
  private readonly parts: FlushParts
  private readonly agreement: Agreement
  /** How many stages each member has fenced. */
  private readonly stages = new Map<ReplicaId, number>()
  /** Of these, what lies at or below the snapshot point. */
  private readonly stagesBelow = new Map<ReplicaId, number>()
  /** Members that decided stages evict, as far as we have fenced them. */
  private fenced: ReadonlySet<ReplicaId> = new Set()
  private readonly groundless = new WeakSet<Operation>()
  /** So many stages are carried out by an operation that we have applied. */
  private carriedOut = 0
  private carryOutAt: Milliseconds | undefined

  constructor(parts: FlushParts, agreement: Agreement) {
    this.parts = parts
    this.agreement = agreement
  }

  found(): void {
    this.stages.set(this.parts.self, 0)
  }

  /** @param operations all that the sponsor held above the base. */
  import({ stage, decided, members }: Welcome, operations: readonly Operation[]): void {
    for (const { replica, stage: fenced } of members) {
      this.stages.set(replica, fenced)
      this.stagesBelow.set(replica, fenced)
    }
    this.carriedOut = stage - decided.length
    for (const operation of operations) if (operation.kind === 'evict') this.noteCarriedOut(operation)
    this.refence()
  }

  // ------------------------------------------------------------------ views

  /** Of a member: how many stages it has fenced. */
  stageOf(member: ReplicaId): number {
    return this.stages.get(member) ?? 0
  }

  get ownStage(): number {
    return this.stageOf(this.parts.self)
  }

  /** Somebody is fenced. */
  get isFencing(): boolean {
    return this.fenced.size > 0
  }

  isFenced(member: ReplicaId): boolean {
    return this.fenced.has(member)
  }

  /** As far as we know all that is decided is carried out. */
  get isDone(): boolean {
    return this.carriedOut >= this.agreement.stage
  }

  /** What is decided and not carried out, stage by stage. */
  open(voters: readonly ReplicaId[]): OpenEviction[] {
    const { agreement } = this
    const first = agreement.stage - agreement.decided.length + 1
    return agreement.decided.flatMap((evicted, i) => {
      const stage = first + i
      if (stage <= this.carriedOut) return []
      const hasFenced = (member: ReplicaId) => this.stageOf(member) >= stage
      const deciding = voters.filter((member) => !evicted.includes(member))
      const awaited = deciding.filter((member) => !hasFenced(member))
      return [{ evicted: [...evicted], fenced: deciding.filter(hasFenced), awaited }]
    })
  }

  // ------------------------------------------------------------------ what operations mean

  /** An operation was applied, or made by us; of a fence it is learned already what is decided. */
  applied(operation: Operation): void {
    if (operation.kind === 'join') this.stages.set(operation.who, operation.stage)
    if (operation.kind === 'fence' && !this.isUndecided(operation.stage))
      this.stages.set(operation.author, Math.max(this.stageOf(operation.author), operation.stage))
    if (operation.kind === 'evict') this.noteCarriedOut(operation)
    for (const who of endedBy(operation)) this.stages.delete(who)
    this.refence()
  }

  /**
   * The snapshot point has passed these.
   * @param joins those among them that have let somebody in.
   */
  passed(operations: readonly Operation[], joins: ReadonlySet<Operation>): void {
    for (const operation of operations) {
      if (operation.kind === 'fence') this.noteBelow(operation.author, operation.stage)
      if (operation.kind === 'join' && joins.has(operation)) this.noteBelow(operation.who, operation.stage)
      for (const who of endedBy(operation)) this.stagesBelow.delete(who)
      if (operation.kind !== 'evict' || this.isUndecided(operation.stage)) continue
      this.agreement.forgetThrough(operation.stage)
    }
  }

  private noteCarriedOut({ stage }: EvictOperation): void {
    if (!this.isUndecided(stage)) this.carriedOut = Math.max(this.carriedOut, stage)
  }

  /**
   * A fence says what is decided, and an eviction follows fences: whoever speaks of more stages than that breaks the
   * rules, and must not keep those that are decided later from being fenced and carried out.
   */
  private isUndecided(stage: number): boolean {
    return stage > this.agreement.stage
  }

  private noteBelow(member: ReplicaId, stage: number): void {
    this.stagesBelow.set(member, Math.max(this.stagesBelow.get(member) ?? 0, stage))
  }

  /** From our fence on we take nothing of those it concerns, but what others depend on (rule EV3). */
  private refence(): void {
    const { agreement, parts } = this
    const first = agreement.stage - agreement.decided.length
    const own = agreement.decided.slice(0, Math.max(0, this.ownStage - first))
    this.fenced = new Set(own.flat().filter((who) => parts.roster.has(who)))
  }

  /**
   * Without the exception causal delivery would never end: an operation of somebody unfenced may depend on one of
   * somebody fenced. It never holds for authors that we do not know.
   */
  isHeld(operation: Operation): boolean {
    const { author, seq } = operation
    if (operation.kind === 'evict' && this.isGroundless(operation)) return true
    if (!this.fenced.has(author)) return false
    const { roster, history } = this.parts
    for (const waiting of history.waiting.operations()) {
      if (!roster.has(waiting.author) || this.fenced.has(waiting.author)) continue
      if ((waiting.deps.get(author) ?? 0) >= seq) return false
    }
    return true
  }

  /**
   * Where members sign: nobody goes without the fences of all others, which are in the past of whoever says so and have signatures
   * of their own (rule ID8). Its past is applied, so what it lacks now it will lack for ever. Before we are a member it is our
   * sponsor that we believe.
   */
  private isGroundless(operation: EvictOperation): boolean {
    const { roster, vouching, self } = this.parts
    if (!vouching.isOn || !roster.has(self)) return false
    if (this.groundless.has(operation)) return true
    if (!this.isUndecided(operation.stage) && isGrounded(operation, this.grounds(operation.stage)))
      return false
    this.groundless.add(operation)
    return true
  }

  private grounds(stage: number): Known {
    const { agreement, parts } = this
    const { history, roster } = parts
    const first = agreement.stage - agreement.decided.length
    return {
      held: history.after(history.point),
      appliedOf: (replica) => history.applied.get(replica),
      members: new Map(roster.byAge().map(({ replica, joined }) => [replica, joined.clock])),
      stageBelow: (member) => this.stagesBelow.get(member) ?? 0,
      decided: new Set(agreement.decided.slice(0, Math.max(0, stage - first)).flat()),
    }
  }

  // ------------------------------------------------------------------ step by step

  /** We will be no member any more. */
  pause(): void {
    this.carryOutAt = undefined
  }

  /** @param voters everybody whose vote counts, oldest first: others after each fence. */
  carryOut(now: Milliseconds, voters: () => readonly ReplicaId[]): void {
    const { agreement, parts } = this
    const { stage, decided } = agreement
    if (this.isDone) return this.pause()
    if (this.ownStage < stage) parts.author({ kind: 'fence', stage, decided })
    if (voters().some((member) => this.stageOf(member) < stage)) return
    // One is enough; the next in age takes over if it does not come.
    const rank = Math.max(0, voters().indexOf(parts.self))
    this.carryOutAt ??= now + rank * SUCCESSION_MS
    if (now < this.carryOutAt) return
    this.carryOutAt = undefined
    const cutOffs = [...this.fenced].map((who): [ReplicaId, number] => [
      who,
      parts.history.applied.get(who) ?? 0,
    ])
    parts.author({ kind: 'evict', stage, cutOffs: new Map(cutOffs) })
  }

  /** When somebody else should have carried it out. */
  get nextDeadline(): Milliseconds {
    return this.carryOutAt ?? Number.POSITIVE_INFINITY
  }
}
