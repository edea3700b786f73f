/** What a browser gets of storage: IndexedDB where it is used, and never anything of Node. */
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { expect, test } from 'vitest'

async function filesIn(code: string): Promise<string[]> {
  const { metafile } = await build({
    stdin: { contents: code, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
    conditions: ['@tidemark/source'],
    logLevel: 'silent',
  })
  const [output] = Object.values(metafile.outputs)
  return Object.entries(output?.inputs ?? {}).flatMap(([path, { bytesInOutput }]) =>
    bytesInOutput > 0 ? [path] : [],
  )
}

test('without storage, none of it is bundled', async () => {
  const files = await filesIn("import { TidemarkProvider } from 'tidemark'; console.log(TidemarkProvider)")
  expect(files.filter((path) => /node_modules\/idb\/|indexed-db|classic-level|src\/node/.test(path))).toEqual(
    [],
  )
})

test('with IndexedDB, nothing of Node is', async () => {
  const files = await filesIn(
    "import { indexedDBStorage } from 'tidemark'; console.log(indexedDBStorage('a'))",
  )
  expect(files.some((path) => path.includes('node_modules/idb/'))).toBe(true)
  expect(files.filter((path) => /classic-level|src\/node/.test(path))).toEqual([])
})
