/**
 * Starts vitest, for `npm test` and for continuous integration.
 */
import { join } from 'node:path'
import { runVisibly } from './console.mjs'
import { ROOT } from './dependencies.mjs'

/**
 * @param {readonly string[]} args
 * @param {{ chromium: string | undefined, timeoutMs?: number }} options
 * @returns {Promise<number>} vitest's exit code
 */
export function runVitest(args, { chromium, timeoutMs }) {
  const program = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs')
  return runVisibly(process.execPath, [program, 'run', ...args], {
    cwd: ROOT,
    env: { ...process.env, ...(chromium && { CHROMIUM_PATH: chromium }) },
    ...(timeoutMs && { timeoutMs }),
  })
}
