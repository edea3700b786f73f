/**
 * Time, as the drivers see it: real in browsers and Node, virtual in the simulator.
 */
import type { Milliseconds } from '../machine.js'

export interface Scheduler {
  now(): Milliseconds
  /** Runs `task` once at `time`, or as soon as possible if that has passed. @returns a function that cancels it. */
  at(time: Milliseconds, task: () => void): () => void
  /** Runs `task` once, as soon as what is running now has come to its end, before anything else. Without it `at` will do. */
  soon?(task: () => void): () => void
}
