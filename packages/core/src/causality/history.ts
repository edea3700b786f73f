/**
 * What one replica has applied: version vector, Lamport clock, log, and the operations that wait for their past
 * (protocol rules OP1 to OP7, SP4 to SP7).
 */
import { CausalBuffer, type CausalBufferLimits } from './causal-buffer.js'
import { DigestedMap } from './digested-map.js'
import {
  type Body,
  type Clock,
  type CutOperation,
  compareOperations,
  endedBy,
  type Operation,
  payloadBytes,
  type ReplicaId,
  type VersionVector,
} from './operation.js'
import { OperationLog } from './operation-log.js'
import { isReady, raise } from './version-vector.js'

/** Where a history stands, without its operations. */
export interface HistoryState {
  readonly applied: VersionVector
  readonly clock: Clock
  readonly epoch: number
  /** Every member has everything with a clock up to this one. */
  readonly point: Clock
}

/** Which base the operations lie above. */
export interface BaseName {
  readonly through: Clock
  readonly hash: string
}

/** What becomes of operations at or below the snapshot point: nobody needs them, cuts need them, or all are kept. */
export type Retention = 'drop' | 'until-cut' | 'keep'

export type Arrival =
  | 'new'
  | 'known'
  | 'no-room'
  /** Of an epoch that no member can be in (rule CU6). */
  | 'alien'

/** Somebody who was evicted before so many others is told so no more. */
const MAX_CUT_OFFS = 256

const MAX_LIARS = 256

const MAX_REFUSED = 4096

export class History {
  readonly self: ReplicaId
  readonly applied: DigestedMap<number> = new DigestedMap('operations', (seq) => seq)
  readonly log = new OperationLog()
  readonly waiting: CausalBuffer
  clock: Clock = 0
  epoch = 0
  point: Clock = 0
  /** The base holds everything with a clock up to this one (rule CU3); 0 before the first cut. */
  baseThrough: Clock = 0
  /** Names the base; empty before the first cut. */
  baseHash = ''
  /** The epoch of our last own operation. */
  private authoredIn = 0
  /** Between the base and the snapshot point, in total order; always empty where history is not cut. */
  private stable: Operation[] = []
  private stableBytes = 0
  private readonly retention: Retention
  /** Cuts of this epoch in the log, in total order: the first one counts (rule CU2). */
  private cuts: CutOperation[] = []
  /** Evicted authors, and up to where their operations count (rule EV5); the oldest are forgotten in the end. */
  readonly cutOffs = new Map<ReplicaId, number>()
  /**
   * Unknown authors that depend on something beyond a cut-off, and from where on (rule EV7). Anybody can say so in their
   * name: it is forgotten once such an author turns out to be let in, and must not push out what the room has decided.
   */
  readonly unfounded = new Map<ReplicaId, number>()
  /** Authors of operations that nobody applies, because their clocks contradict what they depend on. */
  readonly liars = new Set<ReplicaId>()
  /** Such operations: they are no news when they come again, or those who refuse them would pass them on to each other for ever. */
  private readonly refused = new Set<string>()
  /** Makes of our own operation what others can check. */
  seal: (operation: Operation) => Operation = (operation) => operation
  /** Says which operations are not to be applied for now, though their past is (rule EV3). */
  isHeld: (operation: Operation) => boolean = () => false
  /** Authors of which that may be so. */
  isFenced: (author: ReplicaId) => boolean = () => false
  /** Authors whose entries changed since our last own operation: the dependencies of the next one. */
  private readonly changed = new Set<ReplicaId>()

  constructor(self: ReplicaId, limits: CausalBufferLimits, retention: Retention) {
    this.self = self
    this.waiting = new CausalBuffer(limits)
    this.retention = retention
  }

  get seq(): number {
    return this.applied.get(this.self) ?? 0
  }

  /** An author whose operations may be applied from now on. */
  admit(author: ReplicaId): void {
    this.unfounded.delete(author)
    if (!this.applied.has(author)) this.applied.set(author, 0)
  }

  /** The Lamport rule (OP3): whatever is seen, operation or report, raises the clock. */
  witness(clock: Clock): void {
    if (clock > this.clock) this.clock = clock
  }

  /** Makes, applies and logs the next operation of this replica. */
  author(body: Body): Operation {
    const deps: VersionVector = new Map()
    for (const author of this.changed) {
      const seq = this.applied.get(author)
      if (seq !== undefined && author !== this.self) deps.set(author, seq)
    }
    this.changed.clear()
    const { epoch } = this
    const head = { author: this.self, seq: this.seq + 1, clock: this.clock + 1, deps, epoch }
    const isFirst = epoch > 0 && epoch !== this.authoredIn
    this.authoredIn = epoch
    const operation = this.seal({ ...head, ...(isFirst && { base: this.baseHash }), ...body })
    this.record(operation)
    this.changed.delete(this.self)
    return operation
  }

