/**
 * Finds the Chromium that browser tests run in, and installs Debian's if there is none.
 */
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { Explained, runQuietly, step } from './console.mjs'

/** The headless shell comes first: it starts five times faster than the others and needs half their memory. */
const PROGRAMS = [
  'chromium-headless-shell',
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
]

const PACKAGE = 'chromium-headless-shell'

const ADVICE = `Browser tests need Chromium or Chrome. Install one, for example with

  apt-get update && apt-get install -y --no-install-recommends ${PACKAGE}

as root, or set CHROMIUM_PATH to the program file of an existing one.`

/** @returns {Promise<string | undefined>} the program's path. */
export async function findChromium() {
  const { CHROMIUM_PATH: chosen } = process.env
  if (chosen) {
    if (await isExecutable(chosen)) return chosen
    throw new Explained(`CHROMIUM_PATH is "${chosen}", which is not a program file.`)
  }
  return await findProgram(PROGRAMS)
}

/** @returns {Promise<string>} the program's path; rejects with advice if there is none and none can be installed. */
export async function ensureChromium() {
  const found = await findChromium()
  if (found) return found
  await install()
  const installed = await findChromium()
  if (!installed)
    throw new Explained(`${PACKAGE} is installed, but no program of it is on the PATH.\n\n${ADVICE}`)
  return installed
}

async function install() {
  if (!(await findProgram(['apt-get']))) throw new Explained(ADVICE)
  const asRoot = process.getuid?.() === 0 ? ['env'] : ['sudo', '-n', 'env']
  if (asRoot[0] === 'sudo' && !(await canSudo())) throw new Explained(ADVICE)
  const [command = '', ...before] = [...asRoot, 'DEBIAN_FRONTEND=noninteractive', 'apt-get']
  try {
    await step('Updating the list of system packages (apt-get update)', () =>
      runQuietly(command, [...before, 'update']),
    )
    await step(`Installing ${PACKAGE} (apt-get install, about 230 MB)`, () =>
      runQuietly(command, [...before, 'install', '-y', '--no-install-recommends', PACKAGE]),
    )
  } catch (error) {
    throw error instanceof Explained ? new Explained(`${error.message}\n\n${ADVICE}`) : error
  }
}

async function canSudo() {
  if (!(await findProgram(['sudo']))) return false
  return await runQuietly('sudo', ['-n', 'true']).then(
    () => true,
    () => false,
  )
}

/** @param {readonly string[]} names in the order of preference */
async function findProgram(names) {
  const { PATH = '' } = process.env
  const folders = PATH.split(delimiter).filter((folder) => folder !== '')
  for (const name of names) {
    for (const folder of folders) {
      const path = join(folder, name)
      if (await isExecutable(path)) return path
    }
  }
  return undefined
}

/** @param {string} path */
async function isExecutable(path) {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}
