/**
 * `npm run bench:sizes`: installs the peers if they are missing, bundles the measurement from the packages' sources,
 * and runs it.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const PEERS = ['loro-crdt', '@automerge/automerge']

if (!PEERS.every((peer) => existsSync(`${HERE}node_modules/${peer}`))) {
  console.error('Installing what is compared with …')
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: HERE, stdio: 'inherit' })
  if (status !== 0) throw new Error('npm ci failed in bench/: see above')
}
// Beside the peers, so that they are found from there.
await mkdir(`${HERE}.cache`, { recursive: true })
const outfile = `${HERE}.cache/sizes.mjs`
await build({
  entryPoints: [`${HERE}sizes.ts`],
  outfile,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  conditions: ['@tidemark/source'],
  external: PEERS,
  banner: {
    js: "import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)",
  },
  logLevel: 'warning',
})
const { main } = await import(pathToFileURL(outfile).href)
await main(new URL('../test/traces/', import.meta.url))
