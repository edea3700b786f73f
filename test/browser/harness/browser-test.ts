/**
 * Tests that get the browsers they need. Apart from `BrowserLab`, which measurements use without any test runner.
 */
import { test } from 'vitest'
import { BrowserLab } from './browser-lab.js'

/** A test that gets a `lab`. It fails if a page had an error that the test did not take. */
export const browserTest = test.extend<{ lab: BrowserLab }>({
  lab: async ({ task }, use) => {
    const lab = new BrowserLab()
    await use(lab)
    const errors = await lab.takeErrors()
    await lab.close()
    if (errors.length > 0) throw new Error(`Errors in the pages of "${task.name}":\n${errors.join('\n')}`)
  },
})
