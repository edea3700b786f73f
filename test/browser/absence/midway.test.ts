/**
 * Members that are interrupted while they type: nothing that was stored, or that somebody had got, is lost or doubled.
 *
 * `FULL=1` stops the scripts of a page, too.
 */
import { afterEach, beforeEach, describe, expect } from 'vitest'
import { browserTest as test } from '../harness/index.js'
import { until } from '../room-lab.js'
import {
  bringBack,
  idOf,
  numbersOf,
  type Page,
  Place,
  type Timing,
  takeErrorsButOffline,
  takeOffline,
  times,
  untilTogether,
  upTo,
} from './people.js'

/** Whoever is evicted much sooner than silence makes suspect has been accused. */
const PATIENT: Timing = { suspectAfterMs: 12_000, forkAfterMs: 60_000 }
const ACCUSED_WITHIN_MS = 5_000
const IS_FULL = process.env['FULL'] === '1'

let place: Place

beforeEach(async () => {
  place = await Place.open()
})
afterEach(() => place.close())

const last = async (page: Page, name: string) => numbersOf(await page.call('content'), name).length - 1

async function untilTyped(page: Page, name: string, count: number): Promise<void> {
  await until(`${page.name} sees ${name}${count}`, async () => (await last(page, name)) >= count)
}

describe('one of three, with storage, is interrupted while all type', () => {
  test.for(['reload', 'crash'] as const)(
    'by a %s: what was stored is there, and its former self is soon gone',
    async (way, { lab }) => {
      const profile = await place.newProfile()
      const a = (await place.arrive(lab, { timing: PATIENT })).page
      const b = (await place.arrive(lab, { timing: PATIENT })).page
      let c = await place.arrive(lab, { profile, timing: PATIENT })
      await untilTogether([a, b, c.page])
      let stored = -1
      await c.page.page.exposeFunction('acknowledge', (number: number) => {
        stored = Math.max(stored, number)
      })
      await a.call('typeOn', 'a', 20)
      await b.call('typeOn', 'b', 20)
      await c.page.call('typeStored', 'c', 10)
      await until('a hundred edits are stored', async () => stored >= 100)
      const former = await idOf(c.page)
      if (way === 'crash') {
        await c.browser.kill()
        c = await place.arrive(lab, { profile, timing: PATIENT })
      } else {
        await c.page.page.reload()
        await place.enter(c.page, { isStored: true, timing: PATIENT })
      }
      const kept = stored
      expect(await last(c.page, 'c')).toBeGreaterThanOrEqual(kept)
      const backAt = performance.now()
      await c.page.call('append', '!;')
      const heldAt = (await a.call('state')).snapshotPoint
      await until('the room goes on without its former self', async () => {
        const { members, snapshotPoint } = await a.call('state')
        return members.length === 3 && !members.includes(former) && snapshotPoint > heldAt
      })
      const goneMs = performance.now() - backAt
      console.warn(`${way}: back → former self gone, the point goes on: ${goneMs.toFixed(0)} ms`)
      expect(goneMs).toBeLessThan(ACCUSED_WITHIN_MS)
      expect((await a.call('state')).evicted).toEqual(way === 'crash' ? [former] : [])
      for (const page of [a, b]) await page.call('stopTyping')
      await untilTogether([a, b, c.page])
      const content = await b.call('content')
      expect(numbersOf(content, 'c').length).toBeGreaterThan(kept)
      for (const name of ['a', 'b', 'c']) {
        const numbers = numbersOf(content, name)
        expect(numbers, name).toEqual(upTo(numbers.length - 1))
      }
      expect(times(content, '!;')).toBe(1)
    },
  )
})

