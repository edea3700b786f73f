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
    if (delay <= 0) return step(task)
    const timer = setTimeout(task, Math.min(delay, LONGEST_TIMEOUT_MS))
    return () => clearTimeout(timer)
  },
  soon: (task) => unlessCancelled(queueMicrotask, task),
}

interface Platform {
  /** Node */
  readonly setImmediate?: (task: () => void) => unknown
  /** Pages */
  readonly document?: { readonly visibilityState: string }
}

/**
 * Browsers put a pause between timers: in a page that is seen it leaves room for whatever the user does; in a hidden one
 * it is a second long, and work that is cut into steps would take minutes there.
 */
function step(task: () => void): () => void {
  const { document } = globalThis as Platform
  return unlessCancelled(
    document === undefined || document.visibilityState === 'hidden' ? post : setTimeout,
    task,
  )
}

function unlessCancelled(put: (run: () => void) => unknown, task: () => void): () => void {
  let isWanted = true
  put(() => {
    if (isWanted) task()
  })
  return () => {
    isWanted = false
  }
}

function post(run: () => void): void {
  const { setImmediate } = globalThis as Platform
  if (setImmediate) {
    setImmediate(run)
    return
  }
  const { port1, port2 } = new MessageChannel()
  port1.onmessage = () => {
    port1.close()
    run()
  }
  port2.postMessage(null)
}
