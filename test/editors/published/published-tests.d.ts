/** See the plugin in test/browser/harness/published-tests.ts. */
declare module 'published-tests:*' {
  import type { TestCase } from 'lib0/testing'

  const tests: Record<string, (testCase: TestCase) => unknown>
  export = tests
}
