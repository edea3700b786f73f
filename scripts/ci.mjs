/**
 * What `.ci/run` does: every check in turn, its duration, and one line that adds everything up.
 *
 * A step that fails does not keep the later ones from running, except for the installation. Each step counts
 * as one, the test run as many as it has tests.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureChromium } from './chromium.mjs'
import { Explained, runVisibly, say, seconds } from './console.mjs'
import { ensureDependencies, ROOT } from './dependencies.mjs'
import { runVitest } from './vitest.mjs'

const MINUTE_MS = 60_000
const CHECK_LIMIT_MS = 5 * MINUTE_MS
const TESTS_LIMIT_MS = 26 * MINUTE_MS
const SIMULATION_LIMIT_MS = 10 * MINUTE_MS
/** The same ones each time: a failure is the change's, not the dice's. `npm run sim` looks for new ones. */
const SIMULATED_SCHEDULES = 2000
const FIRST_SEED = 1

/** @typedef {{ passed: number, failed: number }} Count */

/** @type {Count} */
const total = { passed: 0, failed: 0 }
/** @type {string[]} */
const durations = []

if (await count('Dependencies', () => succeeds(ensureDependencies))) {
  await count('Lint', () => npmScript('lint'))
  await count('Types', () => npmScript('typecheck'))
  await count('Types of the benchmark', () => npmScript('typecheck:bench'))
  await count('Dependency direction', () => npmScript('architecture'))
  /** @type {string | undefined} */
  let chromium
  await count('Browser', () =>
    succeeds(async () => {
      chromium = await ensureChromium()
    }),
  )
  await count('Tests', () => tests(chromium))
  await simulation()
}
say(`\n── Durations ${'─'.repeat(50)}\n${durations.join('\n')}\n`)
if (total.failed > 0 || total.passed === 0) process.exitCode = 1
say(`${total.passed} passed, ${total.failed} failed`)

/**
 * @param {string} name
 * @param {() => Promise<Count>} work
 * @returns {Promise<boolean>} whether nothing in it failed
 */
async function count(name, work) {
  say(`\n── ${name} ${'─'.repeat(Math.max(0, 60 - name.length))}`)
  const startedAt = performance.now()
  const { passed, failed } = await work()
  total.passed += passed
  total.failed += failed
  const duration = seconds(performance.now() - startedAt)
  const line = `${failed === 0 ? 'ok    ' : 'FAILED'}  ${name.padEnd(22)} ${duration.padStart(8)}`
  say(line)
  durations.push(line)
  return failed === 0
}

/**
 * @param {() => Promise<void>} work
 * @returns {Promise<Count>}
 */
async function succeeds(work) {
  try {
    await work()
    return { passed: 1, failed: 0 }
  } catch (error) {
    console.error(error instanceof Explained ? error.message : error)
    return { passed: 0, failed: 1 }
  }
}

/**
 * @param {string} name
 * @param {readonly string[]} [args]
 * @param {number} [timeoutMs]
 */
function npmScript(name, args = [], timeoutMs = CHECK_LIMIT_MS) {
  return succeeds(async () => {
    const code = await runVisibly('npm', ['run', '--silent', name, '--', ...args], { cwd: ROOT, timeoutMs })
    if (code !== 0) throw new Explained(`"npm run ${name}" failed (exit code ${code}).`)
  })
}

/**
 * @param {string | undefined} chromium without it, browser tests are left out; its absence is a failure already.
 * @returns {Promise<Count>}
 */
async function tests(chromium) {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-ci-'))
  const report = join(folder, 'vitest.json')
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
    const projects = chromium ? [] : ['--project=unit']
    const code = await runVitest([...reporters, ...projects], { chromium, timeoutMs: TESTS_LIMIT_MS })
    return countTests(await readReport(report), code)
  } finally {
    await rm(folder, { recursive: true })
  }
}

/**
 * @param {string} path
 * @returns {Promise<{ numPassedTests: number, numFailedTests: number, testResults: { status: string, assertionResults: { status: string }[] }[] } | undefined>}
 */
async function readReport(path) {
  try {
    return JSON.parse(await readFile(path, 'utf8'))
  } catch {
    return undefined
  }
}

/**
 * A file that can not be loaded or set up fails without a failed test, and so does an error outside of any
 * file: each counts as one.
 * @param {Awaited<ReturnType<typeof readReport>>} report
 * @param {number} exitCode
 * @returns {Count}
 */
function countTests(report, exitCode) {
  if (!report) return { passed: 0, failed: 1 }
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every(({ status }) => status !== 'failed'),
  )
  const failed = report.numFailedTests + broken.length
  return { passed: report.numPassedTests, failed: failed === 0 && exitCode !== 0 ? 1 : failed }
}

async function simulation() {
  const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
  if (!scripts.sim) return say('\nSimulation: skipped, package.json has no "sim" script.')
  const args = ['--schedules', String(SIMULATED_SCHEDULES), '--first-seed', String(FIRST_SEED)]
  await count('Simulation', () => npmScript('sim', args, SIMULATION_LIMIT_MS))
}
