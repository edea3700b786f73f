/**
 * The main path: real pages, real WebRTC, the real signaling server.
 */
import { afterEach, beforeEach, describe, expect } from 'vitest'
import { browserTest as test, totalTraffic } from './harness/index.js'
import { openRoom, type RunningSignaling, startSignaling, until, untilSettled } from './room-lab.js'

let signaling: RunningSignaling

beforeEach(async () => {
  signaling = await startSignaling()
})

afterEach(() => signaling.stop())

describe('three pages', () => {
  test('edit one text and drop their logs', async ({ lab }) => {
    const pages = await openRoom(lab, 3, signaling.url)
    await Promise.all(pages.map((page, i) => page.call('insert', 0, `page ${i}. `)))
    await untilSettled(pages)
    const contents = await Promise.all(pages.map((page) => page.call('content')))
    expect(new Set(contents).size).toBe(1)
    for (const i of [0, 1, 2]) expect(contents[0]).toContain(`page ${i}. `)
    for (const page of pages) {
      expect(await page.call('state')).toMatchObject({ links: 2, logBytes: 0 })
      expect(await page.call('takeErrors')).toEqual([])
    }
  })

  test('do not wait for one that was closed, reloaded or left', async ({ lab }) => {
    const [a, b, c] = await openRoom(lab, 3, signaling.url)
    if (!a || !b || !c) throw new Error('three pages were asked for')
    await c.page.close({ runBeforeUnload: true })
    await until('the closed page is gone', async () => (await a.call('state')).members === 2, {
      timeoutMs: 3000,
    })
    await b.page.reload()
    await until('the reloaded page is gone', async () => (await a.call('state')).members === 1, {
      timeoutMs: 3000,
    })
    await a.call('insert', 0, 'alone')
    await untilSettled([a])
  })

  test('are silent once settled: only keep-alives for a minute', { timeout: 120_000 }, async ({ lab }) => {
    const pages = await openRoom(lab, 3, signaling.url)
    await pages[0]?.call('insert', 0, 'hello')
    await untilSettled(pages)
    // Otherwise the room would be cut once in this minute, as it has been idle for so long.
    await pages[0]?.call('compact')
    await untilSettled(pages)
    const before = await totalTraffic(pages)
    const points = await Promise.all(pages.map(async (page) => (await page.call('state')).snapshotPoint))
    await new Promise((resolve) => setTimeout(resolve, 60_000))
    const after = await totalTraffic(pages)
    const messages = after.messagesSent - before.messagesSent
    const bytes = after.payloadBytesSent - before.payloadBytesSent
    const onTheWire = after.transportBytesSent - before.transportBytesSent
    console.warn(
      `settled room of 3, 60 s, all pages: ${messages} messages, ${bytes} bytes, ${onTheWire} by getStats`,
    )
    // Six directions, one heartbeat each per five thirds of a second, nothing else.
    const heartbeats = 6 * (60_000 / (5000 / 3))
    expect(messages).toBeLessThanOrEqual(heartbeats * 1.1)
    expect(bytes / messages).toBeLessThan(20)
    // What getStats counts on top is DTLS and SCTP around each message and its acknowledgement.
    expect(onTheWire).toBeLessThan(messages * 200)
    expect(await Promise.all(pages.map(async (page) => (await page.call('state')).snapshotPoint))).toEqual(
      points,
    )
  })
})
