/**
 * Members that die, sleep, or are cut off, as processes: nobody holds the room for ever, and nothing is lost.
 *
 * `MINUTES=10` lets the one who is away stay away so long; the default is as long as it takes to be evicted. `FULL=1`
 * runs the cases, too, that say least for their time.
 */
import { afterEach, beforeEach, describe, expect } from 'vitest'
import { browserTest as test } from '../harness/index.js'
import { until } from '../room-lab.js'
import {
  bringBack,
  idOf,
  type Page,
  type Person,
  Place,
  TIMING,
  takeErrorsButOffline,
  takeOffline,
  times,
  untilTogether,
} from './people.js'

const REPORT_MS = 500
/** A page waiting for one of two shared processors answers late. */
const SLACK_MS = 4000
const AWAY_MS = Number(process.env['MINUTES'] ?? 0) * 60_000
/** Longer than anybody waits for anybody. */
const BOTH_SLEEP_MS = 2 * (TIMING.suspectAfterMs + TIMING.forkAfterMs)
const IS_FULL = process.env['FULL'] === '1'

let place: Place

beforeEach(async () => {
  place = await Place.open()
})
afterEach(() => place.close())

test('of three browsers one is killed while all type: the others go on without it, with all it had sent', async ({
  lab,
}) => {
  const people = [await place.arrive(lab), await place.arrive(lab), await place.arrive(lab)] as const
  const [a, b, c] = people.map(({ page }) => page) as [Page, Page, Page]
  await untilTogether([a, b, c])
  for (const [index, page] of [a, b, c].entries()) await page.call('typeOn', 'abc'[index] as string, 20)
  await until('everybody sees everybody type', async () => {
    const contents = await Promise.all([a, b, c].map((page) => page.call('content')))
    return contents.every((content) => ['a20;', 'b20;', 'c20;'].every((token) => content.includes(token)))
  })
  const dead = await idOf(c)
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
  const people = [await place.arrive(lab), await place.arrive(lab), await place.arrive(lab)] as const
  const [a, b, c] = people.map(({ page }) => page) as [Page, Page, Page]
  const anchors = Array.from({ length: 500 }, (_, i) => `[${i}]`)
  await a.call('append', anchors.join(''))
  await untilTogether([a, b, c])
  const gone = await idOf(c)
  await takeOffline(c)
  await until('the room has evicted it', async () => !(await a.call('state')).members.includes(gone))
  for (let i = 0; i < 20; i++) {
    await b.call('insertBehind', `[${25 * i}]`, `(b${i})`)
    await b.call('append', 'rubbish')
    await b.call('erase', 'rubbish')
    await a.call('compact')
  }
  expect((await a.call('state')).epoch).toBeGreaterThanOrEqual(20)
  for (let i = 0; i < anchors.length; i++) await c.call('insertBehind', `[${i}]`, `<c${i}>`)
  // It was away all the time, or nothing is shown.
  expect((await c.call('state')).epoch).toBe(0)
  expect(await c.call('content')).not.toContain('(b')
  expect(await a.call('content')).not.toContain('<c')
  if (AWAY_MS > 0) await new Promise((resolve) => setTimeout(resolve, AWAY_MS))
  await bringBack(c)
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
  expect(takeErrorsButOffline(c)).toEqual([])
})

describe('two people, each with what their browser has stored', { timeout: 120_000 }, () => {
  const ways: Record<string, (person: Person, whoStays: readonly Page[]) => Promise<unknown>> = {
    crashes: ({ browser }) => browser.kill(),
    reloads: ({ page }) => page.page.reload(),
    sleeps: async ({ page, browser }, whoStays) => {
      const asleep = await idOf(page)
      await browser.suspend()
      // Where both sleep, nobody's clock goes on: there is nothing to wait for.
      for (const awake of whoStays) {
        await until('whoever stayed goes on alone', async () => {
          const { members, synced } = await awake.call('state')
          return synced && !members.includes(asleep)
        })
      }
      if (whoStays.length === 0) await new Promise((resolve) => setTimeout(resolve, BOTH_SLEEP_MS))
      browser.resume()
    },
  }
  const cases = Object.keys(ways).flatMap((way) => [
    [['older'], way],
    [['younger'], way],
    [['older', 'younger'], way],
  ]) as [('older' | 'younger')[], string][]

  const isBothAsleep = ([who, way]: (typeof cases)[number]) => way === 'sleeps' && who.length > 1

  test.for(IS_FULL ? cases : cases.filter((one) => !isBothAsleep(one)))(
    'the %j one %s',
    async ([who, way], { lab }) => {
      const profiles = { older: await place.newProfile(), younger: await place.newProfile() }
      const people: Record<'older' | 'younger', Person> = {
        older: await place.arrive(lab, { profile: profiles.older }),
        younger: await place.arrive(lab, { profile: profiles.younger }),
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
      const rest = (['older', 'younger'] as const).filter((one) => !who.includes(one))
      const whoStays = rest.map((one) => people[one].page)
      await Promise.all(who.map((one) => ways[way]?.(people[one], whoStays)))
      for (const one of rest) await people[one].page.call('append', `${one}-alone;`)
      for (const one of who) {
        const { page, browser } = people[one]
        if (browser.killed) people[one] = await place.arrive(lab, { profile: profiles[one] })
        else if (way === 'reloads') await place.enter(page, { isStored: true })
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
    },
  )
})
