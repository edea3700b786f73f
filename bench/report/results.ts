/** The results file: the newest of each measurement. */
import type { Plot, Result, Row, Table } from '../measurement.js'
import type { Machine } from './machine.js'

export interface Measured {
  readonly name: string
  readonly question: string
  readonly quick: boolean
  /** How long it took. */
  readonly seconds: number
  readonly date: string
  /** Which code was measured; missing in results of long ago. */
  readonly commit?: string | undefined
  readonly machine: Machine
  readonly result: Result
}

export interface Results {
  readonly measured: readonly Measured[]
}

/** What was left out this time keeps the figures of an earlier run, where there are any, and it is told. */
export function withRowsOf(
  earlier: Results | undefined,
  now: readonly Measured[],
  left: readonly string[],
): Measured[] {
  return now.map((one) => {
    const before = earlier?.measured.find(({ name }) => name === one.name)
    if (before === undefined || left.length === 0) return one
    const { tables, plots, conditions } = one.result
    const rows = before.result.tables.flatMap((table) => table.rows)
    const kept = left.filter((name) => rows.some((row) => isLeftOut(row, [name])))
    const told = kept.length === 0 ? [] : [`Of an earlier run (${before.date}): ${kept.join(', ')}.`]
    const result: Result = {
      ...one.result,
      tables: tables.map((table) => withRows(before.result.tables, table, left)),
      plots: plots.map((plot) => withSeries(before.result.plots, plot, left)),
      conditions: [...conditions, ...told],
    }
    return { ...one, result }
  })
}

function isLeftOut({ who }: { readonly who: string }, left: readonly string[]): boolean {
  return left.some((name) => who === name || who.startsWith(`${name},`))
}

function withRows(before: readonly Table[], table: Table, left: readonly string[]): Table {
  const rows = before.find(({ title }) => title === table.title)?.rows ?? []
  return { ...table, rows: [...table.rows, ...rows.filter((row: Row) => isLeftOut(row, left))] }
}

function withSeries(before: readonly Plot[], plot: Plot, left: readonly string[]): Plot {
  const series = before.find(({ title }) => title === plot.title)?.series ?? []
  return { ...plot, series: [...plot.series, ...series.filter((one) => isLeftOut(one, left))] }
}

/** What was measured now takes the place of what was measured earlier; what was not, stays. */
export function merged(earlier: Results | undefined, now: readonly Measured[]): Results {
  const all = new Map(earlier?.measured.map((one) => [one.name, one]))
  for (const one of now) all.set(one.name, one)
  return { measured: [...all.values()] }
}
