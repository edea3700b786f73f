/**
 * Turns TypeScript entry files into what a browser can load, from the packages' sources.
 */
import { SourceMap } from 'node:module'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import { publishedTests } from './published-tests.js'

export interface Bundle {
  readonly code: string
  /** Leads from positions in the code back to the TypeScript files. */
  readonly sourceMap: SourceMap
}

type Format = 'esm' | 'iife'

const HERE = fileURLToPath(new URL('.', import.meta.url))

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

/** Two copies of Yjs do not recognise each other's types: a page gets this one, wherever its packages lie. */
const oneYjs: Plugin = {
  name: 'one-yjs',
  setup(build) {
    build.onResolve({ filter: /^yjs$/ }, ({ kind, pluginData }) => {
      if (pluginData === oneYjs) return undefined
      return build.resolve('yjs', { kind, resolveDir: HERE, pluginData: oneYjs })
    })
  },
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
    plugins: [publishedTests, oneYjs],
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
