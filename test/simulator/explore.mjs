/**
 * `npm run explore`: bundles the exploration of small rooms and runs it.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { bundle, CACHE } from './bundle.mjs'

const ENTRY = fileURLToPath(new URL('exploration/command/main.ts', import.meta.url))

await mkdir(CACHE, { recursive: true })
const folder = await mkdtemp(join(CACHE, 'explore-'))
try {
  const file = join(folder, 'exploration.mjs')
  await bundle(ENTRY, file)
  process.setSourceMapsEnabled(true)
  const { main } = await import(pathToFileURL(file).href)
  process.exitCode = await main(process.argv.slice(2), file)
} finally {
  await rm(folder, { recursive: true })
}
