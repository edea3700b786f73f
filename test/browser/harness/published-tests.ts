/**
 * Makes the test-suite that a package publishes importable, as `published-tests:<package>`.
 *
 * Some packages ship their bundled tests, and with them a source map that holds the sources of the tests. Those
 * sources are bundled anew from there: on the versions of Yjs, the editor and the binding that are installed, and
 * with another test helper in place of the one that Yjs publishes.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'esbuild'

interface Suite {
  /** Where the map is, and the suite in it. */
  readonly map: string
  readonly entry: string
  /** The package whose sources the suite tests. */
  readonly tested: string
}

const SUITES: Readonly<Record<string, Suite>> = {
  'y-codemirror.next': suite('dist/test.cjs.map', 'y-codemirror.test.js', 'y-codemirror.next'),
  // The last version that published its tests; it is the latest one that they test.
  'y-prosemirror-suite': suite('dist/test.cjs.map', 'y-prosemirror.test.js', 'y-prosemirror'),
  'y-quill': suite('dist/test.cjs.map', 'y-quill.test.js', 'y-quill'),
  'y-monaco': suite('dist/test.js.map', 'y-monaco.test.js', 'y-monaco'),
}

function suite(map: string, file: string, tested: string): Suite {
  return { map, entry: `../test/${file}`, tested }
}

const NAMESPACE = 'published-tests'
const HELPER = fileURLToPath(new URL('../../editors/published/test-helper.ts', import.meta.url))
const RESOLVE_DIR = dirname(HELPER)

/** The names of the tests in a package's suite, in its order. */
export function publishedTestNames(packageName: string): string[] {
  const { entry } = suiteOf(packageName)
  const source = sourceOf(packageName, entry)
  return [...source.matchAll(/^export const (test\w+)/gm)].map(([, name]) => name as string)
}

export const publishedTests: Plugin = {
  name: NAMESPACE,
  setup(build) {
    build.onResolve({ filter: /^published-tests:/ }, ({ path }) => {
      const packageName = path.slice(NAMESPACE.length + 1)
      return inMap(packageName, suiteOf(packageName).entry)
    })
    build.onResolve({ filter: /./, namespace: NAMESPACE }, ({ path, importer, kind }) => {
      const [packageName = '', file = ''] = importer.split(' ')
      // Older and newer names of the same module.
      if (/^yjs\/(tests\/)?testHelper(\.js)?$/.test(path)) return { path: HELPER }
      const { tested } = suiteOf(packageName)
      if (path.startsWith('../src/')) return build.resolve(tested, { kind, resolveDir: RESOLVE_DIR })
      if (path.startsWith('.')) return inMap(packageName, posix.join(posix.dirname(file), path))
      return build.resolve(path, { kind, resolveDir: RESOLVE_DIR })
    })
    build.onLoad({ filter: /./, namespace: NAMESPACE }, ({ path }) => {
      const [packageName = '', file = ''] = path.split(' ')
      return { contents: sourceOf(packageName, file), loader: 'js', resolveDir: RESOLVE_DIR }
    })
  },
}

function inMap(packageName: string, file: string) {
  return { path: `${packageName} ${file}`, namespace: NAMESPACE }
}

function suiteOf(packageName: string): Suite {
  const found = SUITES[packageName]
  if (!found) throw new Error(`it is not known that ${packageName} publishes tests`)
  return found
}

function sourceOf(packageName: string, file: string): string {
  const path = join(folderOf(packageName), suiteOf(packageName).map)
  const map = JSON.parse(readFileSync(path, 'utf8')) as { sources: string[]; sourcesContent: string[] }
  const source = map.sourcesContent[map.sources.indexOf(file)]
  if (source === undefined) throw new Error(`${path} has no ${file}`)
  return source
}

/** Not every package lets its own files be resolved, so they are looked for where npm puts them. */
function folderOf(packageName: string): string {
  for (let folder = RESOLVE_DIR; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', packageName)
    if (existsSync(candidate)) return candidate
    if (folder === dirname(folder)) throw new Error(`${packageName} is not installed`)
  }
}
