/**
 * Cuts as one replica makes and executes them (protocol rules CU1 to CU9): what `compaction/` knows, meeting the
 * history, the reports and the structure. Exists only where the structure has epochs.
 */
import type { History } from '../causality/history.js'
import type { Body, Clock, CutOperation, Operation, ReplicaId } from '../causality/operation.js'
import { UpdatePasts } from '../causality/update-pasts.js'
import { advance, type BaseState, baseHash, NO_BASE } from '../compaction/base.js'
import { CutPolicy, type CutPolicyConfig } from '../compaction/cut-policy.js'
import { Cutting, payloadsOf } from '../compaction/cutting.js'
import type { Milliseconds, News } from '../machine.js'
import type { Stability } from '../snapshot/stability.js'
import type { Epochs, Naming, Origin } from '../structure.js'
import type { Welcome } from '../wire/messages.js'

export interface CutHooks {
  tell(news: News): void
  author(body: Body): void
  /** Makes an operation of whatever the user changed. */
  takeLocalChange(): void
  /** The snapshot point as the network map has it. */
  stablePoint(): Clock
  /** The snapshot point has passed these. */
  passed(operations: readonly Operation[], logBytesBefore: number): void
}

/** A prepared cut waits until the application is in the middle of nothing. */
const COMMIT_RETRY_MS = 20

export class Cuts {
  /** The state at the last cut, without its content. */
  base: BaseState = NO_BASE
  private readonly epochs: Epochs
  private readonly history: History
  private readonly stability: Stability
  private readonly hooks: CutHooks
  private readonly policy: CutPolicy
  private readonly pasts = new UpdatePasts()
  private lineage = ''
  private cutting: Cutting | undefined
  /** When the next step of the cut at hand is due: each has a task of its own, and input in between does not move it. */
  private stepAt: Milliseconds | undefined
  /** What a newcomer told that had left after the cut: otherwise operations of the next epoch tell it. */
  private told: { readonly epoch: number; readonly base: string } | undefined
  private readonly refused = new WeakSet<Operation>()
  /** The last epoch that everybody was seen in. */
  private settledIn = 0
  /** Members whose base differed from ours in this epoch: said once. */
  private readonly alarmed = new Set<ReplicaId>()

  constructor(
    epochs: Epochs,
    history: History,
    stability: Stability,
    config: CutPolicyConfig,
    hooks: CutHooks,
  ) {
    this.epochs = epochs
    this.history = history
    this.stability = stability
    this.policy = new CutPolicy(config)
    this.hooks = hooks
  }

  // ------------------------------------------------------------------ beginnings

  /** A lineage begins; its first base is what the structure holds. */
  founded(lineage: string): void {
    this.lineage = lineage
    this.base = { ...NO_BASE, members: [this.history.self] }
    this.epochs.found(lineage)
  }

  /** @param operations all that the sponsor held above the base. */
  joined(welcome: Welcome, operations: readonly Operation[]): void {
    this.lineage = welcome.lineage
    this.base = welcome.base
    for (const operation of operations) this.weigh(operation)
  }

  get baseBytes(): number {
    return this.epochs.baseBytes
  }

  get namings(): readonly Naming[] {
    return this.epochs.namings
  }

  /**
   * Whether a newcomer is further on in our lineage than we are. It has left after a cut that we have not executed, and
   * by executing it has shown that it is stable; so it comes back in a moment (rule CU4).
   * @param hash of its base.
   */
  isBehind(namings: readonly Naming[], hash: string): boolean {
    const [newest] = namings
    if (newest?.lineage !== this.lineage || newest.epoch <= this.history.epoch) return false
    if (newest.epoch === this.history.epoch + 1 && hash !== '')
      this.told = { epoch: newest.epoch, base: hash }
    return true
  }

  /** Whether what we hold goes on from where somebody else stands: then that side comes to us (rule LI3). */
  isAheadOf(namings: readonly Naming[]): boolean {
    return isAhead(this.epochs, namings) || descends(this.epochs.namings, namings)
  }

  /**
   * Whether somebody brings what has an origin in common with what we hold, and we hold no table that leads from there
   * (rules LI5, CU11).
   * @param brought present and earlier namings of what it brings.
   */
  hasLost(brought: readonly Naming[]): boolean {
    const { namings, origins } = this.epochs
    const lineages = new Set([...namings, ...origins].map(({ lineage }) => lineage))
    const isOfOurs = brought.some(({ lineage }) => lineages.has(lineage))
    return isOfOurs && !brought.some((naming) => this.epochs.reaches(naming))
  }

  /** The epoch from which on a newcomer needs tables: for what it brings, or for what may still arrive (rule CU7). */
  tablesFor(brought: readonly Naming[]): number {
    const { epoch } = this.history
    const oldestArrival = epoch > 0 && this.mayMeetEarlier ? epoch - 1 : epoch
    return Math.min(this.broughtFrom(brought), oldestArrival)
  }

  private broughtFrom(brought: readonly Naming[]): number {
    const { epoch } = this.history
    if (brought.length === 0) return epoch
    // Another lineage that we can trace is the one that ours was founded from; a stranger may bring what others brought.
    const known = brought.find((naming) => this.epochs.reaches(naming))
    return known?.lineage === this.lineage ? known.epoch : 0
  }

