/**
 * Tables read backwards: under which id something of the newest base stood in the naming that the oldest table leads
 * from, or was authored since.
 *
 * Invariant: every id of the base has exactly one such name, and two ids never have the same. What the tables have let
 * go has none.
 */
import { composed } from './composed-table.js'
import type { IdTranslation, TranslationTable } from './translation-table.js'

/** Ids of the base from a clock on, and what they were called. */
interface Run {
  readonly to: number
  readonly length: number
  readonly client: number
  readonly clock: number
}

/** An earlier name; `length` ids from it on follow those asked for. */
export type EarlierName = Pick<Run, 'client' | 'clock' | 'length'>

export class Inverse {
  /** The synthetic client of the base. */
  readonly client: number
  /** Of each client in the older naming, and of each author since, the first clock that no table covers. */
  readonly ends: ReadonlyMap<number, number>
  /** The tables, read forwards. */
  readonly table: IdTranslation
  readonly #runs: readonly Run[]

  /** @param tables At least one, oldest first, each leading from the naming the one before leads to. */
  constructor(tables: readonly TranslationTable[]) {
    const last = tables.at(-1)
    if (last === undefined) throw new Error('There is no table to be read backwards')
    this.client = last.client
    this.table = composed(tables)
    this.#runs = tables.reduce<readonly Run[]>((earlier, table, index) => {
      return runsOf(table, tables[index - 1]?.client, earlier)
    }, [])
    const ends = new Map<number, number>()
    for (const [index, table] of tables.entries()) {
      for (const [client, { end }] of table.clients) {
        if (client !== tables[index - 1]?.client) ends.set(client, Math.max(end, ends.get(client) ?? 0))
      }
    }
    this.ends = ends
  }

  /** @param clock Of the base. */
  find(clock: number): EarlierName {
    const run = this.#runs[lastAtOrBelow(this.#runs, clock)]
    const offset = run === undefined ? 0 : clock - run.to
    if (run === undefined || offset < 0 || offset >= run.length) {
      throw new Error(`No table leads to ${clock} of a base`)
    }
    return { client: run.client, clock: run.clock + offset, length: run.length - offset }
  }
}

/** Ascending. @param earlier those that lead to the base the table leads from, whose synthetic client is `base`. */
function runsOf(table: TranslationTable, base: number | undefined, earlier: readonly Run[]): Run[] {
  const runs: Run[] = []
  for (const [client, { clocks, fates, end }] of table.clients) {
    for (const [index, to] of fates.entries()) {
      const clock = clocks[index] ?? 0
      const length = (clocks[index + 1] ?? end) - clock
      if (to < 0) continue
      if (client === base) runs.push(...traced(earlier, clock, length, to))
      else runs.push({ to, length, client, clock })
    }
  }
  return runs.sort((a, b) => a.to - b.to)
}

function* traced(earlier: readonly Run[], from: number, total: number, to: number): Generator<Run> {
  let index = lastAtOrBelow(earlier, from)
  for (let clock = from; clock < from + total; index++) {
    const run = earlier[index]
    const offset = run === undefined ? 0 : clock - run.to
    if (run === undefined || offset < 0 || offset >= run.length)
      throw new Error('A table does not cover the base it leads from')
    const length = Math.min(run.length - offset, from + total - clock)
    yield { to: to + clock - from, length, client: run.client, clock: run.clock + offset }
    clock += length
  }
}

function lastAtOrBelow(runs: readonly Run[], clock: number): number {
  let low = 0
  let high = runs.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((runs[middle]?.to ?? Number.POSITIVE_INFINITY) <= clock) low = middle
    else high = middle - 1
  }
  return low
}
