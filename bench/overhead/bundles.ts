/** What a page loads: minified and gzipped, as bundlers for browsers make it, and which parts it is made of. */
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { BENCH } from '../places.js'

const NETWORK = ['simple-peer', 'simple-peer/*', 'socket.io-client']
const LIBRARIES = ['lib0', 'lib0/*', 'y-protocols', 'y-protocols/*', 'idb', 'fflate']

export interface Bundle {
  readonly who: string
  readonly minifiedBytes: number
  readonly gzipBytes: number
  /** What is loaded later, if the page asks for it. */
  readonly laterGzipBytes: number
  /** Minified bytes by source file. */
  readonly files: Readonly<Record<string, number>>
}

interface Wish {
  readonly who: string
  readonly code: string
  readonly outside: readonly string[]
}

/** As esbuild calls what it makes of code that is in no file. */
const ENTRY = 'stdin.js'

const PROVIDER = "export { TidemarkProvider } from 'tidemark'"
const PROVIDER_AND_STORAGE = "export { TidemarkProvider, indexedDBStorage } from 'tidemark'"
const Y_WEBRTC = "export { WebrtcProvider } from 'y-webrtc'"

const WISHES: readonly Wish[] = [
  { who: 'Tidemark, own code', code: PROVIDER, outside: [...NETWORK, ...LIBRARIES] },
  {
    who: 'Tidemark with IndexedDB, own code',
    code: PROVIDER_AND_STORAGE,
    outside: [...NETWORK, ...LIBRARIES],
  },
  { who: 'Tidemark, with lib0, y-protocols and fflate', code: PROVIDER, outside: NETWORK },
  { who: 'Tidemark, with simple-peer and socket.io-client, too', code: PROVIDER, outside: [] },
  { who: 'y-webrtc, own code', code: Y_WEBRTC, outside: [...NETWORK, ...LIBRARIES] },
  { who: 'y-webrtc, with lib0 and y-protocols', code: Y_WEBRTC, outside: NETWORK },
  { who: 'y-webrtc, with simple-peer, too', code: Y_WEBRTC, outside: [] },
]

export function bundles(): Promise<Bundle[]> {
  return Promise.all(WISHES.map(bundle))
}

async function bundle({ who, code, outside }: Wish): Promise<Bundle> {
  const { metafile, outputFiles } = await build({
    stdin: { contents: code, resolveDir: fileURLToPath(BENCH), sourcefile: 'entry.js' },
    bundle: true,
    minify: true,
    splitting: true,
    write: false,
    metafile: true,
    outdir: 'out',
    absWorkingDir: fileURLToPath(BENCH),
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    conditions: ['@tidemark/source'],
    external: ['yjs', ...outside],
    logLevel: 'error',
  })
  const gzipOf = (path: string) =>
    gzipSync(outputFiles.find((file) => file.path.endsWith(path))?.contents ?? new Uint8Array()).length
  const atOnce = new Set<string>()
  const follow = (path: string) => {
    if (atOnce.has(path)) return
    atOnce.add(path)
    for (const { path: next, kind, external } of metafile.outputs[path]?.imports ?? [])
      if (kind === 'import-statement' && !external) follow(next)
  }
  // What is imported when it is wanted has an entry point of its own, which is not where a page begins.
  for (const path of Object.keys(metafile.outputs)) if (path.endsWith(ENTRY)) follow(path)
  const files: Record<string, number> = {}
  let [minifiedBytes, gzipBytes, laterGzipBytes] = [0, 0, 0]
  for (const [path, output] of Object.entries(metafile.outputs)) {
    if (!atOnce.has(path)) {
      laterGzipBytes += gzipOf(path)
      continue
    }
    minifiedBytes += output.bytes
    gzipBytes += gzipOf(path)
    for (const [file, { bytesInOutput }] of Object.entries(output.inputs))
      if (bytesInOutput > 0) files[file] = (files[file] ?? 0) + bytesInOutput
  }
  return { who, minifiedBytes, gzipBytes, laterGzipBytes, files }
}

/** Own code, by what it is for. The first that fits counts. */
const PARTS: readonly (readonly [what: string, where: RegExp])[] = [
  [
    'cuts and tables',
    /packages\/(yjs\/src\/(renumbering|epochs)|core\/src\/compaction)|core\/src\/replica\/cuts/,
  ],
  ['storage', /packages\/(yjs\/src\/storing|tidemark\/src\/storage)/],
  ['eviction', /packages\/core\/src\/eviction|core\/src\/replica\/evicting/],
  ['joining', /packages\/core\/src\/(membership|replica\/(coming-in|letting-in))/],
  ['the rest of the protocol', /packages\/core/],
  ['links and signaling', /packages\/webrtc/],
  ['a Y.Doc as the structure', /packages\/yjs/],
  ['the provider', /packages\/tidemark/],
]

export function partsOf({ files }: Bundle): { readonly what: string; readonly bytes: number }[] {
  return PARTS.map(([what, where], at) => {
    const isOfIt = (file: string) =>
      where.test(file) && !PARTS.slice(0, at).some(([, earlier]) => earlier.test(file))
    const bytes = Object.entries(files).reduce((sum, [file, size]) => sum + (isOfIt(file) ? size : 0), 0)
    return { what, bytes }
  })
}
