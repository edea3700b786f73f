/**
 * Time, as the drivers see it: real in browsers and Node, virtual in the simulator.
 */
import type { Milliseconds } from '../machine.js'

export interface Scheduler {
  now(): Milliseconds
  /** Runs `task` once at `time`, or as soon as possible if that has passed. @returns a function that cancels it. */
  at(time: Milliseconds, task: () => void): () => void
  /** Runs `task` once, in a task of its own, ahead of any timer if the platform can. Without it `at` will do. */
  soon?(task: () => void): () => void
}
