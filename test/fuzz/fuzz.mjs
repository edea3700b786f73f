/**
 * `npm run fuzz`: bundles the fuzzer and runs it.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { bundle, ROOT } from '../simulator/bundle.mjs'

const ENTRY = fileURLToPath(new URL('run/main.ts', import.meta.url))
const CACHE = join(ROOT, '.cache', 'fuzz')

await mkdir(CACHE, { recursive: true })
const folder = await mkdtemp(join(CACHE, 'run-'))
try {
  const file = join(folder, 'fuzz.mjs')
  await bundle(ENTRY, file)
  process.setSourceMapsEnabled(true)
  const { main } = await import(pathToFileURL(file).href)
  // Awareness renews itself by a timer that would keep the process alive.
  process.exitCode = await main(process.argv.slice(2))
} finally {
  await rm(folder, { recursive: true })
  process.exit()
}
