import { defineConfig } from 'vitest/config'

const TESTS = [
  'packages/*/test/**/*.test.ts',
  'signaling-server/test/**/*.test.ts',
  'demo/test/**/*.test.ts',
  'test/**/*.test.ts',
]
const BROWSER_TESTS = ['test/browser/**/*.test.ts']
const EXCLUDED = ['**/node_modules/**', '**/dist/**']

// Packages are tested from their sources, so that no build can be stale; the native WebRTC module needs real
// processes (it crashes in worker threads).
export default defineConfig({
  resolve: { conditions: ['@tidemark/source'] },
  ssr: { resolve: { conditions: ['@tidemark/source'] } },
  test: {
    pool: 'forks',
    setupFiles: ['test/repeatable.ts'],
    expect: { poll: { timeout: 40_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: TESTS,
          exclude: [...EXCLUDED, ...BROWSER_TESTS],
          // Build machines share their processors and stand still at times; a test that hangs is found out all the same.
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // One processor is kept free otherwise, which is half of a small machine.
          maxWorkers: '100%',
          sequence: { groupOrder: 0 },
        },
      },
      // After all others and one at a time: these measure durations, and a page waiting for a processor is slow.
      {
        extends: true,
        test: {
          name: 'browser',
          include: BROWSER_TESTS,
          exclude: EXCLUDED,
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
