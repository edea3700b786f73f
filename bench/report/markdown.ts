/** docs/benchmarks.md, made from the results. */
import type { Target } from '../measurement.js'
import { plotFileName } from './plot-names.js'
import type { Measured, Results } from './results.js'
import { digits, isMet, tableText } from './text.js'

const HEAD = `# Benchmarks

Written by \`npm run bench\`; edit the measurements in \`bench/\`, not this text. Times are those of one shared machine, so what counts are ratios of figures of
the same run. Figures are medians where something varies, with the smallest and largest run behind them in brackets.

\`\`\`sh
npm run bench                    # everything, and this text anew
npm run bench -- --quick         # smaller work, minutes in all
npm run bench -- --only size     # one of them
\`\`\``

/** @param versions by name, of the libraries that Tidemark is compared with. */
export function benchmarksText({ measured }: Results, versions: Readonly<Record<string, string>>): string {
  const names = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  const head = `${HEAD}\n\nVersions: ${names.join(', ')}.`
  return `${[head, targetSummary(measured), ...measured.map(section)].join('\n\n')}\n`
}

function targetSummary(measured: readonly Measured[]): string {
  const rows = measured.flatMap(({ name, result }) => result.targets.map((target) => targetRow(name, target)))
  return [
    '## Targets',
    '',
    '| measurement | target | at most | measured | |',
    '|---|---|---:|---:|---|',
    ...rows,
  ].join('\n')
}

function targetRow(name: string, target: Target): string {
  const { claim, atMost, measured } = target
  return `| [${name}](#${name}) | ${claim} | ${digits(atMost)} | ${digits(measured)} | ${isMet(target) ? 'met' : '**missed**'} |`
}

function section(one: Measured): string {
  const { name, question, result, machine, date, seconds, quick, commit } = one
  const missed = result.targets.filter((target) => !isMet(target))
  const why = missed.map(
    ({ claim, explanation }) => `- *Missed: ${claim}.* ${explanation ?? 'Nobody has found out why yet.'}`,
  )
  const pictures = result.plots.map((plot) => `![${plot.title}](images/bench/${plotFileName(name, plot)})`)
  const conditions = [
    ...result.conditions,
    `${date}, ${commit === undefined ? '' : `commit ${commit}, `}${quick ? 'a quick run, ' : ''}${seconds} s, Node ${machine.node.slice(1)}, ${machine.processors} processors (${machine.processor}), ${machine.platform}.`,
    `Repeat with \`npm run bench -- --only ${name}\`.`,
  ]
  const parts = [
    `## ${name}`,
    question,
    ...result.tables.map(tableText),
    why.join('\n'),
    ...pictures,
    `Conditions:\n\n${conditions.map((line) => `- ${line}`).join('\n')}`,
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}
