/**
 * One replica's part in signing and checking (protocol rules ID1 to ID6): signs what it says, and tells what is wrong with what
 * others are said to have said. Where members do not sign, nothing is signed and nothing is wrong.
 *
 * Updates are not signed one by one: at a keystroke each that would be most of what is sent.
 */
import type { Clock, Operation, ReplicaId } from '../causality/operation.js'
import type { Report } from '../snapshot/report.js'
import {
  consentStatement,
  operationStatement,
  reportStatement,
  type Signatures,
  withdrawalStatement,
} from './signatures.js'

export class Vouching {
  private readonly signatures: Signatures | undefined
  private readonly lineage: () => string

  /** @param lineage the one that we are in. */
  constructor(signatures: Signatures | undefined, lineage: () => string) {
    this.signatures = signatures
    this.lineage = lineage
  }

  /** All members of a room sign, or none. */
  get isOn(): boolean {
    return this.signatures !== undefined
  }

  // ------------------------------------------------------------------ what we say

  signed(operation: Operation): Operation {
    if (!this.signatures || operation.kind === 'update') return operation
    return { ...operation, signature: this.signatures.sign(operationStatement(this.lineage(), operation)) }
  }

  signedReport(report: Report): Report {
    if (!this.signatures) return report
    return { ...report, signature: this.signatures.sign(reportStatement(this.lineage(), report)) }
  }

  /** Before we are in the room: this sponsor lets us in (rule ID4). */
  consent(lineage: string, sponsor: ReplicaId, floor: Clock): { readonly consent?: Uint8Array } {
    if (!this.signatures) return {}
    return { consent: this.signatures.sign(consentStatement(lineage, sponsor, floor)) }
  }

  /** Nothing will be said under our id, by anybody who could (rule ID5). */
  withdrawal(): { readonly consent?: Uint8Array } {
    return this.signatures ? { consent: this.signatures.sign(withdrawalStatement()) } : {}
  }

  // ------------------------------------------------------------------ what others say

  /** @returns what is wrong with the operation, which must then neither be kept nor passed on. */
  faultOf(operation: Operation, lineage = this.lineage()): string | undefined {
    const { author, seq, kind, signature } = operation
    if (!this.signatures) return undefined
    const named = `${kind} ${author} ${seq}`
    if (kind === 'update') return signature && `${named} is signed, which no update is`
    const isGenuine =
      signature && this.signatures.verify(author, operationStatement(lineage, operation), signature)
    if (!isGenuine) return `${named} was not signed by its author`
    const fault = this.groundlessIn(operation, lineage)
    return fault && `${named}: ${fault}`
  }

  faultOfReport(report: Report): string | undefined {
    const { replica, n, signature } = report
    if (!this.signatures) return undefined
    const statement = reportStatement(this.lineage(), report)
    const isGenuine = signature && this.signatures.verify(replica, statement, signature)
    return isGenuine ? undefined : `report ${replica} ${n} was not signed by its replica`
  }

  /** Whether a newcomer has said that we let it in. */
  hasConsented(
    newcomer: ReplicaId,
    sponsor: ReplicaId,
    floor: Clock,
    consent: Uint8Array | undefined,
  ): boolean {
    return this.agrees(newcomer, consentStatement(this.lineage(), sponsor, floor), consent)
  }

  /** Whether somebody has said that its id is over. */
  hasWithdrawn(who: ReplicaId, consent: Uint8Array | undefined): boolean {
    return this.agrees(who, withdrawalStatement(), consent)
  }

  private agrees(who: ReplicaId, statement: Uint8Array, consent: Uint8Array | undefined): boolean {
    if (!this.signatures) return true
    return consent !== undefined && this.signatures.verify(who, statement, consent)
  }

  /** What nobody who keeps to the rules says, as far as it shows by itself. */
  private groundlessIn(operation: Operation, lineage: string): string | undefined {
    const { author } = operation
    switch (operation.kind) {
      case 'join': {
        const { who, floor, consent } = operation
        if (this.agrees(who, consentStatement(lineage, author, floor), consent)) return undefined
        return `${who} has not asked to be let in`
      }
      case 'leave': {
        const { who, consent } = operation
        return who === author || this.hasWithdrawn(who, consent) ? undefined : `${who} has not said so`
      }
      // Whoever is being evicted starts over.
      case 'fence':
        return operation.decided.some((evicted) => evicted.includes(author))
          ? 'it fences itself off'
          : undefined
      case 'evict':
        return operation.cutOffs.has(author) ? 'it evicts itself' : undefined
      default:
        return undefined
    }
  }
}
