/**
 * Operations, reports and presences as bytes.
 */
import * as buffer from 'lib0/buffer'
import type { Body, Operation, OperationHead, ReplicaId } from '../causality/operation.js'
import { BASE_HASH_BYTES, type BaseState } from '../compaction/base.js'
import { type AgreementState, type Ballot, MAX_ROUND, NO_BALLOT } from '../eviction/acceptor-state.js'
import type { Report } from '../snapshot/report.js'
import type { Naming } from '../structure.js'
import { MAX_DEPENDENCIES, MAX_LINEAGE_LENGTH, MAX_PRESENCE_BYTES } from './limits.js'
import type { Presence, WelcomeMember } from './messages.js'
import { type Reader, WireError, type Writer } from './primitives.js'

/**
 * The place in this list, doubled, is the kind byte, plus one if the hash of a base follows; beside it stands whether somebody's
 * consent and a signature do. Append, never reorder; sixteen fit.
 */
const KINDS = ['update', 'join', 'leave', 'cut', 'fence', 'evict'] as const
const CONSENTED = 32
const SIGNED = 64

export function writeOperation(out: Writer, operation: Operation): void {
  const { kind, base, signature } = operation
  const consent = consentIn(operation)
  const marks = (consent === undefined ? 0 : CONSENTED) + (signature === undefined ? 0 : SIGNED)
  out.uint(marks + 2 * KINDS.indexOf(kind) + (base === undefined ? 0 : 1))
  out.id(operation.author)
  out.uint(operation.seq)
  out.uint(operation.clock)
  out.vector(operation.deps)
  out.uint(operation.epoch)
  if (base !== undefined) writeBaseHash(out, base)
  writeBody(out, operation)
  if (consent !== undefined) out.bytes(consent)
  if (signature !== undefined) out.bytes(signature)
}

function consentIn(body: Body): Uint8Array | undefined {
  return body.kind === 'join' || body.kind === 'leave' ? body.consent : undefined
}

function writeBody(out: Writer, body: Body): void {
  switch (body.kind) {
    case 'update':
      return out.bytes(body.payload)
    case 'join':
      out.id(body.who)
      out.uint(body.floor)
      return out.uint(body.stage)
    case 'leave':
      return out.id(body.who)
    case 'cut':
      return out.uint(body.through)
    case 'fence':
      out.uint(body.stage)
      return writeStages(out, body.decided)
    case 'evict':
      out.uint(body.stage)
      return out.vector(body.cutOffs)
  }
}

export function readOperation(from: Reader): Operation {
  const code = from.uint()
  const kind = code < 2 * SIGNED ? KINDS[Math.floor((code % CONSENTED) / 2)] : undefined
  if (!kind) throw new WireError('unknown kind of operation')
  const head: OperationHead = {
    author: from.id(),
    seq: from.uint(),
    clock: from.uint(),
    deps: from.vector(),
    epoch: from.uint(),
    ...(code % 2 === 1 && { base: readBaseHash(from) }),
  }
  if (head.seq < 1 || head.clock < head.seq) throw new WireError('operation numbers out of range')
  if (head.deps.size > MAX_DEPENDENCIES) throw new WireError('too many dependencies')
  if (head.deps.has(head.author)) throw new WireError('operation depends on its author')
  const body = { ...readBody(from, kind), ...((code & CONSENTED) !== 0 && { consent: from.signature() }) }
  if (body.consent && body.kind !== 'join' && body.kind !== 'leave') throw new WireError('consent to nothing')
  const signed = (code & SIGNED) !== 0 && { signature: from.signature() }
  if (body.kind === 'join' && body.floor > head.clock)
    throw new WireError('join with a floor above its clock')
  if (body.kind === 'cut' && body.through > head.clock) throw new WireError('cut above its own clock')
  return { ...head, ...signed, ...body }
}

function readBody(from: Reader, kind: (typeof KINDS)[number]): Body {
  switch (kind) {
    case 'update':
      return { kind, payload: from.bytes() }
    case 'join':
      return { kind, who: from.id(), floor: from.uint(), stage: from.uint() }
    case 'leave':
      return { kind, who: from.id() }
    case 'cut':
      return { kind, through: from.uint() }
    case 'fence': {
      const stage = from.uint()
      const decided = readStages(from)
      if (decided.length > stage) throw new WireError('more sets than stages')
      return { kind, stage, decided }
    }
    case 'evict':
      return { kind, stage: from.uint(), cutOffs: from.vector() }
  }
}

/** The sets that stages of eviction decided. */
export function writeStages(out: Writer, stages: readonly (readonly ReplicaId[])[]): void {
  out.list(stages, stages.length, (evicted) => out.list(evicted, evicted.length, (id) => out.id(id)))
}

