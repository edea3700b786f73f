/** Rooms whose members have identities, over a network in memory. */
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { memoryStorage } from 'tidemark'
import { VirtualScheduler } from 'tidemark/testing'
import { describe, expect, test, vi } from 'vitest'
import { Identities } from '../../src/identity/identities.js'
import type { Site } from '../room.js'
import { room, roomOfEachTest } from '../room-of-each-test.js'

roomOfEachTest()

/** Code is loaded in real time, everything else goes on in virtual time. */
async function until(isSo: () => boolean): Promise<void> {
  await vi.waitFor(() => {
    room.settle(100)
    expect(isSo()).toBe(true)
  }, 40_000)
}

const synced = (...sites: Site[]) => sites.every(({ provider }) => provider.synced)

describe('[ID1] members with identities', () => {
  test('edit, cut, leave and evict as ever; their ids are keys', async () => {
    const sites = [0, 1, 2].map(() => room.open({ identities: true }))
    const [a, b, c] = sites as [Site, Site, Site]
    await until(() => synced(a, b, c) && a.provider.members.length === 3)
    for (const id of a.provider.members) expect(id).toMatch(/^[A-Za-z0-9_-]{43}$/)
    a.text.insert(0, 'hello')
    b.text.insert(0, 'world ')
    room.settle()
    expect([a, b, c].map(({ text }) => text.toString()).every((text) => text === a.text.toString())).toBe(
      true,
    )
    room.cut(a)
    expect([a, b, c].map(({ provider }) => provider.epoch)).toEqual([1, 1, 1])
    c.provider.disconnect()
    room.settle()
    expect(a.provider.members.length).toBe(2)
    expect([a, b].flatMap(({ errors }) => errors)).toEqual([])
    const d = room.open({ identities: true })
    await until(() => synced(d))
    room.network.crash(b.transport)
    a.text.insert(0, '!')
    room.until(() => a.provider.members.length === 2)
    expect(d.text.toString()).toBe(a.text.toString())
  })

  test('and members without tell each other', async () => {
    const a = room.open({ identities: true })
    await until(() => synced(a))
    const b = room.open({})
    room.settle(20_000)
    expect(b.provider.connected).toBe(false)
    expect([a, b].map(({ errors }) => errors.map(({ message }) => message))).toEqual([
      [expect.stringContaining('has no identity, and this provider has')],
      [expect.stringContaining('has an identity, and this provider has none')],
    ])
  })

  test('have stored ids like others, and come back under another one', async () => {
    const storage = memoryStorage()
    const a = room.open({ identities: true, storage })
    await until(() => synced(a))
    const before = a.provider.replicaId
    a.text.insert(0, 'kept')
    await a.provider.whenSaved()
    a.provider.destroy()
    const b = room.open({ identities: true, storage })
    await until(() => synced(b) && b.text.toString() === 'kept')
    expect(b.provider.replicaId).not.toBe(before)
    expect(b.errors).toEqual([])
  })
})

test('code for identities that can not be loaded is asked for again, and told of once', async () => {
  const scheduler = new VirtualScheduler()
  const errors: Error[] = []
  let attempts = 0
  const load = async () => {
    if (++attempts < 3) throw new Error('offline')
    return import('../../src/identity/ed25519.js')
  }
  const identities = new Identities({ scheduler, onError: (error) => errors.push(error), load })
  expect(() => identities.newId()).toThrow()
  let isLoaded = false
  void identities.whenLoaded.then(() => {
    isLoaded = true
  })
  await vi.waitFor(() => {
    scheduler.advance(1000)
    expect(isLoaded).toBe(true)
  }, 40_000)
  expect([attempts, errors.length]).toEqual([3, 1])
  const id = identities.newId()
  identities.signaturesOf(id)
  expect(() => identities.signaturesOf(id)).toThrow()
})

test('code for identities is a chunk of its own, loaded by who uses them', async () => {
  const { metafile } = await build({
    stdin: {
      contents: "import { TidemarkProvider } from 'tidemark'; console.log(TidemarkProvider)",
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    },
    bundle: true,
    splitting: true,
    write: false,
    outdir: 'nowhere',
    metafile: true,
    format: 'esm',
    platform: 'browser',
    conditions: ['@tidemark/source'],
    logLevel: 'silent',
  })
  const withKeys = Object.entries(metafile.outputs).filter(([, { inputs }]) =>
    Object.keys(inputs).some((path) => path.includes('@noble/')),
  )
  expect(withKeys.map(([, { entryPoint }]) => entryPoint)).toEqual([
    expect.stringMatching(/identity\/ed25519\.ts$/),
  ])
})