  /** Once nobody can come with the naming before this one, the structure need not know it any more (rule CU6). */
  settle(): void {
    const { epoch } = this.history
    if (this.settledIn === epoch || this.stability.everybodySince(epoch) === undefined) return
    // From here on none arrives; those above the base are needed until the next cut.
    this.settledIn = epoch
    if (!this.mayMeetEarlier) this.epochs.settle()
  }

  /** Operations of the epoch before this one are above the base, or may still come. */
  private get mayMeetEarlier(): boolean {
    const { epoch, aboveBase } = this.history
    if (this.stability.everybodySince(epoch) === undefined) return true
    return aboveBase.some((operation) => operation.epoch < epoch)
  }

  // ------------------------------------------------------------------ making cuts

  /** An operation is about to be applied, or was made by us; operations above a base that is being loaded, too. */
  note(operation: Operation): void {
    this.pasts.note(operation)
  }

  /** Who made an update, and knowing what: once it is noted. */
  originOf(operation: Operation): Origin {
    const { author, seq, clock } = operation
    return { author, seq, clock, past: this.pasts.of(operation) }
  }

  /** An operation was applied, or made by us. */
  applied(operation: Operation): void {
    this.weigh(operation)
    // Whoever takes a stranger's word that a cut is stable need not hold all below it yet: it begins anew.
    if (this.cutting && operation.clock <= this.cutting.operation.through) this.cutting = undefined
    if (!this.refused.has(operation)) this.cutting?.applied(operation)
  }

  /** An operation counts as applied, without effect (rule OP8): it has none in the next base either. */
  leaveOut(operation: Operation): void {
    this.refused.add(operation)
  }

  /** The application asks for a cut of everything so far. */
  request(): void {
    this.hooks.takeLocalChange()
    this.policy.request(this.history.clock)
  }

  /** Makes a cut if rule CU1 allows one and it pays (rule CU8). @param elders members older than we. */
  consider(now: number, elders: number): void {
    const { clock, baseThrough } = this.history
    const { baseBytes } = this.epochs
    const situation = { clock, baseThrough, baseBytes, lowest: () => this.lowest(), elders }
    const through = this.policy.decide(now, situation)
    if (through !== undefined) this.hooks.author({ kind: 'cut', through })
  }

  /** The lowest clock that a cut may name now, or undefined if none may be made (rule CU1). */
  lowest(): Clock | undefined {
    const { epoch, nextCut } = this.history
    const since = nextCut ? undefined : this.stability.everybodySince(epoch)
    if (since === undefined) return undefined
    // Those who left tell nothing any more; all they made is applied. No copy: this is asked for at every other look.
    let lowest = since
    for (const operations of [this.history.segment, this.history.log.operations]) {
      for (const operation of operations)
        if (operation.epoch < epoch) lowest = Math.max(lowest, operation.clock)
    }
    return lowest
  }

  /** A cut is wanted, or due in an idle room, and some member has not told of the last one yet. */
  get isHeld(): boolean {
    return this.policy.isHeld && this.history.nextCut === undefined
  }

  get nextDeadline(): number {
    return this.policy.nextDeadline
  }

  private weigh(operation: Operation): void {
    if (operation.kind !== 'update') return
    this.policy.applied(operation.clock, this.epochs.weight(operation.payload))
  }

  // ------------------------------------------------------------------ executing cuts

  /**
   * Begins with the next cut if it is stable, or if somebody has shown us that it is (rules CU3, CU4).
   * @param stable the snapshot point as the network map has it.
   * @returns what the snapshot point must not pass before the cut is executed.
   */
  limit(stable: Clock): Clock {
    const cut = this.history.nextCut
    if (!cut) return Number.POSITIVE_INFINITY
    if (this.cutting?.operation !== cut) this.cutting = undefined
    if (!this.cutting && (stable >= cut.clock || this.isCertified)) this.begin(cut)
    return cut.clock - 1
  }

  /** What several have brought, each in its own way, is shown the way the first did (rule LI7). */
  untangle(): void {
    const { epochs, history } = this
    if (!epochs.isTangled) return
    this.hooks.takeLocalChange()
    epochs.untangle?.(payloadsOf(history.aboveBase, (operation) => this.originOf(operation)))
  }

  /** A cut waits for reports: to be executed, or because nobody may make another one before everybody has told of the last. */
  get awaitsReports(): boolean {
    const { nextCut, epoch } = this.history
    return nextCut !== undefined || this.stability.everybodySince(epoch) === undefined
  }

  /** When to go on with a cut: at once while there is work, a moment later where it has to wait. */
  nextStepAt(now: Milliseconds): Milliseconds {
    if (this.epochs.isTangled) return now + COMMIT_RETRY_MS
    if (!this.cutting) return Number.POSITIVE_INFINITY
    this.stepAt ??= now
    return this.stepAt
  }

