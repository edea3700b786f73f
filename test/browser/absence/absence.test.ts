/**
 * Members that die, sleep, or are cut off, as processes: nobody holds the room for ever, and nothing is lost.
 *
 * `MINUTES=10` lets the one who is away stay away so long; the default is as long as it takes to be evicted.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect } from 'vitest'
import { type BrowserLab, type BrowserProcess, type TestPage, browserTest as test } from '../harness/index.js'
import { type RunningSignaling, startSignaling, until } from '../room-lab.js'

type Page = TestPage<typeof import('../pages/absent-room.js')>

const PAGE = new URL('../pages/absent-room.ts', import.meta.url)
const REPORT_MS = 500
/** A page waiting for one of two shared processors answers late. */
const SLACK_MS = 4000
const AWAY_MS = Number(process.env['MINUTES'] ?? 0) * 60_000

let signaling: RunningSignaling
const folders: string[] = []

beforeEach(async () => {
  signaling = await startSignaling()
})
afterEach(async () => {
  await signaling.stop()
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

interface Person {
  readonly browser: BrowserProcess
  readonly page: Page
}

const TIMING = { suspectAfterMs: 2000, forkAfterMs: 4000 }

async function open(lab: BrowserLab, profile?: string): Promise<Person> {
  const browser = await lab.launch(profile)
  const [page] = await lab.open<typeof import('../pages/absent-room.js')>(PAGE, { browser })
  if (!page) throw new Error('no page was opened')
  await page.call('join', { signaling: signaling.url, ...TIMING, isStored: profile !== undefined })
  return { browser, page }
}

async function newProfile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-absence-'))
  folders.push(folder)
  return folder
}

async function untilTogether(pages: readonly Page[], timeoutMs = 60_000): Promise<void> {
  const states = () => Promise.all(pages.map((page) => page.call('state')))
  const isTogether = async () => {
    const all = await states()
    const contents = await Promise.all(pages.map((page) => page.call('content')))
    return (
      all.every(
        (state) => state.synced && state.members.length === pages.length && state.logOperations === 0,
      ) && new Set(contents).size === 1
    )
  }
  await until('all are together, with the same content and empty logs', isTogether, {
    timeoutMs,
    describe: states,
  })
}

const times = (content: string, token: string) => content.split(token).length - 1

test('of three browsers one is killed while all type: the others go on without it, with all it had sent', async ({
  lab,
}) => {
  const people = [await open(lab), await open(lab), await open(lab)] as const
  const [a, b, c] = people.map(({ page }) => page) as [Page, Page, Page]
  await untilTogether([a, b, c])
  for (const [index, page] of [a, b, c].entries()) await page.call('typeOn', 'abc'[index] as string, 20)
  await until('everybody sees everybody type', async () => {
    const contents = await Promise.all([a, b, c].map((page) => page.call('content')))
    return contents.every((content) => ['a20;', 'b20;', 'c20;'].every((token) => content.includes(token)))
  })
  const dead = (await c.call('state')).replicaId as string
  await people[2].browser.kill()
  const killedAt = performance.now()
  const [{ snapshotPoint: held }, seenByA, seenByB] = await Promise.all([
    a.call('state'),
    a.call('content'),
    b.call('content'),
  ])
  const isPast = async () => {
    const states = await Promise.all([a, b].map((page) => page.call('state')))
    return states.every(({ members, snapshotPoint }) => !members.includes(dead) && snapshotPoint > held)
  }
  await until('the point passes what the dead one had confirmed', isPast, {
    describe: () => Promise.all([a, b].map((page) => page.call('state'))),
  })
  const passedMs = performance.now() - killedAt
  for (const page of [a, b]) await page.call('stopTyping')
  await untilTogether([a, b])
  const bound = TIMING.suspectAfterMs + 2 * REPORT_MS
  console.warn(
    `killed → evicted, and its snapshot passed: ${passedMs.toFixed(0)} ms (suspicion and two rounds: ${bound} ms)`,
  )
  expect(passedMs).toBeLessThan(bound + SLACK_MS)
  expect((await a.call('state')).evicted).toEqual([dead])
  const content = await a.call('content')
  for (const seen of [seenByA, seenByB]) {
    for (const token of seen.split(';').slice(0, -1)) expect(times(`;${content}`, `;${token};`)).toBe(1)
  }
})

test('who is away while the others cut 20 times comes back with 500 edits: each is there, once, at its place', {
  timeout: 120_000 + AWAY_MS,
}, async ({ lab }) => {
  const people = [await open(lab), await open(lab), await open(lab)] as const
  const [a, b, c] = people.map(({ page }) => page) as [Page, Page, Page]
  const anchors = Array.from({ length: 500 }, (_, i) => `[${i}]`)
  await a.call('append', anchors.join(''))
  await untilTogether([a, b, c])
  const gone = (await c.call('state')).replicaId as string
  await c.page.context().setOffline(true)
  await c.call('cutOff')
  await until('the room has evicted it', async () => !(await a.call('state')).members.includes(gone))
  for (let i = 0; i < 20; i++) {
    await b.call('insertBehind', `[${25 * i}]`, `(b${i})`)
    await b.call('append', 'rubbish')
    await b.call('erase', 'rubbish')
    await a.call('compact')
  }
  expect((await a.call('state')).epoch).toBeGreaterThanOrEqual(20)
  for (let i = 0; i < anchors.length; i++) await c.call('insertBehind', `[${i}]`, `<c${i}>`)
  if (AWAY_MS > 0) await new Promise((resolve) => setTimeout(resolve, AWAY_MS))
  await c.page.context().setOffline(false)
  await untilTogether([a, b, c])
  const content = await a.call('content')
  const inOrder = anchors.map((anchor, i) => {
    const both = i % 25 === 0 ? `(b${i / 25})` : ''
    // Where both wrote behind the same anchor, either may come first.
    return [`${anchor}<c${i}>${both}`, `${anchor}${both}<c${i}>`]
  })
  let at = 0
  for (const alternatives of inOrder) {
    const found = alternatives.find((one) => content.startsWith(one, at))
    expect(found, `${content.slice(at, at + 40)} …`).toBeDefined()
    at += found?.length ?? 0
  }
  expect(content.length).toBe(at)
  const complaints = c.takeErrors().filter((error) => !error.includes('ERR_INTERNET_DISCONNECTED'))
  expect(complaints).toEqual([])
})

describe('two people, each with what their browser has stored', { timeout: 120_000 }, () => {
  const ways: Record<string, (person: Person) => Promise<unknown>> = {
    crashes: ({ browser }) => browser.kill(),
    reloads: ({ page }) => page.page.reload(),
    'sleeps, and wakes after it was evicted': async ({ browser }) => {
      await browser.suspend()
      await new Promise((resolve) => setTimeout(resolve, 2 * (TIMING.suspectAfterMs + TIMING.forkAfterMs)))
      browser.resume()
    },
  }
  const cases = Object.keys(ways).flatMap((way) => [
    [['older'], way],
    [['younger'], way],
    [['older', 'younger'], way],
  ]) as [('older' | 'younger')[], string][]

  test.for(cases)('the %j one %s', async ([who, way], { lab }) => {
    const profiles = { older: await newProfile(), younger: await newProfile() }
    const people: Record<'older' | 'younger', Person> = {
      older: await open(lab, profiles.older),
      younger: await open(lab, profiles.younger),
    }
    const pages = () => [people.older.page, people.younger.page]
    await untilTogether(pages())
    await people.older.page.call('append', 'o0;')
    await people.younger.page.call('append', 'y0;')
    await untilTogether(pages())
    // Typed at the last moment: stored by whoever typed it, and known to nobody else, perhaps.
    await people.older.page.call('append', 'o1;')
    await people.younger.page.call('append', 'y1;')
    for (const page of pages()) await page.call('saved')
    await Promise.all(who.map((one) => ways[way]?.(people[one])))
    const rest = (['older', 'younger'] as const).filter((one) => !who.includes(one))
    for (const one of rest) await people[one].page.call('append', `${one}-alone;`)
    for (const one of who) {
      const { page, browser } = people[one]
      if (browser.killed) people[one] = await open(lab, profiles[one])
      else if (way === 'reloads') {
        await page.call('join', { signaling: signaling.url, ...TIMING, isStored: true })
      }
      await people[one].page.call('append', `${one}-again;`)
    }
    await untilTogether(pages())
    const content = await people.older.page.call('content')
    const tokens = [
      'o0;',
      'y0;',
      'o1;',
      'y1;',
      ...rest.map((one) => `${one}-alone;`),
      ...who.map((one) => `${one}-again;`),
    ]
    expect(content.split(';').filter(Boolean).sort()).toEqual(
      tokens.map((token) => token.slice(0, -1)).sort(),
    )
    expect(await people.younger.page.call('compact')).toBeGreaterThan(0)
    await untilTogether(pages())
    for (const page of pages()) expect((await page.call('state')).errors).toEqual([])
  })
})
