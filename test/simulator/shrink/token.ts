/**
 * A schedule with parts left out, as something that can be copied to a command line: `seed:kept:calmed:dropped`, each a list
 * with commas, in which runs like `t3-7` stand for `t3,t4,t5,t6,t7`.
 *
 * Like a seed it names a schedule as long as nothing changes in what is drawn.
 */
import { CALMINGS, SOON } from './calming.js'
import type { Cuts } from './choices.js'

/** No schedule has more. */
const MOST_PARTS = 100_000

export interface Variation {
  readonly seed: number
  readonly cuts: Cuts
}

export function writeToken({ seed, cuts }: Variation): string {
  const kept = cuts.kept === undefined ? '*' : runs([...cuts.kept])
  const parts = [String(seed), kept, [...cuts.calmed].join(), runs([...cuts.dropped])]
  while (parts.at(-1) === '') parts.pop()
  return parts.join(':')
}

/** @throws an Error that says what is wrong with it. */
export function readToken(token: string): Variation {
  const [first = '', kept = '*', calm = '', drop = '', ...rest] = token.split(':')
  const seed = Number(first)
  if (!(Number.isInteger(seed) && seed > 0) || rest.length > 0)
    throw new Error(`"${token}" names no schedule`)
  const list = (text: string) => (text === '' ? [] : text.split(','))
  const unknown = list(calm).find((name) => !CALMINGS.has(name) && name !== SOON)
  if (unknown !== undefined) throw new Error(`"${token}" spares a schedule "${unknown}", which is nothing`)
  const wholes = kept === '*' ? undefined : new Set(list(kept).flatMap(partsOf))
  const dropped = new Set(list(drop).flatMap(partsOf))
  return { seed, cuts: { kept: wholes, calmed: new Set(list(calm)), dropped } }
}

/** What a part is called by, and its number there. */
const PART = /^(.*[^\d])(\d+)$/
const RUN = /^(.*[^\d])(\d+)-(\d+)$/

function runs(parts: readonly string[]): string {
  const sorted = parts
    .map((part) => ({ sign: PART.exec(part)?.[1] ?? '', number: Number(PART.exec(part)?.[2]) }))
    .sort((a, b) => (a.sign < b.sign ? -1 : a.sign > b.sign ? 1 : a.number - b.number))
  const written: string[] = []
  for (let at = 0; at < sorted.length; ) {
    const { sign, number } = sorted[at] as (typeof sorted)[number]
    let end = at + 1
    while (sorted[end]?.sign === sign && sorted[end]?.number === number + end - at) end++
    written.push(end - at > 1 ? `${sign}${number}-${number + end - at - 1}` : `${sign}${number}`)
    at = end
  }
  return written.join()
}

function partsOf(run: string): string[] {
  if (PART.test(run) && !RUN.test(run)) return [run]
  const [, sign = '', from = '0', to = '-1'] = RUN.exec(run) ?? []
  const count = Number(to) - Number(from) + 1
  if (!(count > 0 && count < MOST_PARTS)) throw new Error(`"${run}" is no part of a schedule`)
  return Array.from({ length: count }, (_, i) => `${sign}${Number(from) + i}`)
}