  /**
   * To be called when the time asked for has come.
   * Does a part of the work of the cut at hand; once all is prepared, executes it.
   * @returns why this replica can not go on in this lineage, or undefined.
   */
  step(now: Milliseconds): string | undefined {
    const { cutting } = this
    if (!cutting || this.stepAt === undefined || now < this.stepAt) return undefined
    this.stepAt = undefined
    if (!cutting.isReady) {
      cutting.prepare()
      return undefined
    }
    this.hooks.takeLocalChange()
    if (!cutting.isReady) return undefined
    if (cutting.canCommit) return this.commit(cutting)
    this.stepAt = now + COMMIT_RETRY_MS
    return undefined
  }

  /** Executes whatever cut stands between us and our own join, in one go: we are nobody's member yet (rule CU7). */
  catchUp(drain: () => void): void {
    for (let cut = this.history.nextCut; cut && this.isCertified; cut = this.history.nextCut) {
      const cutting = this.begin(cut)
      while (!cutting.isReady) cutting.prepare()
      if (cutting.canCommit) this.commit(cutting)
      if (this.history.nextCut === cut) return
      drain()
    }
  }

  private begin(cut: CutOperation): Cutting {
    const { history } = this
    const effective = (operations: Operation[]) => operations.filter((one) => !this.refused.has(one))
    // What counts is decided in total order, which is the same for all: whoever named something that it had not seen may
    // have been refused by one and not by another.
    const below = history.upTo(cut.through)
    const above = effective(history.after(cut.through))
    const originOf = (operation: Operation) => this.originOf(operation)
    const cutting = new Cutting(cut, this.epochs, this.lineage, below, above, originOf)
    this.cutting = cutting
    this.stepAt = undefined
    return cutting
  }

  private commit(cutting: Cutting): string | undefined {
    const { history } = this
    const { operation } = cutting
    const epoch = history.epoch + 1
    const next = advance(this.base, operation.through, history.upTo(operation.through))
    const hash = baseHash(this.lineage, epoch, operation, next, cutting.fingerprint)
    if (this.hooks.stablePoint() < operation.clock) {
      // Somebody ahead of us showed that it is stable; whoever was taken out meanwhile would be shown the same.
      if (!this.attestedBases.includes(hash)) return this.contradicted()
    }
    const { bytesBefore, bytesAfter } = cutting.commit()
    this.cutting = undefined
    this.base = { ...next, hash }
    this.pasts.forgetBase(next.applied)
    this.alarmed.clear()
    const logBytes = history.log.bytes
    const passed = history.enterNextEpoch(operation, hash)
    this.stability.enterEpoch(epoch, history.clock)
    this.policy.executed(operation.through)
    this.hooks.tell({ type: 'cut', cut: { epoch, through: operation.through, bytesBefore, bytesAfter } })
    this.hooks.passed(passed, logBytes)
    if (operation.author === history.self) this.tidy()
    return undefined
  }

  /** One is enough: all have the same base (rule CU12). */
  private tidy(): void {
    this.epochs.tidy?.()
    this.hooks.takeLocalChange()
  }

  /** Others know another base than the one we would come to. A stranger's word counts for nothing then. */
  private contradicted(): string | undefined {
    this.told = undefined
    if (!this.isCertified) this.cutting = undefined
    return this.isCertified ? 'this replica holds something else than the room' : undefined
  }

  /** What those who have executed the next cut say of the base that it leads to. */
  private get attestedBases(): string[] {
    const { history, stability } = this
    const bases = history.certificates.flatMap(({ base }) => base ?? [])
    // Whoever has made nothing since tells it all the same: what it knew need not be known to anybody else any more.
    bases.push(...stability.basesOf(history.epoch + 1, history.applied))
    return this.told?.epoch === history.epoch + 1 ? [...bases, this.told.base] : bases
  }

  private get isCertified(): boolean {
    return this.attestedBases.length > 0
  }

  /** Compares what others say of their base with ours (rule CU5). */
  checkBases(): void {
    for (const { replica, epoch, base } of this.stability.reports.values()) {
      if (epoch !== this.history.epoch || base === this.base.hash || this.alarmed.has(replica)) continue
      this.alarmed.add(replica)
      const reason = `its base of epoch ${epoch} is ${base || 'none'}, ours is ${this.base.hash || 'none'}`
      this.hooks.tell({ type: 'alarm', of: 'base', from: replica, reason })
    }
  }
}

const same = (a: Naming, b: Naming) => a.lineage === b.lineage && a.epoch === b.epoch

/** What is named so was founded with just what somebody else stands at, who has not gone on (rule LI6). */
function descends(own: readonly Naming[], theirs: readonly Naming[]): boolean {
  const [newest] = own
  const [theirNewest] = theirs
  if (newest === undefined || theirNewest === undefined) return false
  return own.some((naming) => same(naming, theirNewest)) && !theirs.some((naming) => same(naming, newest))
}

/** Tables lead from where somebody else stands to where we stand, and we do not stand there. */
export function isAhead(epochs: Epochs, namings: readonly Naming[]): boolean {
  const isOurs = (naming: Naming) => epochs.namings.some((own) => same(own, naming))
  return !namings.some(isOurs) && namings.some((naming) => epochs.reaches(naming))
}
