/**
 * Worker processes: each explores one case and tells how far it is.
 */
import { fork } from 'node:child_process'
import { CASES } from '../cases.js'
import { type Exploration, ExplorationFailure, explore, tell } from '../explore.js'
import { EXHAUSTED } from '../late-joins.js'
import type { Scenario } from '../scenario.js'
import { shorten, tokenOf } from '../shorten.js'

export const ALL: readonly Scenario[] = [
  ...CASES,
  ...EXHAUSTED.map((scenario) => ({ ...scenario, name: `late-join: ${scenario.name}` })),
]

export interface Job {
  readonly name: string
  readonly maxStates: number
  /** Undefined: as long as it takes. */
  readonly limitMs: number | undefined
}

export interface Result extends Omit<Exploration, 'endings'> {
  readonly name: string
  readonly endings: Readonly<Record<string, number>>
  readonly ms: number
  readonly failure: Failure | undefined
}

export interface Failure {
  readonly message: string
  readonly events: readonly string[]
  readonly token: string
}

type Told =
  | { readonly type: 'progress'; readonly soFar: Exploration }
  | { readonly type: 'result'; readonly result: Result }

const BETWEEN_TELLING_MS = 500
/** A hundred bytes for each state, and what is not collected yet. */
const MEMORY_MB = 4096

/** What a worker process does. */
export function work(): void {
  const tellParent = (told: Told) => process.send?.(told)
  process.on('message', (job: Job) => {
    let toldAt = performance.now()
    const result = run(job, (soFar) => {
      const now = performance.now()
      if (now - toldAt < BETWEEN_TELLING_MS) return
      toldAt = now
      tellParent({ type: 'progress', soFar })
    })
    tellParent({ type: 'result', result })
  })
  process.on('disconnect', () => process.exit())
}

/** @throws an Error if there is no such case. */
export function run({ name, maxStates, limitMs }: Job, onProgress: (soFar: Exploration) => void): Result {
  const scenario = ALL.find((candidate) => candidate.name === name)
  if (!scenario) throw new Error(`there is no case "${name}"`)
  const beganAt = performance.now()
  let last: Exploration = { states: 0, steps: 0, orders: 0, depth: 0, endings: {}, isComplete: false }
  const isOver = (soFar: Exploration) => {
    last = soFar
    onProgress(soFar)
    return limitMs !== undefined && performance.now() - beganAt > limitMs
  }
  const done = (exploration: Exploration, failure: Failure | undefined): Result => {
    return { name, ...exploration, failure, ms: performance.now() - beganAt }
  }
  try {
    return done(explore(scenario, { maxStates, isOver }), undefined)
  } catch (error) {
    if (!(error instanceof ExplorationFailure)) throw error
    return done({ ...last, isComplete: false }, failureOf(error))
  }
}

function failureOf({ scenario, path, cause }: ExplorationFailure): Failure {
  const { message } = cause as Error
  const shortest = shorten(scenario, path, cause as Error)
  return { message, events: tell(scenario, shortest), token: tokenOf(scenario, shortest) }
}

/** @param onProgress how many states and steps all jobs that are under way have come to. */
export async function runJobs(
  names: readonly string[],
  workers: number,
  file: string,
  jobOf: (name: string, left: number) => Job,
  onProgress: (name: string, soFar: Exploration) => void,
  onResult: (result: Result) => void,
): Promise<void> {
  const waiting = [...names]
  const runWorker = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const job = jobOf(name, Math.ceil((waiting.length + 1) / workers))
      onResult(await order(file, job, (soFar) => onProgress(job.name, soFar)))
    }
  }
  await Promise.all(Array.from({ length: Math.min(workers, names.length) }, runWorker))
}

/** A process for each, so that the memory of one case is free for the next. */
function order(file: string, job: Job, onProgress: (soFar: Exploration) => void): Promise<Result> {
  const worker = fork(file, ['--worker'], {
    execArgv: ['--enable-source-maps', `--max-old-space-size=${MEMORY_MB}`, '--stack-size=4000'],
  })
  return new Promise<Result>((resolve, reject) => {
    worker.on('message', (told: Told) => {
      if (told.type === 'progress') onProgress(told.soFar)
      else resolve(told.result)
    })
    worker.on('exit', (code) => reject(new Error(`the case "${job.name}" ended its process with ${code}`)))
    worker.send(job)
  }).finally(() => worker.kill('SIGKILL'))
}