  /**
   * Files an operation that came in. It is not applied before `takeReady` gives it out.
   *
   * For one that waits for nothing there is always room: those that fill the buffer may wait for just this one.
   */
  receive(operation: Operation, now: number): Arrival {
    this.giveUpAuthor(operation)
    if (this.isKnown(operation)) return 'known'
    if (!this.isNear(operation.epoch)) return this.isBygone(operation) ? 'known' : 'alien'
    const isNext = isReady(operation, this.applied) || this.releases(operation)
    const isKnown = (author: ReplicaId) => this.applied.has(author)
    return this.waiting.add(operation, isNext, now, isKnown) ? 'new' : 'no-room'
  }

  /** Whether it would be a repetition. */
  isKnown(operation: Operation): boolean {
    return this.isObsolete(operation) || this.waiting.has(operation.author, operation.seq)
  }

  /** It waits for nothing but operations that are held back until one comes that depends on them: this one. */
  private releases({ author, seq, deps }: Operation): boolean {
    if (this.applied.get(author) !== seq - 1 || this.isFenced(author)) return false
    for (const [other, needed] of deps) {
      const have = this.applied.get(other)
      if (have !== undefined && have < needed && !this.isFenced(other)) return false
    }
    return true
  }

  /** The next operation whose past is applied; the caller applies it and then calls `record`. */
  takeReady(): Operation | undefined {
    for (;;) {
      const operation = this.waiting.takeReady(this.applied, this.epoch, this.isHeld)
      if (!operation || this.followsItsPast(operation)) return operation
      this.liars.add(operation.author)
      if (this.liars.size > MAX_LIARS) this.liars.clear()
      this.refuse(operation)
    }
  }

  /**
   * The Lamport rule (OP3), of others. An operation whose clock does not exceed those of what it depends on would stand
   * before them in total order, and history could not be cut; nobody applies it, and nothing of its author after it. Nor
   * does anybody apply what its author makes after its own leave (LE1).
   */
  private followsItsPast({ author, seq, clock, epoch, deps }: Operation): boolean {
    const isBefore = (other: ReplicaId, n: number) => (this.log.get(other, n)?.clock ?? 0) < clock
    const before = this.log.get(author, seq - 1)
    if ((before?.epoch ?? 0) > epoch || (before?.kind === 'leave' && before.who === author)) return false
    return isBefore(author, seq - 1) && [...deps].every(([other, n]) => isBefore(other, n))
  }

  private refuse(operation: Operation): void {
    this.refused.add(claimsOf(operation))
    const [oldest] = this.refused
    if (this.refused.size > MAX_REFUSED && oldest !== undefined) this.refused.delete(oldest)
  }

  /** Operations of the next epoch that wait for us to get there: their authors knew that the cut was stable (rule CU4). */
  get certificates(): readonly Operation[] {
    return this.waiting.readyAbove(this.applied, this.epoch)
  }

  /** Notes that an operation is applied. */
  record(operation: Operation): void {
    raise(this.applied, operation.author, operation.seq)
    this.changed.add(operation.author)
    this.witness(operation.clock)
    this.log.insert(operation)
    this.noteCut(operation)
  }

  /** The cut that ends this epoch, as far as we know (rule CU2). */
  get nextCut(): CutOperation | undefined {
    return this.cuts[0]
  }

  /** What a replica that has applied `vector` lacks: nothing at or below the snapshot point. In total order. */
  missingFrom(vector: ReadonlyMap<ReplicaId, number>): Operation[] {
    return this.log.missingFrom(vector).filter(({ clock }) => clock > this.point)
  }

  /**
   * The snapshot point has risen: what lies at or below it leaves the log (rule SP5), and the authors whose last
   * operation is among it are forgotten (rule SP7).
   * @returns the operations it has passed, in total order.
   */
  compactThrough(point: Clock): Operation[] {
    if (point < this.point) throw new Error(`snapshot point went back from ${this.point} to ${point}`)
    const keep = this.retention === 'keep'
    const passed = keep ? this.log.between(this.point, point) : this.log.takeThrough(point)
    this.point = point
    if (this.retention === 'until-cut') for (const operation of passed) this.keepUntilCut(operation)
    // Also where the log is kept: vectors, and with them digests, must not differ between members.
    for (const operation of passed) for (const who of endedBy(operation)) this.forget(who)
    if (passed.length > 0) this.waiting.discard((operation) => this.isObsolete(operation))
    return passed
  }

  /** Payload bytes of the segment. */
  get segmentBytes(): number {
    return this.stableBytes
  }

  /** Everything applied above the base with a clock up to `through`, in total order. */
  upTo(through: Clock): Operation[] {
    return this.aboveBase.filter(({ clock }) => clock <= through)
  }

  /** Everything applied with a clock above `clock` that we still hold, in total order. */
  after(clock: Clock): Operation[] {
    return this.aboveBase.filter((operation) => operation.clock > clock)
  }

  /** Everything applied that is not in the base, in total order. */
  get aboveBase(): Operation[] {
    return [...this.stable, ...this.log.operations]
  }

  /** What lies between the base and the snapshot point, in total order; empty where history is not cut. */
  get segment(): readonly Operation[] {
    return this.stable
  }

