/**
 * Many schedules: run in several processes, counted, and summed up.
 */
import { Coverage, FAULTS, SITUATIONS } from '../oracle/coverage.js'
import { NOTHING_CUT } from '../shrink/choices.js'
import type { Shrunk } from '../shrink/shrink.js'
import type { Arguments } from './arguments.js'
import { clearLine, counted, rarestFirst, say, sayJson, seconds, showProgress, table } from './console.js'
import { type Result, runCrew } from './crew.js'
import { shownShrunk, shrinkAloud } from './one.js'

/** A run of this size meets every rare situation, or the simulator has gone blind. */
const SCHEDULES_THAT_MEET_ALL = 2000
const SHOWN_FAILURES = 10

class Tally {
  readonly coverage = new Coverage()
  readonly failures: Result[] = []
  schedules = 0
  steps = 0
  virtualMs = 0
  private readonly startedAt = performance.now()
  private endedAt: number | undefined

  add(result: Result): void {
    this.schedules++
    this.steps += result.steps
    this.virtualMs += result.virtualMs
    this.coverage.add(result.coverage)
    if (result.violation) this.failures.push(result)
  }

  end(): void {
    this.endedAt = performance.now()
  }

  /** Faults and situations that have not come about. */
  get unmet(): string[] {
    const { faults, situations } = this.coverage
    return [
      ...FAULTS.filter((fault) => faults[fault] === 0),
      ...SITUATIONS.filter((situation) => situations[situation] === 0),
    ]
  }

  get perSecond(): number {
    return (this.schedules / this.elapsedMs) * 1000
  }

  get virtualHours(): number {
    return this.virtualMs / 3_600_000
  }

  get line(): string {
    const { schedules, steps, virtualHours, perSecond, elapsedMs } = this
    const work = `${counted(steps)} steps, ${virtualHours.toFixed(1)} h of virtual time`
    const rate = `${perSecond.toFixed(1)} per second`
    return `${counted(schedules)} schedules, ${this.found}; ${work} in ${seconds(elapsedMs)} (${rate})`
  }

  /** While there is more to come. */
  progress(wanted: number): string {
    const { schedules, perSecond, unmet } = this
    const of = Number.isFinite(wanted) ? ` of ${counted(wanted)}` : ''
    const left = unmet.length === 0 ? 'everything rare was met' : `${unmet.length} rare things not met yet`
    return `${counted(schedules)}${of} schedules, ${this.found}; ${perSecond.toFixed(1)} per second; ${left}`
  }

  private get found(): string {
    const { length } = this.failures
    return `${counted(length)} violation${length === 1 ? '' : 's'}`
  }

  private get elapsedMs(): number {
    return (this.endedAt ?? performance.now()) - this.startedAt
  }
}

/** @returns the exit code. */
export async function runMany(args: Arguments, file: string): Promise<number> {
  const { firstSeed, schedules, minutes, workers } = args
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
  const stopProgress = showProgress(() => tally.progress(schedules))
  try {
    const onResult = (result: Result) => {
      tally.add(result)
      if (result.violation && tally.failures.length <= SHOWN_FAILURES) sayFailure(result, args)
    }
    await runCrew(workers, file, nextSeed, onResult, args.signs)
  } finally {
    tally.end()
    stopProgress()
    process.off('SIGINT', interrupt)
  }
  return summarise(tally, args, isInterrupted)
}

function summarise(tally: Tally, args: Arguments, isInterrupted: boolean): number {
  const { coverage, schedules, failures, unmet } = tally
  say(`\nFaults injected, by kind\n${table(coverage.faults)}`)
  say(`\nSituations met, the rarest first\n${rarestFirst(coverage.situations)}`)
  say(`\nMeasured\n${table(coverage.figures)}\n`)
  const isBlind = unmet.length > 0 && schedules >= SCHEDULES_THAT_MEET_ALL
  if (isBlind)
    say(`Never met, in ${schedules} schedules: ${unmet.join(', ')}. The simulator must be made to.\n`)
  for (const failure of failures.slice(0, SHOWN_FAILURES)) sayFailure(failure, args)
  // What is left out of a schedule is named for rooms without identities.
  const shrunk = isInterrupted || args.signs ? undefined : shrinkFirst(failures[0], args.shrinkMs)
  say(tally.line)
  if (args.json) sayJson(shownSummary(tally, args.firstSeed, shrunk))
  return failures.length > 0 || isBlind || schedules === 0 ? 1 : 0
}

function shownSummary(tally: Tally, firstSeed: number, shrunk: Shrunk | undefined) {
  const { coverage, schedules, failures, steps, virtualHours, unmet } = tally
  const told = failures.map(({ seed, violation }) => ({
    seed,
    ...violation,
    ...(shrunk?.variation.seed === seed && { shrunk: shownShrunk(shrunk) }),
  }))
  return {
    schedules,
    violations: failures.length,
    perSecond: Number(tally.perSecond.toFixed(1)),
    firstSeed,
    steps,
    virtualHours: Number(virtualHours.toFixed(2)),
    failures: told,
    faults: coverage.faults,
    coverage: coverage.situations,
    figures: coverage.figures,
    unmet,
  }
}

function shrinkFirst(failure: Result | undefined, limitMs: number): Shrunk | undefined {
  if (!failure || limitMs === 0) return undefined
  say(`The first of them, seed ${failure.seed}, made small:`)
  return shrinkAloud({ seed: failure.seed, cuts: NOTHING_CUT }, limitMs)
}

function sayFailure({ seed, violation }: Result, { signs }: Arguments): void {
  clearLine()
  say(
    `VIOLATION  seed ${seed}: ${violation?.message}\n           npm run sim -- --seed ${seed} --trace${signs ? ' --identities' : ''}`,
  )
}
