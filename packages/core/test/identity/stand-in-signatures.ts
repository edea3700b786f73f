/**
 * Signatures of no worth, the same in every run: whoever knows an id can make them. Tests forge by taking those of somebody
 * else, or of another statement, as they would have to with real ones.
 */
import { digest } from 'lib0/hash/sha256'
import { operationStatement, reportStatement } from '../../src/identity/signatures.js'
import type { Operation, ReplicaId, Signatures } from '../../src/index.js'
import type { Report } from '../../src/snapshot/report.js'

const SIGNATURE_BYTES = 8

function mark(id: ReplicaId, statement: Uint8Array): Uint8Array {
  const name = new TextEncoder().encode(id)
  return digest(Uint8Array.from([name.length, ...name, ...statement])).slice(0, SIGNATURE_BYTES)
}

const isSame = (a: Uint8Array, b: Uint8Array) => a.length === b.length && a.every((byte, i) => byte === b[i])

export function standInSignatures(id: ReplicaId): Signatures {
  return {
    sign: (statement) => mark(id, statement),
    verify: (replica, statement, signature) => isSame(mark(replica, statement), signature),
  }
}

/** @param by whose signature it gets, which need not be its author's. */
export function signed(operation: Operation, lineage: string, by = operation.author): Operation {
  return { ...operation, signature: standInSignatures(by).sign(operationStatement(lineage, operation)) }
}

export function signedReport(report: Report, lineage: string, by = report.replica): Report {
  return { ...report, signature: standInSignatures(by).sign(reportStatement(lineage, report)) }
}
