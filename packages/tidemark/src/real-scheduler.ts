/**
 * Real time. Monotonic where the platform has it, so that a corrected wall clock does not look like a sleep.
 */
import type { Scheduler } from '@tidemark/core'

export const realScheduler: Scheduler = {
  now: () => performance.now(),
  at(time, task) {
    const timer = setTimeout(task, Math.max(0, time - performance.now()))
    return () => clearTimeout(timer)
  },
}
