/**
 * What one measurement is and what it hands back. Everything else about the benchmark (the table, the JSON, the plots,
 * docs/benchmarks.md) is made from this, so that a measurement only measures.
 */

export interface MeasurementContext {
  /** Smaller work, for a first look: the whole run then takes minutes. */
  readonly quick: boolean
  /** Libraries that are not measured this time, where there is a choice. */
  readonly without: readonly string[]
  /** One line of progress, for whoever waits. */
  say(line: string): void
}

/** One figure. Medians of several runs carry their spread. */
export interface Figure {
  readonly value: number
  readonly unit: 'bytes' | 'ms' | 'messages' | 'ratio' | 'count'
  /** Smallest and largest of the runs behind a median; none for what is exact. */
  readonly spread?: readonly [least: number, most: number]
}

/** One line of a table: who was measured, and the figure in each column, or why there is none. */
export interface Row {
  readonly who: string
  readonly figures: Readonly<Record<string, Figure | string>>
}

export interface Table {
  readonly title: string
  readonly columns: readonly string[]
  readonly rows: readonly Row[]
}

/** What was aimed at, as a ratio of figures of the same run, and what came out. */
export interface Target {
  readonly claim: string
  readonly atMost: number
  readonly measured: number
  /** Why it is missed, with the figure that shows it. Asked for where `measured` is above `atMost`. */
  readonly explanation?: string
}

/** A picture: one line per series, or one bar where a series has one point. */
export interface Plot {
  readonly title: string
  readonly x: string
  readonly y: string
  readonly logarithmic?: boolean
  readonly series: readonly {
    readonly who: string
    readonly points: readonly (readonly [x: number, y: number])[]
  }[]
}

export interface Result {
  readonly tables: readonly Table[]
  readonly targets: readonly Target[]
  readonly plots: readonly Plot[]
  /** What a reader must know to judge or repeat it: sizes, rounds, versions, where the work came from. */
  readonly conditions: readonly string[]
  /** The one or two figures that the README shows. */
  readonly summary?: readonly { readonly what: string; readonly figure: string }[]
}

export interface Measurement {
  /** Also its name on the command line: `npm run bench -- --only NAME`. */
  readonly name: string
  readonly question: string
  measure(context: MeasurementContext): Promise<Result>
}
