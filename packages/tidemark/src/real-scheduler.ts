/**
 * Real time. Monotonic where the platform has it, so that a corrected wall clock does not look like a sleep.
 */
import type { Scheduler } from '@tidemark/core'

/** A longer one would overflow and come at once; a task that is early only looks and waits again. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1

export const realScheduler: Scheduler = {
  now: () => performance.now(),
  at(time, task) {
    const timer = setTimeout(task, Math.min(Math.max(0, time - performance.now()), LONGEST_TIMEOUT_MS))
    return () => clearTimeout(timer)
  },
}