  /** The next epoch begins: everything with a clock up to `cut.through` is in its base (rule CU3). */
  enterNextEpoch(cut: CutOperation, baseHash: string): Operation[] {
    const passed = this.compactThrough(Math.max(this.point, cut.clock))
    this.stable = this.stable.filter(({ clock }) => clock > cut.through)
    this.stableBytes = this.stable.reduce((sum, operation) => sum + payloadBytes(operation), 0)
    this.baseThrough = cut.through
    this.baseHash = baseHash
    this.epoch++
    this.cuts = []
    for (const operation of this.log.operations) this.noteCut(operation)
    this.waiting.discard((operation) => !this.isNear(operation.epoch))
    return passed
  }

  export(): HistoryState {
    return { applied: new Map(this.applied), clock: this.clock, epoch: this.epoch, point: this.point }
  }

  /**
   * Starts from a sponsor's history. What changes after this is what our first operation depends on.
   * @param operations all it held, in total order.
   */
  import(state: HistoryState, base: BaseName, operations: readonly Operation[]): void {
    for (const [author, seq] of state.applied) this.applied.set(author, seq)
    this.clock = state.clock
    this.epoch = state.epoch
    this.point = state.point
    this.baseThrough = base.through
    this.baseHash = base.hash
    for (const operation of operations) {
      if (this.retention === 'until-cut' && operation.clock <= state.point) this.keepUntilCut(operation)
      else {
        this.log.insert(operation)
        this.noteCut(operation)
      }
    }
    this.changed.clear()
  }

  /** An author is evicted: nothing of it counts beyond `seq`, whenever it arrives. */
  cutOff(author: ReplicaId, seq: number): void {
    remember(this.cutOffs, author, seq)
    this.waiting.discard((operation) => this.isObsolete(operation))
    for (const operation of [...this.waiting.operations()]) this.giveUpAuthor(operation)
  }

  /**
   * Whoever is unknown and depends on something beyond a cut-off was let in by it, which never counts: nothing of such
   * an author will ever be applied (rule EV7).
   */
  private giveUpAuthor({ author, seq, deps }: Operation): void {
    if (this.cutOffs.size === 0 || this.applied.has(author) || this.isGivenUp(author)) return
    for (const [other, needed] of deps) {
      if (needed <= this.countsUpTo(other)) continue
      remember(this.unfounded, author, seq - 1)
      this.waiting.discard((operation) => this.isObsolete(operation))
      for (const operation of [...this.waiting.operations()]) this.giveUpAuthor(operation)
      return
    }
  }

  /** Nothing more is taken of it, because it was evicted, or let in by somebody who was. */
  isGivenUp(author: ReplicaId): boolean {
    return this.cutOffs.has(author) || this.unfounded.has(author)
  }

  private countsUpTo(author: ReplicaId): number {
    return this.cutOffs.get(author) ?? this.unfounded.get(author) ?? Number.POSITIVE_INFINITY
  }

  private keepUntilCut(operation: Operation): void {
    this.stable.push(operation)
    this.stableBytes += payloadBytes(operation)
  }

  private noteCut(operation: Operation): void {
    // Where nothing can be cut a cut means nothing.
    if (operation.kind !== 'cut' || this.retention !== 'until-cut') return
    if (operation.epoch !== this.epoch || operation.through < this.baseThrough) return
    this.cuts.push(operation)
    this.cuts.sort(compareOperations)
  }

  /** No two members are more than one epoch apart in what they can send each other (rule CU6). */
  private isNear(epoch: number): boolean {
    return this.retention === 'until-cut' ? Math.abs(epoch - this.epoch) <= 1 : epoch === 0
  }

  /**
   * Too old, and of somebody who is no member as far as we know. Nor will it ever be one: all members had reached the epoch before
   * ours when we entered ours. Somebody who is still there may pass its operations on all the same (rule CU6).
   */
  private isBygone({ author, epoch }: Operation): boolean {
    return epoch < this.epoch && !this.applied.has(author)
  }

  private forget(author: ReplicaId): void {
    this.applied.delete(author)
    this.changed.delete(author)
  }

  /** At or below the snapshot point everything is applied, even if its author is forgotten by now (SP7). */
  private isObsolete(operation: Operation): boolean {
    if (operation.clock <= this.point) return true
    if (operation.seq > this.countsUpTo(operation.author)) return true
    if (this.refused.size > 0 && this.refused.has(claimsOf(operation))) return true
    return (this.applied.get(operation.author) ?? 0) >= operation.seq
  }
}

/** All by which it may contradict its past. */
function claimsOf({ author, seq, clock, epoch, deps }: Operation): string {
  return JSON.stringify([author, seq, clock, epoch, ...deps])
}

/** The oldest entries are forgotten in the end. */
function remember(cutOffs: Map<ReplicaId, number>, author: ReplicaId, seq: number): void {
  cutOffs.set(author, seq)
  for (const [oldest] of cutOffs) {
    if (cutOffs.size <= MAX_CUT_OFFS) break
    cutOffs.delete(oldest)
  }
}
