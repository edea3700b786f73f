/** Plays stories until one has a fault, for the tests of these tests: `node … first count`. */
import { play } from './story.js'

const [first = 1, count = 1] = process.argv.slice(2).map(Number)
for (let seed = first; seed < first + count; seed++) {
  const { faults } = play(seed)
  if (faults.length === 0) continue
  process.stdout.write(`${seed}: ${faults.join('; ')}\n`)
  break
}