test('two people, both cut off, type on alone until each has given the other up: their room becomes one', {
  timeout: 120_000,
}, async ({ lab }) => {
  const older = (await place.arrive(lab)).page
  const younger = (await place.arrive(lab)).page
  const both = [older, younger]
  await untilTogether(both)
  await older.call('typeOn', 'o', 50)
  await younger.call('typeOn', 'y', 50)
  await untilTyped(older, 'y', 10)
  await untilTyped(younger, 'o', 10)
  await Promise.all(both.map(takeOffline))
  const seen = { o: await last(younger, 'o'), y: await last(older, 'y') }
  await until('each goes on alone', async () => {
    const states = await Promise.all(both.map((page) => page.call('state')))
    return states.every(({ members, synced }) => synced && members.length === 1)
  })
  await untilTyped(older, 'o', seen.o + 20)
  await untilTyped(younger, 'y', seen.y + 20)
  // Both were away all the time, or nothing is shown.
  expect(await last(younger, 'o')).toBeLessThanOrEqual(seen.o)
  expect(await last(older, 'y')).toBeLessThanOrEqual(seen.y)
  await Promise.all(both.map(bringBack))
  const back = { o: await last(older, 'o'), y: await last(younger, 'y') }
  await untilTyped(younger, 'o', back.o + 10)
  await untilTyped(older, 'y', back.y + 10)
  for (const page of both) await page.call('stopTyping')
  await untilTogether(both)
  const content = await older.call('content')
  for (const name of ['o', 'y'] as const) {
    const numbers = numbersOf(content, name)
    expect(numbers.length).toBeGreaterThan(back[name] + 10)
    // What was typed at the ends of two histories may stand in another order than it was typed in, but once.
    expect(numbers).toEqual(upTo(numbers.length - 1))
  }
  const epoch = (await younger.call('state')).epoch
  expect(await younger.call('compact')).toBeGreaterThan(epoch)
  await untilTogether(both)
  expect(await older.call('content')).toBe(content)
  for (const page of both) expect(takeErrorsButOffline(page)).toEqual([])
})

// Antimatter lets what a peer did apart go once its fissure has expired: such a peer's edits never come back there.
test('what somebody typed apart, around what the others have erased and cut since, outlasts its eviction', {
  timeout: 120_000,
}, async ({ lab }) => {
  const [a, b, c] = [await place.arrive(lab), await place.arrive(lab), await place.arrive(lab)].map(
    ({ page }) => page,
  ) as [Page, Page, Page]
  await a.call('append', '[1][2][3][4][5]')
  await untilTogether([a, b, c])
  const gone = await idOf(c)
  await takeOffline(c)
  // At once, as the member that it still is.
  await c.call('insertBehind', '[2]', '<two>')
  await c.call('insertBehind', '[3]', '<three>')
  await c.call('erase', '[5]')
  await until('the room has evicted it', async () => (await a.call('state')).evicted.includes(gone))
  await b.call('erase', '[3]')
  await b.call('insertBehind', '[4]', '(four)')
  await untilTogether([a, b])
  await a.call('compact')
  await untilTogether([a, b])
  expect((await b.call('state')).epoch).toBeGreaterThan(0)
  expect(await b.call('content')).toBe('[1][2][4](four)[5]')
  expect(await c.call('content')).toBe('[1][2]<two>[3]<three>[4]')
  await bringBack(c)
  await untilTogether([a, b, c])
  expect(await b.call('content')).toBe('[1][2]<two><three>[4](four)')
  expect((await c.call('state')).members).not.toContain(gone)
  expect(takeErrorsButOffline(c)).toEqual([])
})

// Its WebRTC lives on in threads of its own, so that no connection breaks. (Headless Chromium takes the state `frozen` of
// `Page.setWebLifecycleState`, and lets the page run on.)
test.runIf(IS_FULL).for(['older', 'younger'] as const)(
  'the scripts alone of the %s one of two stand still until it was given up',
  {
    timeout: 120_000,
  },
  async (who, { lab }) => {
    const older = (await place.arrive(lab)).page
    const younger = (await place.arrive(lab)).page
    const [frozen, awake] = who === 'older' ? [older, younger] : [younger, older]
    await untilTogether([older, younger])
    await frozen.call('typeOn', 'f', 20)
    await untilTyped(awake, 'f', 20)
    const asleep = await idOf(frozen)
    const devtools = await frozen.page.context().newCDPSession(frozen.page)
    await devtools.send('Debugger.enable')
    const paused = new Promise((resolve) => devtools.once('Debugger.paused', resolve))
    await devtools.send('Debugger.pause')
    await paused
    await awake.call('append', 'alone;')
    await until('whoever stayed goes on alone', async () => {
      const { members, synced } = await awake.call('state')
      return synced && !members.includes(asleep)
    })
    const reached = await last(awake, 'f')
    await awake.call('append', 'later;')
    expect(await awake.call('compact')).toBeGreaterThan(0)
    expect(await last(awake, 'f')).toBe(reached)
    await devtools.send('Debugger.resume')
    await devtools.detach()
    await untilTyped(awake, 'f', reached + 10)
    await frozen.call('stopTyping')
    await untilTogether([older, younger])
    const content = await older.call('content')
    const numbers = numbersOf(content, 'f')
    expect(numbers).toEqual(upTo(numbers.length - 1))
    for (const token of ['alone;', 'later;']) expect(times(content, token)).toBe(1)
  },
)
