/**
 * Work in processes of its own, so that neither heaps nor compiled code of one piece of work are those of another.
 *
 * A process runs this bundle again, is told the name of a task and one argument as JSON, and answers with one message.
 */
import { fork } from 'node:child_process'

/** What can be run so: by name, because functions do not travel. */
export type Tasks = Readonly<Record<string, (argument: never) => unknown>>

interface Order {
  readonly task: string
  readonly argument: unknown
}

interface Answer {
  readonly value?: unknown
  readonly error?: string
}

const TASK_FLAG = '--task'

/** The task took longer than it was given. */
export class TookTooLong extends Error {}

export function inFreshProcess<T>(
  task: string,
  argument: unknown = {},
  timeoutMs = Number.POSITIVE_INFINITY,
): Promise<T> {
  const order: Order = { task, argument }
  const child = fork(process.argv[1] as string, [TASK_FLAG, JSON.stringify(order)], {
    execArgv: ['--expose-gc', '--enable-source-maps', '--max-old-space-size=8192'],
    // What a task prints must not get into the tables.
    stdio: ['ignore', 2, 2, 'ipc'],
  })
  return new Promise((resolve, reject) => {
    let answer: Answer | undefined
    const timer = Number.isFinite(timeoutMs) ? setTimeout(() => child.kill('SIGKILL'), timeoutMs) : undefined
    child.on('message', (message: Answer) => {
      answer = message
    })
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      clearTimeout(timer)
      if (signal === 'SIGKILL' && timer !== undefined)
        reject(new TookTooLong(`${task} took longer than ${timeoutMs} ms`))
      else if (answer === undefined) reject(new Error(`${task} ended without an answer (${signal ?? code})`))
      else if (answer.error !== undefined) reject(new Error(`${task}: ${answer.error}`))
      else resolve(answer.value as T)
    })
  })
}

/** In a process made for it: does the task that it was made for. @returns whether it was made for one. */
export async function runTask(tasks: Tasks): Promise<boolean> {
  const [flag, json] = process.argv.slice(2)
  if (flag !== TASK_FLAG || json === undefined) return false
  const { task, argument } = JSON.parse(json) as Order
  let answer: Answer
  try {
    const work = tasks[task] as ((argument: unknown) => unknown) | undefined
    if (work === undefined) throw new Error('there is no such task')
    answer = { value: await work(argument) }
  } catch (error) {
    answer = { error: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
  // Started by hand, with a profiler say, there is nobody to tell.
  if (process.send === undefined) process.stdout.write(`${JSON.stringify(answer)}\n`)
  else await new Promise<void>((resolve) => process.send?.(answer, () => resolve()))
  // A measurement may leave sockets and timers behind.
  process.exit()
}
