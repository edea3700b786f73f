import '../repeatable-randomness.js'
import * as suite from 'published-tests:y-monaco'
import { seedRandomness } from '../repeatable-randomness.js'
import { runPublished } from './runner.js'

export function run(name: string, seed: number) {
  seedRandomness(seed)
  return runPublished(suite, name, seed)
}
