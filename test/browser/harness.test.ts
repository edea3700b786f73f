/**
 * What the browser tests stand on: isolated pages, true measurements, and errors that do not go unnoticed.
 */
import { describe, expect } from 'vitest'
import { browserTest as test, totalTraffic } from './harness/index.js'

type Probe = typeof import('./pages/probe.js')

const PROBE = new URL('./pages/probe.ts', import.meta.url)

describe('pages', () => {
  test('are secure contexts that see nothing of each other', async ({ lab }) => {
    const [a, b] = await lab.open<Probe>(PROBE, { count: 2, query: { room: 'a' } })
    expect(await a?.call('secure')).toBe(true)
    await a?.call('remember', 'me')
    expect(await a?.call('recall')).toBe('me')
    expect(await b?.call('recall')).toBe(null)
  })

  test('surface errors under their names', async ({ lab }) => {
    const [a, b] = await lab.open<Probe>(PROBE, { count: 2 })
    const thrown = b?.page.waitForEvent('pageerror')
    await a?.call('complain', 'out of paper')
    await b?.call('throwLater', 'out of ink')
    await thrown
    const errors = (await lab.takeErrors()).sort()
    expect(errors).toEqual([
      expect.stringMatching(/^page 1: console\.error: out of paper/),
      expect.stringMatching(/^page 2: Error: out of ink/),
    ])
    expect(errors[1]).toContain('probe.ts:')
  })

  test.fails('fail the test with errors that it did not take', async ({ lab }) => {
    const page = await lab.openOne<Probe>(PROBE)
    await page.call('complain', 'not expected')
  })

  test('reject calls that fail', async ({ lab }) => {
    const page = await lab.openOne<Probe & { missing: () => void }>(PROBE)
    await expect(page.call('missing')).rejects.toThrow('exports no "missing"')
  })
})

describe('traffic', () => {
  test('agrees with what was sent, and with Chromium', async ({ lab }) => {
    const page = await lab.openOne<Probe>(PROBE)
    const counted = await page.call('exchange', 20, 1000)
    expect(counted).toEqual({ bytesSent: 20_000, messagesSent: 20 })
    const traffic = await page.traffic()
    expect(traffic).toMatchObject({
      payloadBytesSent: 20_000,
      payloadBytesReceived: 20_000,
      messagesSent: 20,
      messagesReceived: 20,
      connectionsOpened: 2,
    })
    expect(traffic.transportBytesSent).toBeGreaterThan(20_000)
    expect(traffic.transportBytesSent).toBeLessThan(40_000)
    expect(traffic.candidatePairBytesReceived).toBeGreaterThan(20_000)
  })

  test('is not forgotten when connections close', async ({ lab }) => {
    const pages = await lab.open<Probe>(PROBE, { count: 2 })
    await Promise.all(pages.map((page) => page.call('exchange', 5, 2000)))
    const before = await totalTraffic(pages)
    await Promise.all(pages.map((page) => page.call('hangUp')))
    const after = await totalTraffic(pages)
    expect(after.payloadBytesSent).toBe(20_000)
    expect(after.messagesReceived).toBe(10)
    expect(after.transportBytesSent).toBeGreaterThanOrEqual(before.transportBytesSent)
  })
})

describe('long tasks', () => {
  test('are seen with their duration', async ({ lab }) => {
    const page = await lab.openOne<Probe>(PROBE)
    await page.resetLongestTask()
    expect(await page.longestTaskMs()).toBe(0)
    await page.call('block', 120)
    const longestMs = await page.longestTaskMs()
    expect(longestMs).toBeGreaterThanOrEqual(120)
    expect(longestMs).toBeLessThan(1000)
    await page.resetLongestTask()
    expect(await page.longestTaskMs()).toBe(0)
  })
})

describe('a killed browser', () => {
  test('is gone at once, and others live on', async ({ lab }) => {
    const victim = await lab.launch()
    const doomed = await lab.openOne<Probe>(PROBE, { browser: victim })
    const witness = await lab.openOne<Probe>(PROBE)
    await victim.kill()
    expect(() => process.kill(victim.pid, 0)).toThrow('ESRCH')
    await expect(doomed.call('recall')).rejects.toThrow()
    expect(await witness.call('recall')).toBe(null)
  })
})
