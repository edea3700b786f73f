/**
 * What the scripts tell people: one line per long step, with its duration, and failures that say what to do.
 * Uses nothing but Node, because it runs before anything is installed.
 */
import { spawn } from 'node:child_process'

/** Commands that fail show this many of their last lines. */
const TAIL_LINES = 40

/** A failure that is explained by its message alone; no stack trace is shown for it. */
export class Explained extends Error {}

/** @param {string} text */
export function say(text) {
  process.stdout.write(`${text}\n`)
}

/**
 * Runs a script to its end. Sets the exit code instead of exiting, so that pending output is written.
 * @param {() => Promise<void>} work
 */
export async function script(work) {
  try {
    await work()
  } catch (error) {
    console.error(error instanceof Explained ? `\n${error.message}` : error)
    process.exitCode = 1
  }
}

/**
 * Shows one line for a long step: its name at once, its duration when it is over.
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(name, work) {
  const startedAt = performance.now()
  process.stdout.write(`${name} … `)
  try {
    const result = await work()
    say(seconds(performance.now() - startedAt))
    return result
  } catch (error) {
    say(`failed after ${seconds(performance.now() - startedAt)}`)
    throw error
  }
}

/** @param {number} durationMs */
export function seconds(durationMs) {
  return `${(durationMs / 1000).toFixed(1)} s`
}

/**
 * Runs a command without showing its output.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string }} [options]
 * @returns {Promise<void>} rejects with the end of its output if it fails.
 */
export function runQuietly(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const collect = (/** @type {Buffer} */ chunk) => {
      output += chunk
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code === 0) return resolve()
      const tail = output.trimEnd().split('\n').slice(-TAIL_LINES).join('\n')
      reject(
        new Explained(
          `${tail}\n\n"${[command, ...args].join(' ')}" failed (${signal ?? `exit code ${code}`}).`,
        ),
      )
    })
  })
}

/**
 * Runs a command that talks to the user itself.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, timeoutMs?: number }} [options]
 * @returns {Promise<number>} its exit code; 124 if it was stopped for taking longer than `timeoutMs`.
 */
export function runVisibly(command, args, { timeoutMs, ...options } = {}) {
  return new Promise((resolve, reject) => {
    // What may have to be stopped gets a process group, so that whatever it has started ends with it.
    const detached = timeoutMs !== undefined
    const child = spawn(command, args, { ...options, detached, stdio: ['ignore', 'inherit', 'inherit'] })
    const forward = (/** @type {NodeJS.Signals} */ signal) => {
      if (child.pid !== undefined) process.kill(detached ? -child.pid : child.pid, signal)
    }
    // SIGKILL, because what hangs may well ignore anything else.
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => forward('SIGKILL'), timeoutMs)
    process.on('SIGINT', forward)
    process.on('SIGTERM', forward)
    const settle = () => {
      clearTimeout(timer)
      process.off('SIGINT', forward)
      process.off('SIGTERM', forward)
    }
    child.on('error', (error) => {
      settle()
      reject(error)
    })
    child.on('exit', (code, signal) => {
      settle()
      const late = timeoutMs !== undefined && signal === 'SIGKILL'
      if (late) console.error(`Stopped after ${seconds(timeoutMs)}: ${[command, ...args].join(' ')}`)
      resolve(late ? 124 : (code ?? 1))
    })
  })
}
