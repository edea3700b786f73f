/**
 * Worker processes: each runs one schedule at a time and says how it went.
 */
import { type ChildProcess, fork } from 'node:child_process'
import type { Coverage } from '../oracle/coverage.js'
import { runSchedule } from '../world/world.js'

/** How a schedule went, as it passes between processes. */
export interface Result {
  readonly seed: number
  readonly hash: string
  readonly steps: number
  readonly virtualMs: number
  readonly coverage: Pick<Coverage, 'faults' | 'situations' | 'figures'>
  readonly violation: { readonly rule: string; readonly message: string } | undefined
}

/** A schedule that takes longer than this is stuck within one step. */
const STUCK_AFTER_MS = 120_000

export function resultOf(seed: number): Result {
  const { hash, steps, virtualMs, coverage, violation } = runSchedule(seed)
  const { faults, situations, figures } = coverage
  const told = violation && { rule: violation.rule, message: violation.message }
  return { seed, hash, steps, virtualMs, coverage: { faults, situations, figures }, violation: told }
}

/** What a worker process does. */
export function work(): void {
  process.on('message', (seed: number) => process.send?.(resultOf(seed)))
  process.on('disconnect', () => process.exit())
}

/**
 * @param file what the processes run; it must call `work`.
 * @param nextSeed undefined: enough.
 */
export async function runCrew(
  workers: number,
  file: string,
  nextSeed: () => number | undefined,
  onResult: (result: Result) => void,
): Promise<void> {
  await Promise.all(Array.from({ length: workers }, () => runWorker(file, nextSeed, onResult)))
}

async function runWorker(
  file: string,
  nextSeed: () => number | undefined,
  onResult: (result: Result) => void,
): Promise<void> {
  for (let seed = nextSeed(); seed !== undefined; ) {
    const worker = fork(file, ['--worker'], { execArgv: ['--enable-source-maps'] })
    try {
      for (; seed !== undefined; seed = nextSeed()) onResult(await order(worker, seed))
    } catch (error) {
      throw new Error(`the schedule of seed ${seed} ended its process`, { cause: error })
    } finally {
      worker.kill('SIGKILL')
    }
  }
}

function order(worker: ChildProcess, seed: number): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => settle(() => reject(new Error('stuck within one step'))), STUCK_AFTER_MS)
    const onMessage = (result: Result) => settle(() => resolve(result))
    const onExit = (code: number | null) => settle(() => reject(new Error(`exit code ${code}`)))
    const settle = (done: () => void) => {
      clearTimeout(timer)
      worker.off('message', onMessage)
      worker.off('exit', onExit)
      done()
    }
    worker.on('message', onMessage)
    worker.on('exit', onExit)
    worker.send(seed)
  })
}
