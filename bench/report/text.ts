/** Figures and tables as people read them, in a terminal and in a document. */
import type { Figure, Table, Target } from '../measurement.js'

const KILO = 1000

/** @returns 1,234 or 12.3 or 0.0123: three digits that mean something, all of those before the point. */
export function digits(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US')
  return String(Number(value.toPrecision(3)))
}

function bytes(value: number): string {
  if (value < 10 * KILO) return `${digits(value)} B`
  if (value < KILO ** 2) return `${digits(Number((value / KILO).toPrecision(4)))} kB`
  return `${digits(Number((value / KILO ** 2).toPrecision(4)))} MB`
}

const UNITS: Record<Figure['unit'], (value: number) => string> = {
  bytes,
  ms: (value) => `${digits(value)} ms`,
  messages: digits,
  ratio: (value) => `${digits(value)} ×`,
  count: digits,
}

export function figureText(figure: Figure | string | undefined): string {
  if (figure === undefined) return ''
  if (typeof figure === 'string') return figure
  const { value, unit, spread } = figure
  const text = UNITS[unit](value)
  if (spread === undefined || spread[0] === spread[1]) return text
  return `${text} (${spread.map(UNITS[unit]).join(' to ')})`
}

/** As Markdown, which a terminal shows as well as anything. */
export function tableText({ title, columns, rows }: Table): string {
  const cells = [
    ['', ...columns],
    ...rows.map(({ who, figures }) => [who, ...columns.map((c) => figureText(figures[c]))]),
  ]
  const widths = ['', ...columns].map((_, at) => Math.max(3, ...cells.map((row) => row[at]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join(' | ')} |`
  const rule = `|${widths.map((width, at) => (at === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  const [head = [], ...body] = cells
  return [`**${title}**`, '', line(head), rule, ...body.map(line)].join('\n')
}

export function isMet({ measured, atMost }: Target): boolean {
  return measured <= atMost
}

export function targetLines(targets: readonly Target[]): string {
  return targets
    .map((target) => {
      const { claim, atMost, measured, explanation } = target
      const verdict = isMet(target) ? 'met' : 'MISSED'
      const why = explanation === undefined ? '' : `\n  ${explanation}`
      return `- ${verdict}: ${claim}: at most ${digits(atMost)}, measured ${digits(measured)}${why}`
    })
    .join('\n')
}
