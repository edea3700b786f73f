/**
 * Builds the demo as a static site: demo/dist/site can be hosted anywhere.
 *
 * Packages are bundled from their sources, so that nothing has to be compiled before. The page refers to the
 * bundle as `main.js`, and to `main.css` if main.ts imports styles; files in demo/public are taken as they are.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { Explained } from './console.mjs'
import { ROOT } from './dependencies.mjs'

const DEMO = join(ROOT, 'demo')
const SITE = join(DEMO, 'dist', 'site')

/** @returns {Promise<Map<string, string | Uint8Array>>} the site's files by path, also written to demo/dist/site. */
export async function buildDemoSite() {
  /** @type {Map<string, string | Uint8Array>} */
  const files = new Map()
  for (const file of await filesBelow(join(DEMO, 'public'))) {
    files.set(`/${relative(join(DEMO, 'public'), file)}`, await readFile(file))
  }
  for (const file of await bundle()) files.set(`/${relative(SITE, file.path)}`, file.contents)
  const page = await readFile(join(DEMO, 'index.html'), 'utf8')
  files.set('/index.html', page)
  checkReferences(page, files)
  await write(files)
  return files
}

async function bundle() {
  // Imported late: this module is loaded before dependencies are installed.
  const { build } = await import('esbuild')
  const result = await build({
    entryPoints: [join(DEMO, 'src', 'main.ts')],
    outdir: SITE,
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    conditions: ['@tidemark/source'],
    minify: true,
    sourcemap: true,
    logLevel: 'silent',
  }).catch((error) => {
    throw new Explained(`The demo can not be bundled.\n${error.message}`)
  })
  return result.outputFiles
}

/**
 * @param {string} page
 * @param {ReadonlyMap<string, unknown>} files
 */
function checkReferences(page, files) {
  for (const [, reference = ''] of page.matchAll(/<(?:script|link|img)[^>]*\s(?:src|href)="([^":]*)"/g)) {
    const path = new URL(reference, 'http://demo/').pathname
    if (!files.has(path)) throw new Explained(`demo/index.html refers to "${reference}", which is not built.`)
  }
}

/** @param {ReadonlyMap<string, string | Uint8Array>} files */
async function write(files) {
  for (const [path, content] of files) {
    const file = join(SITE, path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, content)
  }
}

/**
 * @param {string} folder
 * @returns {Promise<string[]>}
 */
async function filesBelow(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
}
