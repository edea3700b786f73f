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

/** What a worker is to run. */
interface Order {
  readonly seed: number
  /** Whether members sign what they say. */
  readonly signs: boolean
}

/** A schedule that takes longer than this is stuck within one step. */
const STUCK_AFTER_MS = 120_000

export function resultOf({ seed, signs }: Order): Result {
  const { hash, steps, virtualMs, coverage, violation } = runSchedule(seed, { signs })
  const { faults, situations, figures } = coverage
  const told = violation && { rule: violation.rule, message: violation.message }
  return { seed, hash, steps, virtualMs, coverage: { faults, situations, figures }, violation: told }
}

/** What a worker process does. */
export function work(): void {
  process.on('message', (order: Order) => process.send?.(resultOf(order)))
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
  signs = false,
): Promise<void> {
  await Promise.all(Array.from({ length: workers }, () => runWorker(file, nextSeed, signs, onResult)))
}

async function runWorker(
  file: string,
  nextSeed: () => number | undefined,
  signs: boolean,
  onResult: (result: Result) => void,
): Promise<void> {
  for (let seed = nextSeed(); seed !== undefined; ) {
    const worker = fork(file, ['--worker'], { execArgv: ['--enable-source-maps'] })
    try {
      for (; seed !== undefined; seed = nextSeed()) onResult(await order(worker, { seed, signs }))
    } catch (error) {
      throw new Error(`the schedule of seed ${seed} ended its process`, { cause: error })
    } finally {
      worker.kill('SIGKILL')
    }
  }
}

function order(worker: ChildProcess, wanted: Order): Promise<Result> {
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
    worker.send(wanted)
  })
}
