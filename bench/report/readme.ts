/** The part of the README that is written from the results, between two marks. */
import type { Results } from './results.js'
import { isMet } from './text.js'

const BEGIN = '<!-- written by npm run bench -->'
const END = '<!-- up to here -->'

export function readmePart({ measured }: Results): string {
  const rows = measured.flatMap(({ name, result }) =>
    (result.summary ?? []).map(
      ({ what, figure }) => `| ${what} | ${figure} | \`npm run bench -- --only ${name}\` |`,
    ),
  )
  const targets = measured.flatMap(({ result }) => result.targets)
  const met = targets.filter(isMet).length
  const rest = `${met} of ${targets.length} targets are met; all figures, plots and what is missed and why: [docs/benchmarks.md](docs/benchmarks.md).`
  return ['| what | figure | by |', '|---|---|---|', ...rows, '', rest].join('\n')
}

/** @throws if the text has not both marks, in order. */
export function withPart(text: string, part: string): string {
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)]
  if (begin < 0 || end < begin) throw new Error(`there is no place between "${BEGIN}" and "${END}"`)
  return `${text.slice(0, begin + BEGIN.length)}\n${part}\n${text.slice(end)}`
}
