/** Commands written in TypeScript: bundled from the packages' sources and run. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { bundle, ROOT } from './bundle.mjs'

/**
 * @param {string} name of the command, and of its folder among those that are not under version control
 * @param {string} entryFile exports `main`, which takes the arguments and the bundle's file and gives the exit code
 */
export async function runBundled(name, entryFile) {
  const cache = join(ROOT, '.cache', name)
  await mkdir(cache, { recursive: true })
  const folder = await mkdtemp(join(cache, 'run-'))
  try {
    const file = join(folder, `${name}.mjs`)
    await bundle(entryFile, file)
    process.setSourceMapsEnabled(true)
    const { main } = await import(pathToFileURL(file).href)
    process.exitCode = await main(process.argv.slice(2), file)
  } finally {
    await rm(folder, { recursive: true })
  }
}
