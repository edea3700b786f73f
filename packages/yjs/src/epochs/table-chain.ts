/**
 * The translation tables that lead from earlier namings to the present one, for those who come back.
 *
 * Invariant: the links are consecutive: what a link leads to is what the next one leads from, and the last one leads
 * to the present naming. The last is always kept, as members need it; those before it within a budget, newest first.
 */
import type { Naming } from '@tidemark/core'
import { packInSteps, unpackedBytes, unpackLong } from '../packing/packed-long.js'
import { decodeTable, encodeTableInSteps, type TranslationTable } from '../renumbering/index.js'

export interface Link {
  /** What the ids it leads from are called; all mean the same. */
  readonly from: readonly Naming[]
  /** The table, as it is kept and sent: it is unpacked when somebody needs it. */
  readonly packed: Uint8Array
}

/** More is not believed to be one table. */
const MAX_TABLE_BYTES = 2 ** 26

export function* packTable(table: TranslationTable): Generator<void, Uint8Array, void> {
  return yield* packInSteps(yield* encodeTableInSteps(table))
}

/** @returns why it holds no table, if it does not. */
export function unpackTable(packed: Uint8Array): TranslationTable | string {
  const bytes = unpackLong(packed, MAX_TABLE_BYTES)
  return typeof bytes === 'string' ? bytes : decodeTable(bytes)
}

/** What it takes to work with it, however well it is packed: budgets are about that, so they are the same everywhere. */
export function weightOfLink({ packed }: Link): number {
  return unpackedBytes(packed)
}

const BUDGET_BYTES = 2 ** 20
const BUDGET_SHARE_OF_BASE = 0.1

export const sameNaming = (a: Naming, b: Naming): boolean => a.lineage === b.lineage && a.epoch === b.epoch

export class TableChain {
  readonly #links: readonly Link[]

  constructor(links: readonly Link[] = []) {
    this.#links = links
  }

  get links(): readonly Link[] {
    return this.#links
  }

  with(link: Link, baseBytes: number): TableChain {
    return new TableChain([...this.#links, link]).within(baseBytes)
  }

  /** What the budget allows. */
  within(baseBytes: number): TableChain {
    const budget = Math.max(BUDGET_BYTES, baseBytes * BUDGET_SHARE_OF_BASE)
    const kept: Link[] = []
    let bytes = 0
    for (const link of this.#links.toReversed()) {
      bytes += weightOfLink(link)
      if (bytes > budget && kept.length > 0) break
      kept.unshift(link)
    }
    return new TableChain(kept)
  }

  /** What leads on from a naming; undefined if nothing does. */
  since(naming: Naming): readonly Link[] | undefined {
    const index = this.#links.findIndex(({ from }) => from.some((known) => sameNaming(known, naming)))
    return index < 0 ? undefined : this.#links.slice(index)
  }
}

/** @throws if a link holds no table: what others send is tried before it is kept, and what is stored has a checksum. */
export function decodeLinks(links: readonly Link[]): TranslationTable[] {
  return links.map(({ packed }) => {
    const table = unpackTable(packed)
    if (typeof table === 'string') throw new Error(`A kept translation table is broken: ${table}`)
    return table
  })
}
