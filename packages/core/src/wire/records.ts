/**
 * Operations, reports and presences as bytes.
 */
import type { Body, Operation, OperationHead } from '../causality/operation.js'
import type { Report } from '../snapshot/report.js'
import { MAX_PRESENCE_BYTES } from './limits.js'
import type { Presence, WelcomeMember } from './messages.js'
import { type Reader, WireError, type Writer } from './primitives.js'

const KINDS = ['update', 'join', 'leave'] as const

export function writeOperation(out: Writer, operation: Operation): void {
  out.uint(KINDS.indexOf(operation.kind))
  out.id(operation.author)
  out.uint(operation.seq)
  out.uint(operation.clock)
  out.vector(operation.deps)
  out.uint(operation.epoch)
  if (operation.kind === 'update') out.bytes(operation.payload)
  else out.id(operation.who)
  if (operation.kind === 'join') out.uint(operation.floor)
}

export function readOperation(from: Reader): Operation {
  const kind = KINDS[from.uint()]
  if (!kind) throw new WireError('unknown kind of operation')
  const head: OperationHead = {
    author: from.id(),
    seq: from.uint(),
    clock: from.uint(),
    deps: from.vector(),
    epoch: from.uint(),
  }
  if (head.seq < 1 || head.clock < head.seq) throw new WireError('operation numbers out of range')
  if (head.deps.has(head.author)) throw new WireError('operation depends on its author')
  return { ...head, ...readBody(from, kind) }
}

function readBody(from: Reader, kind: (typeof KINDS)[number]): Body {
  if (kind === 'update') return { kind, payload: from.bytes() }
  if (kind === 'join') return { kind, who: from.id(), floor: from.uint() }
  return { kind, who: from.id() }
}

export function writeReport(out: Writer, report: Report): void {
  out.id(report.replica)
  out.uint(report.n)
  out.uint(report.seq)
  out.uint(report.clock)
  out.uint(report.epoch)
  out.uint(report.floor)
  out.flag(report.row !== undefined)
  if (report.row) out.vector(report.row)
}

export function readReport(from: Reader): Report {
  const report: Report = {
    replica: from.id(),
    n: from.uint(),
    seq: from.uint(),
    clock: from.uint(),
    epoch: from.uint(),
    floor: from.uint(),
  }
  if (report.n < 1 || report.floor > report.clock) throw new WireError('report numbers out of range')
  return from.flag() ? { ...report, row: from.vector() } : report
}

export function writePresence(out: Writer, presence: Presence): void {
  out.id(presence.replica)
  out.uint(presence.n)
  out.bytes(presence.bytes)
}

export function readPresence(from: Reader): Presence {
  return { replica: from.id(), n: from.uint(), bytes: from.bytes(MAX_PRESENCE_BYTES) }
}

export function writeMember(out: Writer, member: WelcomeMember): void {
  out.id(member.replica)
  out.uint(member.joined)
  out.flag(member.sponsor !== undefined)
  if (member.sponsor !== undefined) out.id(member.sponsor)
  out.uint(member.known)
  out.uint(member.floor)
  out.uint(member.n)
}

export function readMember(from: Reader): WelcomeMember {
  return {
    replica: from.id(),
    joined: from.uint(),
    sponsor: from.flag() ? from.id() : undefined,
    known: from.uint(),
    floor: from.uint(),
    n: from.uint(),
  }
}
