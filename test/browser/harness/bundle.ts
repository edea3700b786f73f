/**
 * Turns TypeScript entry files into what a browser can load, from the packages' sources.
 */
import { SourceMap } from 'node:module'
import { build } from 'esbuild'
import { publishedTests } from './published-tests.js'

export interface Bundle {
  readonly code: string
  /** Leads from positions in the code back to the TypeScript files. */
  readonly sourceMap: SourceMap
}

type Format = 'esm' | 'iife'

/** By format and entry file; sources do not change during a test run. */
const bundles = new Map<string, Promise<Bundle>>()

/** Bundles a page's entry file as one ES module. */
export function bundlePage(entryFile: string): Promise<Bundle> {
  return bundle(entryFile, 'esm')
}

/** Bundles a file as a classic script, as init scripts have to be. */
export function bundleScript(entryFile: string): Promise<Bundle> {
  return bundle(entryFile, 'iife')
}

function bundle(entryFile: string, format: Format): Promise<Bundle> {
  const key = `${format} ${entryFile}`
  const known = bundles.get(key)
  if (known) return known
  const made = runEsbuild(entryFile, format)
  bundles.set(key, made)
  return made
}

async function runEsbuild(entryFile: string, format: Format): Promise<Bundle> {
  const { outputFiles } = await build({
    entryPoints: [entryFile],
    bundle: true,
    write: false,
    format,
    target: 'es2022',
    conditions: ['@tidemark/source'],
    outdir: '/',
    plugins: [publishedTests],
    // Style sheets become files of their own, which no page loads; the fonts that they name are not needed.
    loader: { '.ttf': 'empty' },
    sourcemap: 'external',
    sourcesContent: false,
    logLevel: 'silent',
  })
  const code = outputFiles.find(({ path }) => path.endsWith('.js'))
  const map = outputFiles.find(({ path }) => path.endsWith('.js.map'))
  if (!code || !map) throw new Error(`esbuild made nothing of ${entryFile}`)
  return { code: code.text, sourceMap: new SourceMap(JSON.parse(map.text)) }
}
