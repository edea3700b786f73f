/**
 * The page of the simulator's own test: schedules, run in a browser.
 */
import { runSchedule } from '../../simulator/world/world.js'

/** What names all that happened in a schedule, and in how many steps. */
export function trace(seed: number): { hash: string; steps: number; violation: string | undefined } {
  const { hash, steps, violation } = runSchedule(seed)
  return { hash, steps, violation: violation?.message }
}
