/**
 * Real time. Monotonic where the platform has it, so that a corrected wall clock does not look like a sleep.
 */
import type { Scheduler } from '@tidemark/core'

/** A longer one would overflow and come at once; a task that is early only looks and waits again. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1

export const realScheduler: Scheduler = {
  now: () => performance.now(),
  at(time, task) {
    const delay = time - performance.now()
    if (delay <= 0) return soon(task)
    const timer = setTimeout(task, Math.min(delay, LONGEST_TIMEOUT_MS))
    return () => clearTimeout(timer)
  },
}

interface Platform {
  /** Node */
  readonly setImmediate?: (task: () => void) => unknown
  /** Pages */
  readonly document?: { readonly visibilityState: string }
}

/**
 * In a task of its own. Browsers put a pause between timers: in a page that is seen it leaves room for whatever the
 * user does; in a hidden one it is a second long, and work that is cut into steps would take minutes there.
 */
function soon(task: () => void): () => void {
  const { setImmediate, document } = globalThis as Platform
  let isWanted = true
  const run = () => {
    if (isWanted) task()
  }
  if (setImmediate) setImmediate(run)
  else if (document?.visibilityState === 'hidden') post(run)
  else setTimeout(run)
  return () => {
    isWanted = false
  }
}

function post(run: () => void): void {
  const { port1, port2 } = new MessageChannel()
  port1.onmessage = () => {
    port1.close()
    run()
  }
  port2.postMessage(null)
}
