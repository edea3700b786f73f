/**
 * What the pages' main threads do, task by task, from the browser's own trace.
 *
 * Durations are processor time of the thread where the browser tells it: a machine that has other things to do makes
 * tasks longer by the clock, but not by this measure.
 */
import type { Browser } from 'playwright-core'

export interface Task {
  /** Names the page's process. */
  readonly process: number
  readonly startMs: number
  readonly wallMs: number
  readonly busyMs: number
  /** `performance.mark`s that were made in it. */
  readonly marks: readonly string[]
}

interface TraceEvent {
  readonly name: string
  readonly cat: string
  readonly ph: string
  readonly pid: number
  readonly tid: number
  readonly ts: number
  readonly dur?: number
  readonly tdur?: number
  readonly args?: { readonly name?: string }
}

const CATEGORIES = ['toplevel', 'disabled-by-default-devtools.timeline', 'blink.user_timing', '__metadata']

/** Records while `run` runs; one recording at a time in a browser. @returns tasks of all pages, by start. */
export async function recordTasks(browser: Browser, run: () => Promise<void>): Promise<Task[]> {
  await browser.startTracing(undefined, { categories: CATEGORIES })
  const outcome = await run().then(
    () => undefined,
    (error: unknown) => ({ error }),
  )
  const trace = await browser.stopTracing()
  if (outcome) throw outcome.error
  return tasksOf((JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] }).traceEvents)
}

function tasksOf(events: readonly TraceEvent[]): Task[] {
  const mainThreads = new Set(
    events
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid} ${tid}`),
  )
  const onMain = events.filter(({ pid, tid }) => mainThreads.has(`${pid} ${tid}`))
  const marks = onMain.filter(({ cat, dur }) => cat.includes('blink.user_timing') && dur === undefined)
  return onMain
    .filter(({ name, ph }) => name === 'RunTask' && ph === 'X')
    .map(({ pid, ts, dur = 0, tdur }) => ({
      process: pid,
      startMs: ts / 1000,
      wallMs: dur / 1000,
      busyMs: (tdur ?? dur) / 1000,
      marks: marks
        .filter((mark) => mark.pid === pid && mark.ts >= ts && mark.ts <= ts + dur)
        .map(({ name }) => name),
    }))
    .sort((a, b) => a.startMs - b.startMs)
}
