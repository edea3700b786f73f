/**
 * Documents in IndexedDB, in Chromium: reloaded and killed in the middle of writing, and shared by tabs.
 *
 * `KILLS=200 npx vitest run test/browser/storage` kills more often.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect } from 'vitest'
import { type BrowserLab, type BrowserProcess, browserTest as test } from './harness/index.js'

type Entry = typeof import('./pages/stored-room.js')

const ENTRY = new URL('./pages/stored-room.ts', import.meta.url)
const KILLS = Number(process.env['KILLS'] ?? 12)

let profile: string

beforeEach(async () => {
  profile = await mkdtemp(join(tmpdir(), 'tidemark-profile-'))
})

afterEach(async () => {
  await rm(profile, { recursive: true, force: true, maxRetries: 5 })
})

const open = (lab: BrowserLab, browser?: BrowserProcess) =>
  lab.openOne<Entry>(ENTRY, browser ? { browser } : {})

const upTo = (last: number) => Array.from({ length: last + 1 }, (_, i) => i)

test('IndexedDB does what every place to keep documents must', async ({ lab }) => {
  const page = await open(lab)
  expect(await page.call('contract')).toEqual([])
})

test('a page reloaded in the middle of typing finds all that was stored', async ({ lab }) => {
  const page = await open(lab)
  let kept = -1
  await page.page.exposeFunction('acknowledge', (number: number) => {
    kept = Math.max(kept, number)
  })
  for (let round = 0; round < 10; round++) {
    const found = await page.call('open')
    expect(found.length - 1).toBeGreaterThanOrEqual(kept)
    expect(found).toEqual(upTo(found.length - 1))
    await page.call('write')
    const before = kept
    await expect.poll(() => kept, { interval: 5 }).toBeGreaterThan(before + 2 * round)
    expect(await page.call('errorsSoFar')).toEqual([])
    await page.page.reload()
  }
})

test('a database that is deleted under an open page is made anew, with all of the document', async ({
  lab,
}) => {
  const page = await open(lab)
  await page.call('open', false)
  await page.call('add', 1, 2)
  await page.call('saved')
  for (let round = 3; round < 6; round++) {
    await page.call('deleteDatabase')
    await page.call('add', round)
    await page.call('saved')
  }
  await page.call('add', 6)
  await page.call('saved')
  expect(await page.call('errorsSoFar')).toEqual([])
  await page.page.reload()
  expect(await page.call('open', false)).toEqual([1, 2, 3, 4, 5, 6])
})

describe('tabs of one origin', () => {
  test('keep their own, and who comes next has what each of them has stored', async ({ lab }) => {
    const browser = await lab.launch(profile)
    const [a, b] = [await open(lab, browser), await open(lab, browser)]
    expect(await a.call('open', false)).toEqual([])
    await a.call('add', 1, 2)
    await a.call('saved')
    expect(await b.call('open', false)).toEqual([1, 2])
    await a.call('add', 10)
    await b.call('add', 20, 21)
    for (const page of [a, b]) {
      await page.call('saved')
      await page.page.close()
    }
    for (let visit = 0; visit < 2; visit++) {
      const c = await open(lab, browser)
      const found = await c.call('open', false)
      expect(found.slice(0, 2)).toEqual([1, 2])
      expect([...found].sort((x, y) => x - y)).toEqual([1, 2, 10, 20, 21])
      await c.call('saved')
      await c.page.close()
    }
  })
})

test('storing a large document leaves the page usable', async ({ lab }) => {
  const page = await open(lab)
  await page.call('open', false)
  await page.call('fill', 5_000_000)
  // The text says much the same all the time, and packs well.
  expect(await page.call('storedBytes')).toBeGreaterThan(50_000)
  await page.page.reload()
  await page.resetLongestTask()
  const startedAt = performance.now()
  await page.call('open', false)
  const openMs = performance.now() - startedAt
  expect(await page.call('characters')).toBe(5_000_000)
  await page.call('add', 1)
  await page.call('saved')
  const longestMs = await page.longestTaskMs()
  console.warn(
    `5 MB opened from IndexedDB in ${openMs.toFixed(0)} ms, longest task ${longestMs.toFixed(0)} ms`,
  )
  expect(longestMs).toBeLessThan(250)
})

test(
  `a browser killed ${KILLS} times while it writes starts again with all that was stored`,
  async ({ lab }) => {
    let kept = -1
    let wiped = 0
    for (let round = 0; round < KILLS; round++) {
      const browser = await lab.launch(profile)
      const page = await open(lab, browser)
      if ((await page.call('visits')) === 0 && round > 0) {
        // Chromium, killed in its first second, now and then starts again without anything of this site.
        wiped++
        kept = -1
      }
      const found = await page.call('open')
      expect(found.length - 1, `round ${round}`).toBeGreaterThanOrEqual(kept)
      expect(found, `round ${round}`).toEqual(upTo(found.length - 1))
      expect(await page.call('errorsSoFar')).toEqual([])
      await page.page.exposeFunction('acknowledge', (number: number) => {
        kept = Math.max(kept, number)
      })
      await page.call('write')
      const before = kept
      await expect.poll(() => kept, { interval: 1 }).toBeGreaterThan(before + (round % 17))
      await browser.kill()
    }
    console.warn(
      `${KILLS} kills, in ${wiped} of them the browser lost all databases of the site, also those of others`,
    )
    expect(wiped).toBeLessThan(Math.max(3, KILLS / 10))
    expect(wiped > 0 || kept > KILLS).toBe(true)
  },
  60_000 + KILLS * 5000,
)
