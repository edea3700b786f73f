/**
 * Goes through the splits of small rooms, for tests that replace a piece of the code: `node split-runs.mjs` ends with 1 if one
 * side decides what the other one does not.
 */
import { EXHAUSTED, LARGE } from './split-scenarios.js'
import { exploreSplit, SplitFailure } from './splits.js'

const MAX_STATES = 60_000
const MOST_OF_A_LARGE_ONE = 10_000

try {
  for (const split of EXHAUSTED) exploreSplit(split, MAX_STATES)
  for (const split of LARGE) exploreSplit(split, MOST_OF_A_LARGE_ONE)
} catch (error) {
  if (!(error instanceof SplitFailure)) throw error
  process.stdout.write(error.message)
  process.exitCode = 1
}
