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

interface NodeGlobals {
  readonly setImmediate?: (task: () => void) => unknown
}

/**
 * In a task of its own, without the pause that browsers put between timers, a second long in hidden pages: work that
 * is cut into steps for the user's sake would take minutes there.
 */
function soon(task: () => void): () => void {
  let isWanted = true
  const run = () => {
    if (isWanted) task()
  }
  const { setImmediate } = globalThis as NodeGlobals
  // In Node a message channel would keep the process alive until the message has arrived, and setImmediate is cheaper.
  if (setImmediate) setImmediate(run)
  else {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      run()
    }
    port2.postMessage(null)
  }
  return () => {
    isWanted = false
  }
}
