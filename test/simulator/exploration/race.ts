/**
 * Runs all races, for tests that replace a piece of the code: `node race.mjs` ends with 1 if one breaks a rule.
 */

import { Violation } from '../oracle/violation.js'
import { ExplorationFailure, explore, sample } from './explore.js'
import { EXHAUSTED, SAMPLED } from './late-joins.js'

const MAX_STATES = 1000
const RACES = 300

try {
  for (const scenario of EXHAUSTED) explore(scenario, { maxStates: MAX_STATES })
  for (const scenario of SAMPLED) sample(scenario, 1, RACES)
} catch (error) {
  // Some mutants do not even get to the start.
  if (!(error instanceof ExplorationFailure || error instanceof Violation)) throw error
  process.stdout.write(error.message)
  process.exitCode = 1
}
