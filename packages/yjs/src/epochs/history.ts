/**
 * What is below the operations that are kept: the base, how its ids are named, and how earlier names are translated.
 *
 * Immutable: executing a cut, founding a room or entering one makes another.
 */
import type { Naming } from '@tidemark/core'
import type { Crossing, TranslationTable } from '../renumbering/index.js'
import { type Link, sameNaming, TableChain, weightOfLink } from './table-chain.js'

export interface History {
  /** The present naming and those that mean the same, newest first. Empty before the first room. */
  readonly namings: readonly Naming[]
  /** Updates that make the base when they are applied in this order. */
  readonly pieces: readonly Uint8Array[]
  readonly baseBytes: number
  /** The base's synthetic client id. A base that no cut made has its authors' ids, and none of its own: 0. */
  readonly client: number
  /** Leads here from the epoch before; undefined if there was none, or nobody needs it any more. */
  readonly table: TranslationTable | undefined
  /** Carries operations of the epoch before over the cut between; undefined as with the table. */
  readonly crossing: Crossing | undefined
  readonly chain: TableChain
  /**
   * Every lineage that the content stems from, newest first. Tables are kept within a budget, but for ever it must be
   * known that two documents have something in common: merged like strangers, they would show it twice.
   */
  readonly lineages: readonly string[]
}

/** After so many rooms, each founded with what the one before left behind, nobody comes back to the first. */
const MAX_LINEAGES = 64

export function joinedLineages(...lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())].slice(0, MAX_LINEAGES)
}

export const NO_HISTORY: History = {
  namings: [],
  pieces: [],
  baseBytes: 0,
  client: 0,
  table: undefined,
  crossing: undefined,
  chain: new TableChain(),
  lineages: [],
}

export function bytesOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0)
}

/** @throws before the first room: nothing has a name then. */
export function presentNaming({ namings }: History): Naming {
  const [naming] = namings
  if (naming === undefined) throw new Error('The structure is in no room')
  return naming
}

/** The links that lead from a naming to the present one: none for the present one, undefined if they are not kept. */
export function linksFrom({ namings, chain }: History, naming: Naming): readonly Link[] | undefined {
  return namings.some((known) => sameNaming(known, naming)) ? [] : chain.since(naming)
}

/** What the kept tables lead from, newest first. */
export function originsOf({ chain }: History): readonly Naming[] {
  return chain.links.toReversed().flatMap(({ from }) => from)
}

const OLDER_LINKS_BYTES = 16 * 1024
const OLDER_LINKS_SHARE_OF_BASE = 0.1

/**
 * The links a newcomer gets: those from `tablesFrom` on (all, if that is further back than what is kept), and of the
 * older ones the newest, as far as they hardly count beside the base. With them it can let in others who need them.
 */
export function linksToSend(history: History, tablesFrom: number | undefined): readonly Link[] {
  const { lineage, epoch } = presentNaming(history)
  const { links } = history.chain
  const demanded =
    tablesFrom === undefined || tablesFrom >= epoch
      ? 0
      : (linksFrom(history, { lineage, epoch: tablesFrom }) ?? links).length
  let start = links.length - demanded
  let budget = Math.max(OLDER_LINKS_BYTES, history.baseBytes * OLDER_LINKS_SHARE_OF_BASE)
  for (let link = links[start - 1]; link !== undefined; link = links[start - 1]) {
    budget -= weightOfLink(link)
    if (budget < 0) break
    start--
  }
  return links.slice(start)
}