export function readStages(from: Reader): ReplicaId[][] {
  const stages = from.list(() => from.list(() => from.id()))
  if (stages.some(({ length }) => length === 0)) throw new WireError('an eviction of nobody')
  return stages
}

function writeBallot(out: Writer, ballot: Ballot): void {
  out.uint(ballot.round)
  if (ballot.round > 0) out.id(ballot.proposer)
}

function readBallot(from: Reader): Ballot {
  const round = from.uint()
  if (round > MAX_ROUND) throw new WireError(`no room has had ${round} ballots`)
  return round === 0 ? NO_BALLOT : { round, proposer: from.id() }
}

function writeAgreement(out: Writer, { stage, promised, accepted, decided }: AgreementState): void {
  out.uint(stage)
  writeBallot(out, promised)
  out.flag(accepted !== undefined)
  if (accepted) {
    writeBallot(out, accepted.ballot)
    writeStages(out, [accepted.evicted])
  }
  writeStages(out, decided)
}

function readAgreement(from: Reader): AgreementState {
  const stage = from.uint()
  const promised = readBallot(from)
  let accepted: AgreementState['accepted']
  if (from.flag()) {
    const ballot = readBallot(from)
    const [evicted = []] = readStages(from)
    accepted = { ballot, evicted }
  }
  const decided = readStages(from)
  if (decided.length > stage) throw new WireError('more sets than stages')
  return { stage, promised, accepted, decided }
}

/** A hash is hexadecimal in memory; the empty one is that of epoch 0. */
export function writeBaseHash(out: Writer, hash: string): void {
  out.bytes(buffer.fromHexString(hash))
}

export function readBaseHash(from: Reader): string {
  const bytes = from.bytes(BASE_HASH_BYTES)
  if (bytes.length !== 0 && bytes.length !== BASE_HASH_BYTES) throw new WireError('hash of another length')
  return buffer.toHexString(bytes)
}

export function writeReport(out: Writer, report: Report): void {
  out.id(report.replica)
  out.uint(report.n)
  out.uint(report.seq)
  out.uint(report.clock)
  out.uint(report.epoch)
  writeBaseHash(out, report.base)
  out.uint(report.floor)
  const { history, signature } = report
  out.flags(report.row !== undefined, signature !== undefined, history !== undefined)
  if (report.row) out.vector(report.row)
  out.flag(report.agreement !== undefined)
  if (report.agreement) writeAgreement(out, report.agreement)
  if (history) out.bytes(history)
  if (signature) out.bytes(signature)
}

export function readReport(from: Reader): Report {
  const report: Report = {
    replica: from.id(),
    n: from.uint(),
    seq: from.uint(),
    clock: from.uint(),
    epoch: from.uint(),
    base: readBaseHash(from),
    floor: from.uint(),
  }
  if (report.n < 1 || report.floor > report.clock) throw new WireError('report numbers out of range')
  const [hasRow, isSigned, hasHistory] = from.flags(3)
  const row = hasRow && { row: from.vector() }
  const agreement = from.flag() && { agreement: readAgreement(from) }
  const told = hasHistory && { history: from.historyHash() }
  const signed = isSigned && { signature: from.signature() }
  return { ...report, ...row, ...agreement, ...told, ...signed }
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
  out.uint(member.epoch)
  out.uint(member.since)
  out.uint(member.stage)
}

export function readMember(from: Reader): WelcomeMember {
  return {
    replica: from.id(),
    joined: from.uint(),
    sponsor: from.flag() ? from.id() : undefined,
    known: from.uint(),
    floor: from.uint(),
    n: from.uint(),
    epoch: from.uint(),
    since: from.uint(),
    stage: from.uint(),
  }
}

export function writeBase(out: Writer, base: BaseState): void {
  out.uint(base.through)
  writeBaseHash(out, base.hash)
  out.vector(base.applied)
  out.list(base.members, base.members.length, (member) => out.id(member))
}

export function readBase(from: Reader): BaseState {
  return {
    through: from.uint(),
    hash: readBaseHash(from),
    applied: from.vector(),
    members: from.list(() => from.id()),
  }
}

/** Enough for every room a document was ever founded in; no honest sponsor says more. */
const MAX_NAMINGS = 64

export function writeNamings(out: Writer, namings: readonly Naming[]): void {
  out.list(namings.slice(0, MAX_NAMINGS), Math.min(namings.length, MAX_NAMINGS), ({ lineage, epoch }) => {
    out.text(lineage)
    out.uint(epoch)
  })
}

export function readNamings(from: Reader): Naming[] {
  const namings = from.list(() => ({ lineage: from.text(MAX_LINEAGE_LENGTH), epoch: from.uint() }))
  if (namings.length > MAX_NAMINGS) throw new WireError('too many namings')
  return namings
}
