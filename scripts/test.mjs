/**
 * `npm test`: installs what is missing, then runs all tests. Further arguments go to vitest.
 */
import { ensureChromium } from './chromium.mjs'
import { say, script } from './console.mjs'
import { ensureDependencies } from './dependencies.mjs'
import { runVitest } from './vitest.mjs'

const HELP = `npm test [-- <arguments for vitest>]

Installs what is missing (npm packages, Chromium), then runs unit, simulator and browser tests.

  npm test -- packages/core              tests below a folder
  npm test -- --project unit             everything but browser tests
  npm test -- -t "snapshot point"        tests whose title matches

CHROMIUM_PATH names the browser to use. vitest lists its own arguments with: npx vitest --help`

await script(async () => {
  const args = process.argv.slice(2)
  if (args.includes('--help') || args.includes('-h')) return say(HELP)
  await ensureDependencies()
  const chromium = await ensureChromium()
  process.exitCode = await runVitest(args, { chromium })
})
