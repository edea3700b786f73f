/** What Tidemark is compared with is installed for the benchmark alone, in bench/node_modules. */
import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

export const BENCH = fileURLToPath(new URL('.', import.meta.url))

/** @param {string} path */
async function json(path) {
  return JSON.parse(await readFile(path, 'utf8'))
}

/** Installs what is missing, or there in another version. */
export async function ensurePeers() {
  const { devDependencies } = await json(`${BENCH}package.json`)
  const installed = Object.entries(devDependencies).map(async ([name, version]) => {
    const found = await json(`${BENCH}node_modules/${name}/package.json`).catch(() => undefined)
    return found?.version === version
  })
  if ((await Promise.all(installed)).every(Boolean)) return
  console.error('Installing what is compared with …')
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: BENCH,
    stdio: ['ignore', 2, 2],
  })
  if (status !== 0) throw new Error('npm ci failed in bench/: see above')
}
