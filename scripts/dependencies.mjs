/**
 * Makes sure that what package-lock.json asks for is what node_modules holds.
 *
 * npm leaves an account of what it installed (node_modules/.package-lock.json). Comparing that with the lock
 * file is exact, whoever ran the installation and whatever the files' times say.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Explained, runQuietly, step } from './console.mjs'

export const ROOT = fileURLToPath(new URL('..', import.meta.url))

const OLDEST_NODE = [20, 19]

/**
 * @typedef {object} LockedPackage
 * @property {string} [version]
 * @property {string} [integrity]
 * @property {string} [resolved]
 * @property {boolean} [link]
 * @property {boolean} [optional]
 * @property {string[]} [os]
 * @property {string[]} [cpu]
 * @property {string[]} [libc]
 */

/** @typedef {Record<string, LockedPackage>} LockedPackages */

/** Installs the dependencies unless they are there already. */
export async function ensureDependencies() {
  ensureNode()
  if (await dependenciesInstalled()) return
  // npm names its own program file to the scripts it runs; there is none if Node was started by hand.
  const { npm_execpath: npm } = process.env
  const [command, args] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []]
  await step('Installing dependencies (npm ci)', () => runQuietly(command, [...args, 'ci'], { cwd: ROOT }))
}

function ensureNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_NODE
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return
  throw new Explained(`Tidemark needs Node ${OLDEST_NODE.join('.')} or newer; this is ${process.version}.`)
}

async function dependenciesInstalled() {
  const locked = await readPackages('package-lock.json')
  if (!locked)
    throw new Explained('package-lock.json is missing. Restore it with: git checkout package-lock.json')
  const installed = await readPackages('node_modules/.package-lock.json')
  return installed !== undefined && missingPackages(locked, installed, process).length === 0
}

/**
 * @param {string} path
 * @returns {Promise<LockedPackages | undefined>}
 */
async function readPackages(path) {
  try {
    return JSON.parse(await readFile(join(ROOT, path), 'utf8')).packages
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/**
 * @param {LockedPackages} locked
 * @param {LockedPackages} installed
 * @param {{ platform: string, arch: string }} machine
 * @returns {string[]} the places that lack what the lock file asks for.
 */
export function missingPackages(locked, installed, machine) {
  return Object.keys(locked).filter((place) => {
    const wanted = locked[place]
    const found = installed[place]
    if (place === '' || wanted === undefined) return false
    if (found === undefined) return !wanted.optional || isMadeFor(wanted, machine)
    return (
      found.version !== wanted.version || found.integrity !== wanted.integrity || found.link !== wanted.link
    )
  })
}

/**
 * Optional packages are mostly binaries for one kind of machine. One that names this kind is needed; where the
 * C library decides as well, npm's choice is trusted.
 * @param {LockedPackage} wanted
 * @param {{ platform: string, arch: string }} machine
 */
function isMadeFor({ os, cpu, libc }, { platform, arch }) {
  return libc === undefined && os?.includes(platform) === true && cpu?.includes(arch) === true
}
