/**
 * What another page or process has stored of the same document, on its way into this one.
 *
 * If ids mean the same, it is added as any Yjs update is. Otherwise it comes back as its page would have: to the room's
 * state, so not before that is here. (What two pages have stored need not be decided between the two: the room may
 * have decided it already, otherwise.)
 */
import * as Y from 'yjs'
import type { FullCompaction } from '../epochs/full-compaction.js'
import { type History, joinedLineages, linksFrom, NO_HISTORY } from '../epochs/history.js'
import { sameNaming } from '../epochs/table-chain.js'
import { fillBelow, Rebuilding } from '../renumbering/index.js'
import { StatePieces } from '../state-pieces.js'
import type { StoredDocument } from './stored-document.js'

const PIECE_BYTES = 64 * 1024

/** Whether the ids of both mean the same. */
export function meanSame(a: History, b: History): boolean {
  const isNew = a.namings.length === 0 && b.namings.length === 0
  return isNew || a.namings.some((naming) => b.namings.some((other) => sameNaming(naming, other)))
}

/** Whether tables lead from the one to the other. */
function leadsTo(from: History, to: History): boolean {
  return from.namings.some((naming) => linksFrom(to, naming) !== undefined)
}

/**
 * Whether it may be that a state was never loaded to its end: no table leads there, or none was kept. Whatever it lacks, the
 * room has.
 */
function mayBePart({ namings: [newest], chain }: History): boolean {
  return (newest?.epoch ?? 0) > 0 && chain.links.length === 0
}

/** Which of several stored documents the others can be led to; 0 if there is none. */
export function mostAdvanced(documents: readonly StoredDocument[]): number {
  const histories = documents.map(({ history }) => history ?? NO_HISTORY)
  const merits = histories.map((history) => {
    const reached = histories.filter((other) => leadsTo(other, history)).length
    return mayBePart(history) ? 0 : 1 + reached
  })
  return Math.max(0, merits.indexOf(Math.max(...merits)))
}

/** What both together are called, if their ids mean the same. */
export function withNamesOf(own: History, other: History): History {
  const isNew = (naming: History['namings'][number]) =>
    !own.namings.some((known) => sameNaming(known, naming))
  const { chain } = [own, other].reduce((a, b) => (b.chain.links.length > a.chain.links.length ? b : a))
  return {
    ...own,
    namings: [...own.namings, ...other.namings.filter(isNew)],
    lineages: joinedLineages(own.lineages, other.lineages),
    chain,
  }
}

function copyOf(doc: Y.Doc): Rebuilding {
  const rebuilding = new Rebuilding()
  const pieces = new StatePieces(doc, PIECE_BYTES)
  for (let next = pieces.next(); !next.done; next = pieces.next()) rebuilding.add(next.value.bytes)
  return rebuilding
}

/** A document of its own, from what is stored. */
export function documentOf({ updates }: StoredDocument): Y.Doc {
  const doc = new Y.Doc()
  for (const update of updates) {
    fillBelow(doc, update)
    Y.applyUpdate(doc, update)
  }
  return doc
}

/** A structure of the stored document, by itself. */
export interface Returning {
  readonly full: FullCompaction
  takeLocalChange(): Uint8Array | undefined
  destroy(): void
}

/** @returns what of a stored document the live one lacks, in the live one's naming, and what both are called. */
export function broughtBy(
  returning: Returning,
  live: Y.Doc,
  history: History,
): { readonly update: Uint8Array | undefined; readonly history: History } {
  returning.full.returnTo(history, copyOf(live))
  const update = returning.takeLocalChange()
  const { kept } = returning.full
  returning.destroy()
  return { update, history: { ...history, lineages: kept.lineages, chain: kept.chain } }
}
