/**
 * Two people's real editing history, replayed by two pages at once; a third page joins half-way.
 */
import { afterEach, beforeEach, expect } from 'vitest'
import { clientIdOf, loadConcurrentTrace } from '../traces/concurrent-trace.js'
import { browserTest as test } from './harness/index.js'
import { openPages, type RunningSignaling, startSignaling, until, untilSettled } from './room-lab.js'

const TRACE = new URL('../traces/friendsforever.json.gz', import.meta.url)

let signaling: RunningSignaling

beforeEach(async () => {
  signaling = await startSignaling()
})

afterEach(() => signaling.stop())

test('friendsforever ends as it did, for both authors and a late-comer', { timeout: 240_000 }, async ({
  lab,
}) => {
  const trace = await loadConcurrentTrace(TRACE)
  const pages = await openPages(lab, 3)
  const [late, ...authors] = [pages[2], pages[0], pages[1]]
  if (!late) throw new Error('three pages were asked for')
  for (const [author, page] of authors.entries()) {
    await page?.call('join', { signaling: signaling.url, clientId: clientIdOf(author) })
    await until('an author is synced', async () => (await page?.call('state'))?.synced ?? false)
  }
  await Promise.all(
    authors.map((page, author) => page?.call('play', [...(trace.authors[author] ?? [])], 4, 10)),
  )
  const left = async () => {
    const counts = await Promise.all(authors.map((page) => page?.call('editsLeft') ?? 0))
    return counts.reduce((sum, count) => sum + count, 0)
  }
  const total = await left()
  await until('half of the edits are made', async () => (await left()) < total / 2, { timeoutMs: 120_000 })
  await late.call('join', { signaling: signaling.url })
  await until('all edits are made', async () => (await left()) === 0, { timeoutMs: 120_000, describe: left })
  await untilSettled(pages)
  for (const page of pages) {
    expect(await page.call('content')).toBe(trace.endContent)
    expect(await page.call('takeErrors')).toEqual([])
  }
  const states = await Promise.all(pages.map((page) => page.call('state')))
  console.warn(
    `friendsforever: ${total} edits, bytes sent per page: ${states.map((state) => state.bytesSent).join(', ')}`,
  )
})
