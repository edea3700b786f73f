/**
 * What members sign, as bytes (protocol rules ID2 to ID5), and the boundary to whoever can sign: core knows no cryptography.
 *
 * A statement says what it is and in which lineage it counts, so none can be taken for another one. It is made of what was
 * decoded and not of what arrived: there is one way to write it.
 */
import type { Clock, Operation, ReplicaId } from '../causality/operation.js'
import type { Report } from '../snapshot/report.js'
import { Writer } from '../wire/primitives.js'
import { writeOperation, writeReport } from '../wire/records.js'

/** The signatures of one replica, whose id is its public key: whoever knows the id can check them. */
export interface Signatures {
  /** At most 64 bytes, and never none. */
  sign(statement: Uint8Array): Uint8Array
  /** Whether the holder of that id has signed this. Never throws: the id may be no key at all. */
  verify(replica: ReplicaId, statement: Uint8Array, signature: Uint8Array): boolean
}

export function operationStatement(lineage: string, operation: Operation): Uint8Array {
  const { signature: _, ...said } = operation
  const out = begin('operation', lineage)
  writeOperation(out, said)
  return out.finish()
}

export function reportStatement(lineage: string, report: Report): Uint8Array {
  const { signature: _, ...said } = report
  const out = begin('report', lineage)
  writeReport(out, said)
  return out.finish()
}

/** A newcomer's: this sponsor lets me in, with this floor. An id asks one sponsor, once, so it is good for one join. */
export function consentStatement(lineage: string, sponsor: ReplicaId, floor: Clock): Uint8Array {
  const out = begin('consent', lineage)
  out.text(sponsor)
  out.uint(floor)
  return out.finish()
}

/** Of somebody who never was a member as far as it knows: nothing was said under this id, and nothing will be. */
export function withdrawalStatement(): Uint8Array {
  return begin('withdrawal', '').finish()
}

function begin(what: string, lineage: string): Writer {
  const out = new Writer()
  out.text(`tidemark ${what} 1`)
  out.text(lineage)
  return out
}
