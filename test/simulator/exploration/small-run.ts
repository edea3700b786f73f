/**
 * Explores a little of every case, for tests that replace a piece of the code: `node small-run.mjs` ends with 1 if
 * something breaks a rule.
 */
import { Violation } from '../oracle/violation.js'
import { CASES } from './cases.js'
import { ExplorationFailure, explore, tell } from './explore.js'
import { shorten, tokenOf } from './shorten.js'

const MAX_STATES = 300
const SEEDS = [1, 2, 3, 4, 5, 6]

try {
  for (const seed of SEEDS) for (const scenario of CASES) explore(scenario, { maxStates: MAX_STATES, seed })
} catch (error) {
  process.stdout.write(toldOf(error))
  process.exitCode = 1
}

function toldOf(error: unknown): string {
  if (error instanceof ExplorationFailure) {
    const { scenario, path } = error
    const cause = error.cause as Error
    const shortest = shorten(scenario, path, cause)
    return [cause.message, ...tell(scenario, shortest), tokenOf(scenario, shortest)].join('\n')
  }
  // Some mutants do not even get to the start.
  if (!(error instanceof Violation)) throw error
  return error.message
}
