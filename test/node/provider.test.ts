/**
 * The provider in Node, over real WebRTC and the real signaling server; and the built packages as a user imports them.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import wrtc from '@roamhq/wrtc'
import { PasswordError, TidemarkProvider } from 'tidemark'
import { memoryNetwork } from 'tidemark/testing'
import { createSignalingServer } from 'tidemark-signaling'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import * as Y from 'yjs'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** One call may come to nothing, and is placed again: WebRTC gets time for that. */
const PATIENCE = { timeout: 40_000, interval: 50 }

let server: ReturnType<typeof createSignalingServer>
let signaling: string
let providers: TidemarkProvider[]

beforeEach(async () => {
  server = createSignalingServer({ graceMs: 0 })
  signaling = `http://127.0.0.1:${(await server.listen(0)).port}`
  providers = []
})

afterEach(async () => {
  for (const provider of providers) provider.destroy()
  await server.close()
})

function open(password?: string, identities = false): { text: Y.Text; provider: TidemarkProvider } {
  const doc = new Y.Doc()
  const own = { identities, ...(password && { password }) }
  const options = { signaling, iceServers: [], peerOptions: { wrtc }, ...own }
  const provider = new TidemarkProvider('room', doc, options)
  providers.push(provider)
  return { text: doc.getText('t'), provider }
}

async function join(
  password?: string,
  identities = false,
): Promise<{ text: Y.Text; provider: TidemarkProvider }> {
  const site = open(password, identities)
  const told: unknown[] = []
  site.provider.on('status', (status) => told.push(status))
  site.provider.on('error', ({ message }) => told.push(message))
  const whereItStands = () => JSON.stringify([told, server.stats(), providers.map((each) => each.stats())])
  await vi.waitFor(() => expect(site.provider.synced, whereItStands()).toBe(true), PATIENCE)
  await site.provider.whenSynced
  return site
}

test('three providers in Node edit one document and drop their logs', async () => {
  const sites = [await join(), await join(), await join()]
  for (const [i, { text }] of sites.entries()) text.insert(0, `${i} `)
  await vi.waitFor(() => {
    const contents = new Set(sites.map(({ text }) => text.toString()))
    expect(contents.size).toBe(1)
    expect([...contents][0]).toHaveLength(6)
    for (const { provider } of sites)
      expect(provider.stats()).toMatchObject({ logOperations: 0, members: 3, links: 2 })
  }, PATIENCE)
})

test('[AC5] a room with a password works as any other, and whoever has another one is told what to do', async () => {
  const sites = [await join('secret'), await join('secret'), await join('secret')]
  for (const [i, { text }] of sites.entries()) text.insert(0, `${i} `)
  const isSettled = () =>
    sites.every(({ provider, text }) => {
      const { logOperations, members, links } = provider.stats()
      return text.length === 6 && logOperations === 0 && members === 3 && links === 2
    })
  await vi.waitFor(() => expect(isSettled()).toBe(true), PATIENCE)

  const stranger = open('another')
  const told: string[] = []
  const listen = ({ provider }: { provider: TidemarkProvider }) =>
    provider.on('error', (error) => {
      expect(error).toBeInstanceOf(PasswordError)
      told.push(error.message)
    })
  for (const site of [stranger, ...sites]) listen(site)
  stranger.text.insert(0, 'hello?')
  // Whichever greeters it tries, each of them is told, and it is told once.
  await vi.waitFor(() => expect(told).toHaveLength(4), PATIENCE)
  expect(new Set(told).size).toBe(1)
  expect(told[0]).toMatch(/^tidemark: someone in this room uses another password, or the signaling server/)
  expect(stranger.provider.synced).toBe(false)
  expect(sites.map(({ text, provider }) => [text.length, provider.members.length])).toEqual([
    [6, 3],
    [6, 3],
    [6, 3],
  ])
})

test.each([
  ['and a password', 'secret'],
  ['alone', undefined],
])(
  '[ID7] a room with identities %s works as any other, and whoever has none is told what to do',
  async (_, password) => {
    const sites = [await join(password, true), await join(password, true), await join(password, true)]
    for (const [i, { text }] of sites.entries()) text.insert(0, `${i} `)
    const isSettled = () =>
      sites.every(({ provider, text }) => {
        const { logOperations, members, links } = provider.stats()
        return text.length === 6 && logOperations === 0 && members === 3 && links === 2
      })
    await vi.waitFor(() => expect(isSettled()).toBe(true), PATIENCE)
    expect(sites.map(({ provider }) => provider.replicaId?.length)).toEqual([43, 43, 43])

    const told: string[] = []
    for (const { provider } of sites)
      provider.on('error', (error) => {
        expect(error).not.toBeInstanceOf(PasswordError)
        told.push(error.message)
      })
    const stranger = open(password)
    const advice: string[] = []
    stranger.provider.on('error', ({ message }) => advice.push(message))
    await vi.waitFor(() => expect(told).not.toEqual([]), PATIENCE)
    expect(told[0]).toMatch(/did not prove who it is: .*Give all the same \({ identities: true }\)/)
    await vi.waitFor(() => expect(advice).not.toEqual([]), PATIENCE)
    expect(advice[0]).toMatch(/has an identity, and this provider has none/)
    expect(stranger.provider.synced).toBe(false)
  },
)

test('[AC1] a password that would protect nothing is refused', () => {
  const doc = new Y.Doc()
  const transport = memoryNetwork().transport()
  expect(() => new TidemarkProvider('room', doc, { transport, password: 'secret' })).toThrow('transport')
  expect(() => new TidemarkProvider('room', doc, { signaling, password: '' })).toThrow('password')
})

test('the built packages can be imported by plain Node, and importing starts nothing', {
  timeout: 120_000,
}, async () => {
  const run = promisify(execFile)
  await run(process.execPath, ['scripts/build.mjs'], { cwd: ROOT })
  const program = `
    const { TidemarkProvider } = await import('tidemark')
    const { memoryNetwork } = await import('tidemark/testing')
    const Y = await import('yjs')
    const network = memoryNetwork()
    const [a, b] = [new Y.Doc(), new Y.Doc()]
    const options = () => ({ transport: network.transport() })
    const providers = [new TidemarkProvider('r', a, options()), new TidemarkProvider('r', b, options())]
    a.getText('t').insert(0, 'hello')
    await Promise.all(providers.map((provider) => provider.whenSynced))
    while (b.getText('t').toString() !== 'hello') await new Promise((resolve) => setTimeout(resolve, 5))
    for (const provider of providers) provider.destroy()
    console.log(b.getText('t').toString())
  `
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], {
    cwd: ROOT,
    timeout: 30_000,
  })
  expect(stdout.trim()).toBe('hello')
})
