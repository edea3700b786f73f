/**
 * The test-suites that bindings of editors publish on npm, with the document compacted at random between their steps.
 */
import { describe, expect } from 'vitest'
import { browserTest as test } from '../browser/harness/index.js'
import { publishedTestNames } from '../browser/harness/published-tests.js'

type Runner = typeof import('./published/codemirror.js')

const SUITES = [
  { editor: 'codemirror', suite: 'y-codemirror.next' },
  { editor: 'prosemirror', suite: 'y-prosemirror-suite' },
  { editor: 'quill', suite: 'y-quill' },
  { editor: 'monaco', suite: 'y-monaco' },
]

/** How often each random test is repeated. */
const REPETITIONS = Number(process.env['EDITOR_REPETITIONS'] ?? 1)
/** Drawn anew where nobody waits for the same result as the last time. */
const FIRST_SEED = Number(
  process.env['EDITOR_SEED'] ?? (process.env['CI'] ? 1 : Math.floor(Math.random() * 1e9)),
)

/** Some insert pictures from the web, which tests do not fetch. */
const IMAGE = '<svg xmlns="http://www.w3.org/2000/svg"/>'
const isElsewhere = ({ protocol, hostname }: URL) => protocol === 'https:' && hostname !== 'localhost'

describe.each(SUITES)('the published suite of $suite', ({ editor, suite }) => {
  const names = publishedTestNames(suite)

  test(`passes: ${names.length} tests`, { timeout: 300_000 }, async ({ lab }) => {
    expect(names.length).toBeGreaterThan(5)
    const total = { steps: 0, cuts: 0, cutsBetweenSteps: 0 }
    for (let seed = FIRST_SEED; seed < FIRST_SEED + REPETITIONS; seed++) {
      const page = await lab.openOne<Runner>(new URL(`./published/${editor}.ts`, import.meta.url))
      await page.page.route(isElsewhere, (route) =>
        route.fulfill({ contentType: 'image/svg+xml', body: IMAGE }),
      )
      for (const name of names) {
        const made = await page.call('run', name, seed).catch((error: unknown) => {
          throw new Error(`${name}, seed ${seed}`, { cause: error })
        })
        total.steps += made.steps
        total.cuts += made.cuts
        total.cutsBetweenSteps += made.cutsBetweenSteps
      }
      await page.page.close()
    }
    console.warn(
      `${suite}: ${names.length} tests, ${total.steps} random steps, ${total.cuts} cuts, ${total.cutsBetweenSteps} of them between steps`,
    )
    expect(total.cutsBetweenSteps).toBeGreaterThan(5)
  })
})
