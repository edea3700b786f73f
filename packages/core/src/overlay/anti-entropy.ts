/**
 * Closing whatever gap eager push left: digests in heartbeats, version vectors when they differ (overlay rule OV6).
 */
import type { DigestedMap } from '../causality/digested-map.js'
import type { Operation, ReplicaId } from '../causality/operation.js'
import { payloadBytes } from '../causality/operation.js'
import type { Report } from '../snapshot/report.js'
import { GOSSIP_TARGET_BYTES } from '../wire/limits.js'
import type { Gossip, Presence, Sync } from '../wire/messages.js'

/** What a replica holds, by number. */
export interface Holdings {
  readonly applied: DigestedMap<number>
  readonly reports: DigestedMap<Report>
  readonly presences: DigestedMap<Presence>
}

/** The same on two replicas exactly if neither lacks anything. */
export function digestOf({ applied, reports, presences }: Holdings): number {
  return (applied.digest + reports.digest + presences.digest) % 2 ** 32
}

export function syncOf(holdings: Holdings, point: number): Sync {
  return {
    type: 'sync',
    applied: holdings.applied,
    reports: numbers(holdings.reports),
    presences: numbers(holdings.presences),
    point,
  }
}

/** Whether the sender of `theirs` holds something that we do not. */
export function offersNews(theirs: Sync, ours: Holdings, point: number): boolean {
  // Authors that we forgot left at or below our snapshot point (rule SP7); a lower point names them in vain.
  const mayBeForgotten = theirs.point < point
  for (const [author, seq] of theirs.applied) {
    const have = ours.applied.get(author)
    if (have === undefined ? !mayBeForgotten : have < seq) return true
  }
  return exceeds(theirs.reports, ours.reports) || exceeds(theirs.presences, ours.presences)
}

/**
 * The answer to a sync: `operations` are those that the log holds beyond it. Cut into messages of bounded size, the
 * last one marked.
 */
export function answer(theirs: Sync, operations: readonly Operation[], ours: Holdings): Gossip[] {
  const messages = batches(operations).map((batch) => gossip({ operations: batch }))
  const reports = newer(ours.reports, theirs.reports)
  const presences = newer(ours.presences, theirs.presences)
  messages.push(gossip({ reports, presences, answer: true }))
  return messages
}

export function gossip(parts: Partial<Omit<Gossip, 'type'>>): Gossip {
  return { type: 'gossip', operations: [], reports: [], presences: [], answer: false, ...parts }
}

/** Cuts a list of operations into parts of bounded payload. */
export function batches(
  operations: readonly Operation[],
  targetBytes: number = GOSSIP_TARGET_BYTES,
): Operation[][] {
  const parts: Operation[][] = []
  let part: Operation[] = []
  let bytes = 0
  for (const operation of operations) {
    if (bytes >= targetBytes) {
      parts.push(part)
      part = []
      bytes = 0
    }
    part.push(operation)
    bytes += payloadBytes(operation) + 32
  }
  if (part.length > 0) parts.push(part)
  return parts
}

function numbers(items: ReadonlyMap<ReplicaId, { n: number }>): Map<ReplicaId, number> {
  return new Map([...items].map(([replica, item]) => [replica, item.n]))
}

function exceeds(
  theirs: ReadonlyMap<ReplicaId, number>,
  ours: ReadonlyMap<ReplicaId, { n: number }>,
): boolean {
  for (const [replica, n] of theirs) if ((ours.get(replica)?.n ?? 0) < n) return true
  return false
}

function newer<T extends { n: number }>(
  ours: ReadonlyMap<ReplicaId, T>,
  theirs: ReadonlyMap<ReplicaId, number>,
): T[] {
  return [...ours].filter(([replica, item]) => (theirs.get(replica) ?? 0) < item.n).map(([, item]) => item)
}
