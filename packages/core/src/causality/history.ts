/**
 * What one replica has applied: version vector, Lamport clock, log, and the operations that wait for their past
 * (protocol rules OP1 to OP7, SP4 to SP7).
 */
import { CausalBuffer, type CausalBufferLimits } from './causal-buffer.js'
import type { Body, Clock, Operation, ReplicaId, VersionVector } from './operation.js'
import { OperationLog } from './operation-log.js'
import { isReady, raise } from './version-vector.js'

/** Everything a history needs to go on from where another replica stood. */
export interface HistoryState {
  readonly applied: VersionVector
  readonly clock: Clock
  readonly epoch: number
  /** Everything with a clock up to this one is in the base, not in the log. */
  readonly point: Clock
  readonly base: VersionVector
  /** In total order. */
  readonly log: readonly Operation[]
}

export type Arrival = 'new' | 'known' | 'no-room'

export class History {
  readonly self: ReplicaId
  readonly applied: VersionVector = new Map()
  readonly log = new OperationLog()
  readonly waiting: CausalBuffer
  /** Version vector of the base: operations that left the log. */
  readonly base: VersionVector = new Map()
  clock: Clock = 0
  epoch = 0
  point: Clock = 0
  private readonly keepLog: boolean
  /** Authors whose entries changed since our last own operation: the dependencies of the next one. */
  private readonly changed = new Set<ReplicaId>()

  constructor(self: ReplicaId, limits: CausalBufferLimits, keepLog: boolean) {
    this.self = self
    this.waiting = new CausalBuffer(limits)
    this.keepLog = keepLog
  }

  get seq(): number {
    return this.applied.get(this.self) ?? 0
  }

  /** An author whose operations may be applied from now on. */
  admit(author: ReplicaId): void {
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
    const head = { author: this.self, seq: this.seq + 1, clock: this.clock + 1, deps, epoch: this.epoch }
    const operation: Operation = { ...head, ...body }
    this.record(operation)
    this.changed.delete(this.self)
    return operation
  }

  /**
   * Files an operation that came in. It is not applied before `takeReady` gives it out.
   *
   * For one that waits for nothing there is always room: those that fill the buffer may wait for just this one.
   */
  receive(operation: Operation): Arrival {
    if (this.isObsolete(operation) || this.waiting.has(operation.author, operation.seq)) return 'known'
    return this.waiting.add(operation, isReady(operation, this.applied)) ? 'new' : 'no-room'
  }

  /** The next operation whose past is applied; the caller applies it and then calls `record`. */
  takeReady(): Operation | undefined {
    return this.waiting.takeReady(this.applied)
  }

  /** Notes that an operation is applied. */
  record(operation: Operation): void {
    raise(this.applied, operation.author, operation.seq)
    this.changed.add(operation.author)
    this.witness(operation.clock)
    this.log.insert(operation)
  }

  /** What a replica that has applied `vector` lacks: nothing at or below the snapshot point. In total order. */
  missingFrom(vector: ReadonlyMap<ReplicaId, number>): Operation[] {
    return this.log.missingFrom(vector).filter(({ clock }) => clock > this.point)
  }

  /**
   * The snapshot point has risen: drops what lies at or below it from the log (rule SP5), and forgets the
   * authors whose last operation is among it (rule SP7).
   * @returns the dropped operations in total order.
   */
  compactThrough(point: Clock): Operation[] {
    if (point < this.point) throw new Error(`snapshot point went back from ${this.point} to ${point}`)
    const passed = this.keepLog ? this.log.between(this.point, point) : this.log.takeThrough(point)
    this.point = point
    const dropped = this.keepLog ? [] : passed
    for (const operation of dropped) raise(this.base, operation.author, operation.seq)
    // Also where the log is kept: vectors, and with them digests, must not differ between members.
    for (const operation of passed) if (operation.kind === 'leave') this.forget(operation.who)
    if (dropped.length > 0) this.waiting.discard((operation) => this.isObsolete(operation))
    return dropped
  }

  export(): HistoryState {
    return {
      applied: new Map(this.applied),
      clock: this.clock,
      epoch: this.epoch,
      point: this.point,
      base: new Map(this.base),
      log: this.log.operations.slice(),
    }
  }

  /** Starts from a sponsor's history. What changes after this is what our first operation depends on. */
  import(state: HistoryState): void {
    for (const [author, seq] of state.applied) this.applied.set(author, seq)
    for (const [author, seq] of state.base) this.base.set(author, seq)
    for (const operation of state.log) this.log.insert(operation)
    this.clock = state.clock
    this.epoch = state.epoch
    this.point = state.point
    this.changed.clear()
  }

  private forget(author: ReplicaId): void {
    this.applied.delete(author)
    this.base.delete(author)
    this.changed.delete(author)
  }

  /** At or below the snapshot point everything is applied, even if its author is forgotten by now (SP7). */
  private isObsolete(operation: Operation): boolean {
    if (operation.clock <= this.point) return true
    return (this.applied.get(operation.author) ?? 0) >= operation.seq
  }
}
