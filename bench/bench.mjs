/**
 * `npm run bench`: installs what is missing, bundles the benchmark from the packages' sources, and runs it in a process
 * of its own, which may ask for garbage to be collected.
 */
import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { ensureDependencies } from '../scripts/dependencies.mjs'
import { BENCH, ensurePeers } from './installed.mjs'

/** Beside what is compared with, so that it is found from there. */
const BUNDLE = `${BENCH}.cache/bench.mjs`
/** Bundled from their sources; everything else is found as it is installed, once. */
const OWN = /^(tidemark(-signaling|-keeper)?|@tidemark\/[^/]+)(\/|$)/

async function bundle() {
  const { build } = await import('esbuild')
  await build({
    entryPoints: [`${BENCH}main.ts`],
    outfile: BUNDLE,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: true,
    conditions: ['@tidemark/source'],
    plugins: [
      {
        // The browser harness finds its files beside itself, and not beside the bundle.
        name: 'own-places',
        setup({ onLoad }) {
          onLoad({ filter: /\/(bench\/live|test\/browser|scripts)\/.*\.(ts|mjs)$/ }, async ({ path }) => {
            const code = await readFile(path, 'utf8')
            const place = JSON.stringify(pathToFileURL(path).href)
            return {
              contents: code.replaceAll(', import.meta.url)', `, ${place})`),
              loader: path.endsWith('.ts') ? 'ts' : 'js',
            }
          })
        },
      },
      {
        name: 'what-is-installed-stays-outside',
        setup({ onResolve }) {
          onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
            kind === 'entry-point' || OWN.test(path) ? undefined : { path, external: true },
          )
        },
      },
    ],
    logLevel: 'warning',
  })
}

await ensureDependencies()
await ensurePeers()
await bundle()
const { status } = spawnSync(
  process.execPath,
  ['--expose-gc', '--enable-source-maps', BUNDLE, ...process.argv.slice(2)],
  {
    stdio: 'inherit',
  },
)
process.exitCode = status ?? 1
