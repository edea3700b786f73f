/**
 * A cut of a numbered set on its way: what lies below is numbered anew, what lies above is told in the new numbers. Strict about
 * how the core calls it.
 */
import type { Cut, CutResult, CutWork, NamedPayload, Naming } from '@tidemark/core'
import * as sha256 from 'lib0/hash/sha256'
import { encodeUtf8 } from 'lib0/string'
import { type Change, Numbering, renumber, type Table, translateChanges } from './numbering.js'
import type { TokenId } from './tokens.js'

/** Payloads that a cut works off in one step. */
const AT_ONCE = 3

/** The set that is cut. */
export interface CutHost {
  readonly ground: Numbering
  readonly live: Numbering
  isAtWorkOn(work: Work): boolean
  inPresentNaming(operation: NamedPayload): Change[]
  translateUnsent(table: Table): readonly Change[]
  stateBytes(): number
  enterEpoch(
    next: { readonly namings: readonly Naming[]; readonly ground: Numbering; readonly live: Numbering },
    table: Table,
  ): void
}

export class Work implements CutWork {
  private readonly set: CutHost
  private readonly cut: Cut
  private readonly below: Numbering
  private done = 0
  private next: { base: readonly TokenId[]; table: Table; live: Numbering } | undefined
  private isCommitted = false

  constructor(set: CutHost, cut: Cut) {
    this.set = set
    this.cut = cut
    this.below = set.ground.copy()
  }

  prepare(): boolean {
    this.mustBeUnderWay()
    if (!this.next) return this.workOffBelow()
    const { above } = this.cut
    for (let left = AT_ONCE; left > 0 && this.done < above.length; left--) this.takeIn(above[this.done++])
    return this.done === above.length
  }

  get fingerprint(): Uint8Array {
    if (!this.next) throw new Error('a cut is not prepared yet')
    const { lineage, epoch } = this.cut
    return sha256.digest(encodeUtf8(JSON.stringify([lineage, epoch, this.next.base]))).slice()
  }

  get canCommit(): boolean {
    return this.next !== undefined
  }

  commit(): CutResult {
    this.mustBeUnderWay()
    const { set, cut, next } = this
    if (!next || !this.canCommit) throw new Error('a cut was committed before its time')
    for (; this.done < cut.above.length; this.done++) this.takeIn(cut.above[this.done])
    next.live.change(set.translateUnsent(next.table))
    const shown = (numbering: Numbering) =>
      numbering
        .tokens()
        .sort((a, b) => a - b)
        .join()
    if (shown(next.live) !== shown(set.live)) {
      throw new Error(`a cut changed what is shown: ${shown(set.live)} became ${shown(next.live)}`)
    }
    const bytesBefore = set.stateBytes()
    const naming: Naming = { lineage: cut.lineage, epoch: cut.epoch }
    set.enterEpoch({ namings: [naming], ground: this.grounded(next.base), live: next.live }, next.table)
    this.isCommitted = true
    return { bytesBefore, bytesAfter: set.stateBytes(), changedVisibly: false }
  }

  private workOffBelow(): boolean {
    const { below } = this.cut
    for (let left = AT_ONCE; left > 0 && this.done < below.length; left--) {
      const changes = this.set.inPresentNaming(below[this.done++] as NamedPayload)
      const refusal = this.below.refusal(changes)
      if (refusal !== undefined) throw new Error(`what lies below a cut is not in order: ${refusal}`)
      this.below.change(changes)
    }
    if (this.done < below.length) return false
    const { base, table } = renumber(this.below)
    this.next = { base, table, live: this.grounded(base) }
    this.done = 0
    return this.cut.above.length === 0
  }

  /** What came along without its past stays known for ever. */
  private grounded(base: readonly TokenId[]): Numbering {
    const numbering = new Numbering(base)
    for (const brought of this.below.brought) numbering.brought.add(brought)
    for (const lineage of this.below.kin) numbering.kin.add(lineage)
    for (const lineage of this.below.strange) numbering.strange.add(lineage)
    return numbering
  }

  private takeIn(operation: NamedPayload | undefined): void {
    const { next } = this
    if (!operation || !next) return
    const changes = translateChanges(this.set.inPresentNaming(operation), next.table)
    const refusal = next.live.refusal(changes)
    if (refusal !== undefined) throw new Error(`what lies above a cut is not in order: ${refusal}`)
    next.live.change(changes)
  }

  private mustBeUnderWay(): void {
    if (this.isCommitted || !this.set.isAtWorkOn(this))
      throw new Error('a cut went on that had been given up')
  }
}
