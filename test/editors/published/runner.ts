/**
 * Runs the tests of a published suite by name, with a given seed.
 */
import { TestCase } from 'lib0/testing'
import { tally } from './test-helper.js'

type Suite = Record<string, (testCase: TestCase) => unknown>

/** @returns how many random steps were made, and how often the document was cut. */
export async function runPublished(suite: Suite, name: string, seed: number): Promise<typeof tally> {
  const published = suite[name]
  if (!published) throw new Error(`the suite has no ${name}`)
  const before = { ...tally }
  const testCase = new TestCase('published', name)
  testCase._seed = seed
  await published(testCase)
  return {
    steps: tally.steps - before.steps,
    cuts: tally.cuts - before.cuts,
    cutsBetweenSteps: tally.cutsBetweenSteps - before.cutsBetweenSteps,
  }
}
