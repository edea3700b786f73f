/**
 * The command: explores cases and says what came of it.
 */
import { counted, say, sayJson, seconds, showProgress } from '../../run/console.js'
import { type Exploration, ExplorationFailure, replay, tell } from '../explore.js'
import { readToken } from '../shorten.js'
import { type Arguments, HELP, readArguments } from './arguments.js'
import { ALL, type Result, runJobs, work } from './jobs.js'

if (process.argv.includes('--worker')) work()

/** @returns the exit code. */
export async function main(args: readonly string[], file: string): Promise<number> {
  try {
    const wanted = readArguments(args)
    if (wanted.help) say(HELP)
    else if (wanted.list) say(ALL.map(({ name }) => name).join('\n'))
    else if (wanted.replay !== undefined) return replayOne(wanted.replay)
    else return await exploreAll(wanted, file)
    return 0
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`)
    return 2
  }
}

async function exploreAll(wanted: Arguments, file: string): Promise<number> {
  const { only, maxStates, minutes, workers } = wanted
  const isWanted = (name: string) => only.length === 0 || only.some((start) => name.startsWith(start))
  const names = ALL.map(({ name }) => name).filter(isWanted)
  if (names.length === 0) throw new Error(`no case begins with "${only.join('" or "')}": --list names all`)
  const beganAt = performance.now()
  const deadline = beganAt + minutes * 60_000
  const results: Result[] = []
  const underWay = new Map<string, Exploration>()
  const stopProgress = showProgress(() => progress(results, underWay, names.length, beganAt))
  const jobOf = (name: string, left: number) => {
    const leftMs = Math.max(1, (deadline - performance.now()) / left)
    return { name, maxStates, limitMs: Number.isFinite(leftMs) ? leftMs : undefined }
  }
  try {
    await runJobs(
      names,
      workers,
      file,
      jobOf,
      (name, soFar) => underWay.set(name, soFar),
      (result) => {
        underWay.delete(result.name)
        results.push(result)
      },
    )
  } finally {
    stopProgress()
  }
  const ms = performance.now() - beganAt
  results.sort((a, b) => names.indexOf(a.name) - names.indexOf(b.name))
  say(summary(results, ms))
  for (const result of results) sayFailure(result)
  if (wanted.json) sayJson({ ...totals(results), ms: Math.round(ms), cases: results })
  return results.some(({ failure }) => failure) ? 1 : 0
}

function progress(
  results: readonly Result[],
  underWay: ReadonlyMap<string, Exploration>,
  cases: number,
  beganAt: number,
): string {
  const { states, steps, failures } = totals([...results, ...underWay.values()])
  const perSecond = counted(Math.round((states / (performance.now() - beganAt)) * 1000))
  const now = [...underWay.keys()].join(', ')
  const found = `${failures} violation${failures === 1 ? '' : 's'}`
  const done = `${results.length} of ${cases} cases, ${counted(states)} states, ${counted(steps)} steps`
  return `${done}, ${found}; ${perSecond} states per second; now ${now}`
}

function totals(all: readonly (Exploration | Result)[]) {
  let [states, steps, failures] = [0, 0, 0]
  for (const one of all) {
    states += one.states
    steps += one.steps
    if ('failure' in one && one.failure) failures++
  }
  return { states, steps, failures }
}

const COLUMNS = ['case', 'states', 'steps', 'orders', 'depth', 'complete', 'time', 'endings'] as const

function summary(results: readonly Result[], ms: number): string {
  const rows = results.map((result): string[] => [
    result.name,
    counted(result.states),
    counted(result.steps),
    result.orders < 1e6 ? counted(result.orders) : result.orders.toExponential(1),
    String(result.depth),
    result.failure ? 'FAILED' : result.isComplete ? 'yes' : 'no',
    seconds(result.ms),
    Object.entries(result.endings)
      .map(([ending, count]) => `${ending} ${counted(count)}`)
      .join(', '),
  ])
  const { states, steps } = totals(results)
  const complete = `${results.filter(({ isComplete }) => isComplete).length} of ${results.length}`
  rows.push(['all', counted(states), counted(steps), '', '', complete, seconds(ms), ''])
  return table([[...COLUMNS], ...rows])
}

/** Names to the left, numbers to the right. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = COLUMNS.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)))
  const isText = (i: number) => i === 0 || i === COLUMNS.length - 1
  const fill = (cell: string, i: number) =>
    isText(i) ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)
  return rows.map((row) => row.map(fill).join('  ').trimEnd()).join('\n')
}

function sayFailure({ name, failure }: Result): void {
  if (!failure) return
  const events = failure.events.map((event, i) => `${String(i + 1).padStart(4)}  ${event}`).join('\n')
  say(
    `\nVIOLATION  ${name}: ${failure.message}\n${events}\n      npm run explore -- --replay '${failure.token}'`,
  )
}

function replayOne(token: string): number {
  const { scenario, path } = readToken(token, ALL)
  try {
    const ending = replay(scenario, path)
    say(`${tell(scenario, path).join('\n')}\nends well: ${ending}`)
    return 0
  } catch (error) {
    if (!(error instanceof ExplorationFailure)) throw error
    say(`${error.told.join('\n')}\nVIOLATION  ${(error.cause as Error).stack}`)
    return 1
  }
}
