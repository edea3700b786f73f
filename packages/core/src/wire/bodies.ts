/**
 * The body of every message, writing and reading side by side; and what is attached to some where members sign.
 */
import type { Operation, ReplicaId } from '../causality/operation.js'
import { FORMER_LENGTH, MAX_FORMER } from '../eviction/electorates.js'
import * as limits from './limits.js'
import type { Message } from './messages.js'
import type { Reader, Writer } from './primitives.js'
import * as records from './records.js'

export interface BodyCodec<M> {
  write(out: Writer, message: M): void
  read(from: Reader): M
}

/** Of the messages that may carry one: what it is. The type byte tells whether it is there. */
export const ATTACHMENTS: Readonly<Partial<Record<Message['type'], Attachment>>> = {
  installed: { name: 'consent', read: (from) => from.signature() },
  no: { name: 'consent', read: (from) => from.signature() },
  welcome: { name: 'history', read: (from) => from.historyHash() },
}

interface Attachment {
  readonly name: 'consent' | 'history'
  read(from: Reader): Uint8Array
}

type Bodies = { readonly [T in Message['type']]: BodyCodec<Extract<Message, { type: T }>> }

export const BODIES: Bodies = {
  hello: {
    write(out, m) {
      out.id(m.replica)
      out.text(m.lineage)
      out.flags(m.renumbers, m.signs)
      out.uint(m.digest)
    },
    read(from) {
      const replica = from.id()
      const lineage = from.text(limits.MAX_LINEAGE_LENGTH)
      const [renumbers = false, signs = false] = from.flags(2)
      return { type: 'hello', replica, lineage, renumbers, signs, digest: from.uint() }
    },
  },
  origins: {
    write(out, m) {
      records.writeNamings(out, m.namings)
      out.flag(m.isAhead !== undefined)
      if (m.isAhead !== undefined) out.flag(m.isAhead)
    },
    read: (from) => ({
      type: 'origins',
      namings: records.readNamings(from),
      isAhead: from.flag() ? from.flag() : undefined,
    }),
  },
  heartbeat: {
    write: (out, m) => out.uint(m.digest),
    read: (from) => ({ type: 'heartbeat', digest: from.uint() }),
  },
  gossip: {
    write(out, m) {
      writeOperations(out, m.operations)
      out.list(m.reports, m.reports.length, (report) => records.writeReport(out, report))
      out.list(m.presences, m.presences.length, (presence) => records.writePresence(out, presence))
      out.flag(m.answer)
    },
    read: (from) => ({
      type: 'gossip',
      operations: readOperations(from),
      reports: from.list(() => records.readReport(from)),
      presences: from.list(() => records.readPresence(from)),
      answer: from.flag(),
    }),
  },
  sync: {
    write(out, m) {
      out.vector(m.applied)
      out.vector(m.reports)
      out.vector(m.presences)
      out.uint(m.point)
    },
    read: (from) => ({
      type: 'sync',
      applied: from.vector(),
      reports: from.vector(),
      presences: from.vector(),
      point: from.uint(),
    }),
  },
  prune: {
    write: (out, m) => writeIds(out, m.authors),
    read: (from) => ({ type: 'prune', authors: readIds(from) }),
  },
  graft: {
    write: (out, m) => writeIds(out, m.authors),
    read: (from) => ({ type: 'graft', authors: readIds(from) }),
  },
  relay: {
    write(out, m) {
      out.id(m.from)
      out.id(m.to)
      out.uint(m.hops)
      out.bytes(m.bytes)
    },
    read: (from) => ({
      type: 'relay',
      from: from.id(),
      to: from.id(),
      hops: from.uint(),
      bytes: from.bytes(limits.MAX_RELAY_BYTES),
    }),
  },
  'join-request': {
    write(out, m) {
      records.writeNamings(out, m.namings)
      records.writeNamings(out, m.origins)
      records.writeBaseHash(out, m.base)
      out.flag(m.insists)
    },
    read: (from) => ({
      type: 'join-request',
      namings: records.readNamings(from),
      origins: records.readNamings(from),
      base: records.readBaseHash(from),
      insists: from.flag(),
    }),
  },
  welcome: {
    write(out, m) {
      out.uint(m.nonce)
      out.text(m.lineage)
      out.uint(m.clock)
      out.uint(m.epoch)
      out.uint(m.point)
      out.uint(m.floor)
      out.vector(m.applied)
      records.writeNamings(out, m.namings)
      records.writeBase(out, m.base)
      out.list(m.members, m.members.length, (member) => records.writeMember(out, member))
      out.vector(m.electorate)
      out.list(m.former, m.former.length, (beginning) => out.text(beginning))
      out.uint(m.stage)
      records.writeStages(out, m.decided)
      out.vector(m.cutOffs)
    },
    read: (from) => ({
      type: 'welcome',
      nonce: from.uint(),
      lineage: from.text(limits.MAX_LINEAGE_LENGTH),
      clock: from.uint(),
      epoch: from.uint(),
      point: from.uint(),
      floor: from.uint(),
      applied: from.vector(),
      namings: records.readNamings(from),
      base: records.readBase(from),
      members: from.list(() => records.readMember(from)),
      electorate: from.vector(),
      former: from.list(() => from.text(FORMER_LENGTH), MAX_FORMER),
      stage: from.uint(),
      decided: records.readStages(from),
      cutOffs: from.vector(),
    }),
  },
  piece: {
    write(out, m) {
      out.uint(m.nonce)
      out.uint(m.index)
      out.flag(m.last)
      out.uint(m.permille)
      out.bytes(m.bytes)
      writeOperations(out, m.operations)
    },
    read: (from) => ({
      type: 'piece',
      nonce: from.uint(),
      index: from.uint(),
      last: from.flag(),
      permille: from.uint(),
      bytes: from.bytes(),
      operations: readOperations(from),
    }),
  },
  'piece-received': {
    write(out, m) {
      out.uint(m.nonce)
      out.uint(m.count)
    },
    read: (from) => ({ type: 'piece-received', nonce: from.uint(), count: from.uint() }),
  },
  installed: {
    write: (out, m) => out.uint(m.nonce),
    read: (from) => ({ type: 'installed', nonce: from.uint() }),
  },
  go: {
    write(out, m) {
      out.uint(m.nonce)
      writeOperations(out, m.operations)
    },
    read: (from) => ({ type: 'go', nonce: from.uint(), operations: readOperations(from) }),
  },
  no: {
    write(out, m) {
      out.uint(m.nonce)
      out.text(m.reason)
    },
    read: (from) => ({ type: 'no', nonce: from.uint(), reason: from.text(limits.MAX_REASON_LENGTH) }),
  },
  bye: {
    write: (out, m) => out.text(m.reason),
    read: (from) => ({ type: 'bye', reason: from.text(limits.MAX_REASON_LENGTH) }),
  },
  probe: {
    write(out, m) {
      out.id(m.from)
      out.id(m.to)
      out.uint(m.hops)
      out.flag(m.isAnswer)
    },
    read: (from) => ({
      type: 'probe',
      from: from.id(),
      to: from.id(),
      hops: from.uint(),
      isAnswer: from.flag(),
    }),
  },
  evicted: {
    write: (out, m) => out.vector(m.cutOffs),
    read: (from) => ({ type: 'evicted', cutOffs: from.vector() }),
  },
}

function writeOperations(out: Writer, operations: readonly Operation[]): void {
  out.list(operations, operations.length, (operation) => records.writeOperation(out, operation))
}

function readOperations(from: Reader): Operation[] {
  return from.list(() => records.readOperation(from))
}

function writeIds(out: Writer, ids: readonly ReplicaId[]): void {
  out.list(ids, ids.length, (id) => out.id(id))
}

function readIds(from: Reader): ReplicaId[] {
  return from.list(() => from.id())
}
