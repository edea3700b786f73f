/**
 * Executing one cut, a little at a time, while the replica lives on in the epoch before it (protocol rules CU3, CU4).
 */
import type { CutOperation, Operation } from '../causality/operation.js'
import type { CutResult, CutWork, Epochs, NamedPayload, Origin } from '../structure.js'

/** @returns who made an update, and knowing what. */
type OriginOf = (operation: Operation) => Origin

/** What the commit may integrate besides, so that it need not wait for a moment in which nobody types. */
const LATE_OPERATIONS = 8
const LATE_BYTES = 4 * 1024

export class Cutting {
  readonly operation: CutOperation
  private readonly work: CutWork
  private readonly above: NamedPayload[]
  private readonly originOf: OriginOf
  private prepared = false
  /** What was applied since all before it is prepared. */
  private lateOperations = 0
  private lateBytes = 0

  /**
   * @param lineage of the room.
   * @param below everything between the base and the cut, in total order.
   * @param above everything applied above the cut, in an order that respects causality.
   */
  constructor(
    operation: CutOperation,
    epochs: Epochs,
    lineage: string,
    below: readonly Operation[],
    above: readonly Operation[],
    originOf: OriginOf,
  ) {
    this.operation = operation
    this.originOf = originOf
    this.above = payloadsOf(above, originOf)
    const epoch = operation.epoch + 1
    this.work = epochs.begin({ lineage, epoch, below: payloadsOf(below, originOf), above: this.above })
  }

  /** All is prepared, but for so little that it does not make the commit longer. */
  get isReady(): boolean {
    return this.prepared && this.lateOperations <= LATE_OPERATIONS && this.lateBytes <= LATE_BYTES
  }

  /** Names the content of the base that this cut leads to. Once prepared. */
  get fingerprint(): Uint8Array {
    return this.work.fingerprint
  }

  get canCommit(): boolean {
    return this.work.canCommit
  }

  /** An operation above the cut was applied meanwhile. */
  applied(operation: Operation): void {
    if (operation.kind !== 'update') return
    this.above.push(...payloadsOf([operation], this.originOf))
    this.lateOperations++
    this.lateBytes += operation.payload.length
  }

  prepare(): void {
    this.prepared = this.work.prepare()
    this.lateOperations = 0
    this.lateBytes = 0
  }

  commit(): CutResult {
    return this.work.commit()
  }
}

export function payloadsOf(operations: readonly Operation[], originOf: OriginOf): NamedPayload[] {
  return operations.flatMap((operation) => {
    if (operation.kind !== 'update') return []
    const { payload, epoch } = operation
    return [{ payload, epoch, origin: originOf(operation) }]
  })
}
