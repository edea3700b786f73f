/** The places to keep documents that work in Node, and the contract. IndexedDB: test/browser/storage.test.ts. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DocumentStorage, memoryStorage } from 'tidemark'
import { fileStorage } from 'tidemark/node'
import { STORAGE_CONTRACT } from 'tidemark/testing'
import { afterEach, describe, test } from 'vitest'

const dirs: string[] = []

afterEach(async () => {
  for (const dir of dirs.splice(0)) await rm(dir, { recursive: true })
})

async function newDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'tidemark-'))
  dirs.push(dir)
  return dir
}

const PLACES: Record<string, () => Promise<DocumentStorage>> = {
  memoryStorage: async () => memoryStorage(),
  fileStorage: async () => fileStorage(join(await newDir(), 'made', 'here')),
}

for (const [place, make] of Object.entries(PLACES)) {
  describe(place, () => {
    for (const { name, run } of STORAGE_CONTRACT) test(name, async () => run(await make()))
  })
}
