import { defineConfig } from 'vitest/config'

// Packages are tested from their sources, so that no build can be stale; the native WebRTC module needs real
// processes (it crashes in worker threads).
export default defineConfig({
  resolve: { conditions: ['@tidemark/source'] },
  ssr: { resolve: { conditions: ['@tidemark/source'] } },
  test: {
    pool: 'forks',
    include: ['packages/*/test/**/*.test.ts', 'signaling-server/test/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
  },
})
