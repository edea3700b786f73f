/**
 * The command: runs schedules and says how it went.
 */
import { writeFile } from 'node:fs/promises'
import { diagramOf } from '../diagram/page.js'
import { Coverage, FAULTS, SITUATIONS } from '../oracle/coverage.js'
import { runSchedule } from '../world/world.js'
import { type Arguments, HELP, readArguments } from './arguments.js'
import { type Result, runCrew, work } from './crew.js'

/** A run of this size meets every rare situation, or the simulator has gone blind. */
const SCHEDULES_THAT_MEET_ALL = 2000
const SHOWN_FAILURES = 10
const PROGRESS_INTERVAL_MS = 1000
const QUIET_PROGRESS_INTERVAL_MS = 20_000

if (process.argv.includes('--worker')) work()

/** @returns the exit code. */
export async function main(args: readonly string[], file: string): Promise<number> {
  let wanted: Arguments
  try {
    wanted = readArguments(args)
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`)
    return 2
  }
  if (wanted.help) {
    say(HELP)
    return 0
  }
  return wanted.seed === undefined ? runMany(wanted, file) : runOne(wanted.seed, wanted)
}

async function runOne(seed: number, { trace, diagram, json }: Arguments): Promise<number> {
  const outcome = runSchedule(seed, trace || diagram !== undefined)
  const { lines, violation, hash, steps, virtualMs, plan, coverage } = outcome
  if (diagram !== undefined) await writeFile(diagram, diagramOf(outcome, `Seed ${seed}`))
  if (trace) {
    const { structure, compaction, network, config, maxDevices } = plan
    const shown = JSON.stringify({
      structure,
      compaction,
      maxDevices,
      network,
      meddling: [...plan.meddling],
      config,
    })
    say(`seconds  who  what\n${lines.join('\n')}\n\n${shown}`)
  }
  const ending = violation ? `VIOLATION  ${violation.message}` : 'no violation'
  say(`seed ${seed}: ${ending}; ${steps} steps, ${seconds(virtualMs)} of virtual time, trace ${hash}`)
  if (json)
    sayJson({ schedules: 1, violations: violation ? 1 : 0, perSecond: null, ...shownCoverage(coverage) })
  return violation ? 1 : 0
}

class Tally {
  readonly coverage = new Coverage()
  readonly failures: Result[] = []
  schedules = 0
  steps = 0
  virtualMs = 0
  private readonly startedAt = performance.now()

  add(result: Result): void {
    this.schedules++
    this.steps += result.steps
    this.virtualMs += result.virtualMs
    this.coverage.add(result.coverage)
    if (result.violation) this.failures.push(result)
  }

  get elapsedMs(): number {
    return performance.now() - this.startedAt
  }

  get perSecond(): number {
    return (this.schedules / this.elapsedMs) * 1000
  }

  get line(): string {
    const { schedules, failures, steps, virtualMs, perSecond, elapsedMs } = this
    const found = `${failures.length} violation${failures.length === 1 ? '' : 's'}`
    const hours = (virtualMs / 3_600_000).toFixed(1)
    const work = `${steps} steps, ${hours} h of virtual time`
    return `${schedules} schedules, ${found}; ${work} in ${seconds(elapsedMs)} (${perSecond.toFixed(1)} per second)`
  }
}

async function runMany(
  { firstSeed, schedules, minutes, workers, json }: Arguments,
  file: string,
): Promise<number> {
  const tally = new Tally()
  const deadline = performance.now() + minutes * 60_000
  let next = firstSeed
  let isInterrupted = false
  const nextSeed = () => {
    const isEnough = next >= firstSeed + schedules || performance.now() >= deadline || isInterrupted
    return isEnough ? undefined : next++
  }
  const interrupt = () => {
    isInterrupted = true
  }
  process.once('SIGINT', interrupt)
  say(`Schedules from seed ${firstSeed} on, in ${workers} process${workers === 1 ? '' : 'es'}`)
  const stopProgress = showProgress(() => tally.line)
  try {
    await runCrew(workers, file, nextSeed, (result) => {
      tally.add(result)
      if (result.violation && tally.failures.length <= SHOWN_FAILURES) sayFailure(result)
    })
  } finally {
    stopProgress()
    process.off('SIGINT', interrupt)
  }
  return summarise(tally, firstSeed, json)
}

function summarise(tally: Tally, firstSeed: number, json: boolean): number {
  const { coverage, schedules, failures, perSecond } = tally
  say(`\nFaults injected\n${table(coverage.faults)}\n\nSituations met\n${table(coverage.situations)}`)
  say(`\nMeasured\n${table(coverage.figures)}\n`)
  const unmet = [
    ...FAULTS.filter((fault) => coverage.faults[fault] === 0),
    ...SITUATIONS.filter((situation) => coverage.situations[situation] === 0),
  ]
  const isBlind = unmet.length > 0 && schedules >= SCHEDULES_THAT_MEET_ALL
  if (isBlind)
    say(`Never met, in ${schedules} schedules: ${unmet.join(', ')}. The simulator must be made to.\n`)
  for (const failure of failures.slice(0, SHOWN_FAILURES)) sayFailure(failure)
  say(tally.line)
  if (json) {
    sayJson({
      schedules,
      violations: failures.length,
      perSecond: Number(perSecond.toFixed(1)),
      firstSeed,
      failures: failures.map(({ seed, violation }) => ({ seed, ...violation })),
      ...shownCoverage(coverage),
    })
  }
  return failures.length > 0 || isBlind || schedules === 0 ? 1 : 0
}

function sayFailure({ seed, violation }: Result): void {
  clearLine()
  say(`VIOLATION  seed ${seed}: ${violation?.message}\n           npm run sim -- --seed ${seed} --trace`)
}

function shownCoverage({ faults, situations, figures }: Coverage) {
  return { faults, coverage: situations, figures }
}

function table(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `  ${String(count).padStart(9)}  ${name}`)
    .join('\n')
}

/** One line that is rewritten on a terminal, and now and then a new one elsewhere. */
function showProgress(line: () => string): () => void {
  const { isTTY } = process.stdout
  const show = () => {
    clearLine()
    process.stdout.write(isTTY ? line() : `${line()}\n`)
  }
  const timer = setInterval(show, isTTY ? PROGRESS_INTERVAL_MS : QUIET_PROGRESS_INTERVAL_MS)
  return () => {
    clearInterval(timer)
    clearLine()
  }
}

function clearLine(): void {
  if (process.stdout.isTTY) process.stdout.write('\r\u001b[K')
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

function sayJson(value: unknown): void {
  say(JSON.stringify(value))
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`
}
