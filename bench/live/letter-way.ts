/** Where the time goes between a keystroke and the documents of the others. */
import type { Figure, Table } from '../measurement.js'
import { median } from '../statistics.js'
import type { Arrival } from './typing-together.js'

/** Medians in milliseconds; of the parts where a channel leads there from who typed. */
export interface LetterWay {
  readonly leaving: number
  readonly between: number
  readonly coming: number
  readonly linked: number
  /** Where it comes by way of others; none if everybody is linked to everybody. */
  readonly relayed: number | undefined
}

export function letterWay(arrivals: readonly Arrival[]): LetterWay {
  const linked = arrivals.filter(({ isLinked }) => isLinked)
  const relayed = arrivals.filter(({ isLinked }) => !isLinked)
  const over = (all: readonly Arrival[], of: (arrival: Arrival) => number) => median(all.map(of))
  return {
    leaving: over(linked, ({ leavingMs }) => leavingMs),
    between: over(linked, ({ ms, leavingMs, comingMs }) => ms - leavingMs - comingMs),
    coming: over(linked, ({ comingMs }) => comingMs),
    linked: over(linked, ({ ms }) => ms),
    relayed: relayed.length > 0 ? over(relayed, ({ ms }) => ms) : undefined,
  }
}

const COLUMNS = {
  leaving: 'until it leaves',
  between: 'until it comes',
  coming: 'until it is in the document',
  linked: 'all of it, where linked',
  relayed: 'all of it, by way of others',
} as const satisfies Record<keyof LetterWay, string>

export function wayTable(
  title: string,
  libraries: readonly { readonly who: string; readonly way: LetterWay }[],
): Table {
  const rows = libraries.map(({ who, way }) => {
    const told = Object.entries(COLUMNS).map(([part, column]): [string, Figure | string] => {
      const value = way[part as keyof LetterWay]
      return [column, value === undefined ? 'everybody is linked' : { value, unit: 'ms' }]
    })
    return { who, figures: Object.fromEntries(told) }
  })
  return { title: `The way of a letter, ${title}`, columns: Object.values(COLUMNS), rows }
}

/** Ours, and theirs in brackets. */
export function tellDifference(ours: LetterWay, theirs: LetterWay): string {
  const told = (part: 'leaving' | 'between' | 'coming') =>
    `${COLUMNS[part]} ${ours[part].toFixed(2)} (${theirs[part].toFixed(2)})`
  const parts = `${told('leaving')}, ${told('between')}, ${told('coming')}`
  if (ours.relayed === undefined) return parts
  return `${parts}; all of it ${ours.linked.toFixed(1)} (${theirs.linked.toFixed(1)}) to those who are linked with who types, and ${ours.relayed.toFixed(1)} to the others`
}

export const WAY_CONDITIONS = [
  'Of the way of a letter, a letter of Tidemark leaves once what is running has come to its end, so that what an editor does in one go leaves together. It is checked, ordered and counted before it comes into the document. In rooms of more than nine nobody is linked to everybody, so that it comes to some by way of others; y-webrtc sends it to everybody, and everybody passes it on.',
]
