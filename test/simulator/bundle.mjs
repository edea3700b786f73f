/**
 * Bundles a part of the simulator from the packages' sources, so that it runs without a build; with one piece of
 * the code under test replaced, if wanted. Production code carries no switches for that.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** Not under version control. */
export const CACHE = join(ROOT, '.cache', 'simulator')

/**
 * @typedef {object} Mutant
 * @property {string} name
 * @property {string} rule what the replaced piece is there for
 * @property {string} file from the root of the repository
 * @property {string} find must occur exactly once
 * @property {string} replace
 */

/**
 * @param {string} entryFile
 * @param {string} outFile
 * @param {Mutant} [mutant]
 */
export async function bundle(entryFile, outFile, mutant) {
  await build({
    entryPoints: [entryFile],
    outfile: outFile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    conditions: ['@tidemark/source'],
    sourcemap: 'inline',
    sourcesContent: false,
    logLevel: 'silent',
    plugins: mutant ? [mutation(mutant)] : [],
  })
}

/**
 * Fails if what is to be replaced is not there any more: a mutant that changes nothing proves nothing.
 * @param {string} source
 * @param {Mutant} mutant
 */
export function mutate(source, { name, file, find, replace }) {
  const count = source.split(find).length - 1
  if (count !== 1) throw new Error(`mutant "${name}": what it replaces occurs ${count} times in ${file}`)
  return source.replace(find, () => replace)
}

/**
 * @param {Mutant} mutant
 * @returns {import('esbuild').Plugin}
 */
function mutation(mutant) {
  const target = join(ROOT, mutant.file)
  return {
    name: 'mutation',
    setup(context) {
      let isDone = false
      context.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        if (path !== target) return undefined
        isDone = true
        return { contents: mutate(await readFile(path, 'utf8'), mutant), loader: 'ts' }
      })
      context.onEnd(() => {
        if (!isDone) throw new Error(`mutant "${mutant.name}": nothing imports ${mutant.file}`)
      })
    },
  }
}
