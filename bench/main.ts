/**
 * The benchmark: runs the measurements asked for, one after the other, each in a process of its own, prints what they
 * found, and writes it down: as JSON, as pictures, as docs/benchmarks.md and in the README.
 *
 * A quick run is for a first look: what it finds goes to bench/results/quick and into no document.
 */
import { execFileSync } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Result } from './measurement.js'
import { measurements } from './measurements.js'
import { BENCH, ROOT } from './places.js'
import { inFreshProcess, runTask } from './processes.js'
import { machine } from './report/machine.js'
import { benchmarksText } from './report/markdown.js'
import { plotFiles } from './report/plots.js'
import { readmePart, withPart } from './report/readme.js'
import { type Measured, merged, type Results, withRowsOf } from './report/results.js'
import { tableText, targetLines } from './report/text.js'
import { MEASURE, type MeasureArgument, tasks } from './tasks.js'

const HELP = `npm run bench [-- --quick] [--json] [--only NAME …] [--report]

  --quick       smaller work: minutes in all; no document is written
  --json        results as JSON on the standard output, instead of tables
  --only NAME   this measurement alone (may be given several times): ${measurements.map(({ name }) => name).join(', ')}
  --without NAME
                without this library where several are compared (may be given several times): its figures stay as they were
  --report      measures nothing; writes the documents anew from the results that there are`

interface Choice {
  readonly quick: boolean
  readonly json: boolean
  readonly only: readonly string[]
  readonly without: readonly string[]
  readonly report: boolean
}

function choiceOf(args: string[]): Choice | undefined {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      without: { type: 'string', multiple: true, default: [] },
      report: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const unknown = values.only.find((name) => !measurements.some((one) => one.name === name))
  if (unknown !== undefined) throw new Error(`there is no measurement "${unknown}"`)
  return values.help ? undefined : values
}

async function main(args: string[]): Promise<void> {
  const choice = choiceOf(args)
  if (choice === undefined) return void process.stdout.write(`${HELP}\n`)
  const folder = new URL(choice.quick ? 'results/quick/' : 'results/', BENCH)
  const file = new URL('latest.json', folder)
  const measured = choice.report ? [] : await measureAll(choice)
  // Not before: another run may have written down others meanwhile.
  const earlier = await readFile(file, 'utf8').then(
    (text) => JSON.parse(text) as Results,
    () => undefined,
  )
  const results = inOrder(merged(earlier, withRowsOf(earlier, measured, choice.without)))
  await mkdir(folder, { recursive: true })
  await writeFile(file, `${JSON.stringify(results, undefined, 2)}\n`)
  if (choice.json) process.stdout.write(`${JSON.stringify(measured)}\n`)
  await writeDocuments(results, choice.quick ? folder : new URL('docs/', ROOT))
  if (!choice.quick) await writeReadme(results)
}

function inOrder({ measured }: Results): Results {
  const place = ({ name }: Measured) => measurements.findIndex((one) => one.name === name)
  return { measured: measured.toSorted((a, b) => place(a) - place(b)) }
}

async function measureAll({ quick, json, only, without }: Choice): Promise<Measured[]> {
  const found: Measured[] = []
  for (const { name, question } of measurements) {
    if (only.length > 0 && !only.includes(name)) continue
    process.stderr.write(`${name}: ${question}\n`)
    const startedAt = performance.now()
    const argument: MeasureArgument = { name, quick, without }
    const result = await inFreshProcess<Result>(MEASURE, argument)
    const seconds = Math.round((performance.now() - startedAt) / 1000)
    process.stderr.write(`${name}: ${seconds} s\n`)
    if (!json) print(result)
    found.push({
      name,
      question,
      quick,
      seconds,
      date: new Date().toISOString().slice(0, 10),
      commit: commitMeasured(),
      machine: machine(),
      result,
    })
  }
  return found
}

/** What is not committed yet is told: it can not be repeated. */
function commitMeasured(): string | undefined {
  const git = (...words: string[]) => execFileSync('git', words, { cwd: ROOT, encoding: 'utf8' }).trim()
  try {
    const changed = git('status', '--porcelain', '--', 'packages', 'signaling-server', ':(glob)bench/**/*.ts')
    return `${git('rev-parse', '--short', 'HEAD')}${changed === '' ? '' : ' with changes'}`
  } catch {
    return undefined
  }
}

function print({ tables, targets }: Result): void {
  const parts = [...tables.map(tableText), targetLines(targets)].filter((part) => part !== '')
  process.stdout.write(`\n${parts.join('\n\n')}\n\n`)
}

async function writeDocuments(results: Results, folder: URL): Promise<void> {
  const images = new URL('images/bench/', folder)
  // Those of an earlier run may have other names.
  await rm(images, { recursive: true, force: true })
  await mkdir(images, { recursive: true })
  for (const { name, svg } of plotFiles(results)) await writeFile(new URL(name, images), svg)
  const text = new URL('benchmarks.md', folder)
  const { devDependencies } = JSON.parse(await readFile(new URL('package.json', BENCH), 'utf8'))
  await writeFile(text, benchmarksText(results, devDependencies))
  process.stderr.write(`written: ${fileURLToPath(text)}\n`)
}

async function writeReadme(results: Results): Promise<void> {
  const readme = new URL('README.md', ROOT)
  await writeFile(readme, withPart(await readFile(readme, 'utf8'), readmePart(results)))
}

if (!(await runTask(tasks))) await main(process.argv.slice(2))
