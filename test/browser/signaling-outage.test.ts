/**
 * The signaling server is for the join alone: a room lives on without it, heals itself, and takes newcomers again
 * once it is back.
 */
import { expect } from 'vitest'
import { type BrowserLab, browserTest as test } from './harness/index.js'
import { openPages, openRoom, startSignaling, until, untilSettled } from './room-lab.js'

const timeout = 120_000

test('a room outlives its signaling server', { timeout }, ({ lab }) => outlive(lab))
test('a room with a password does so, too', { timeout }, ({ lab }) => outlive(lab, 'secret'))

async function outlive(lab: BrowserLab, password?: string): Promise<void> {
  const first = await startSignaling()
  const pages = await openRoom(lab, 3, first.url, { password })
  const [a, b, c] = pages
  if (!a || !b || !c) throw new Error('three pages were asked for')
  await untilSettled(pages)
  await first.stop()

  await a.call('insert', 0, 'without a server')
  await untilSettled(pages)
  expect(await c.call('content')).toBe('without a server')

  // One of the three links dies; its ends find each other again through the third member.
  const opened = async () => (await a.traffic()).connectionsOpened + (await b.traffic()).connectionsOpened
  const before = await opened()
  const idOfB = (await b.call('state')).replicaId
  await a.call('cutLinkTo', idOfB ?? '')
  await until('the link is lost', async () => !(await a.call('state')).peers.includes(idOfB ?? ''))
  const cut = Date.now()
  await until('the link is replaced', async () => (await a.call('state')).peers.includes(idOfB ?? ''))
  console.warn(`replaced a lost link without signaling in ${Date.now() - cut} ms`)
  expect(await opened()).toBeGreaterThan(before)
  await b.call('insert', 0, 'still ')
  await untilSettled(pages)
  expect(await a.call('content')).toBe('still without a server')

  const second = await startSignaling(first.port, 5000)
  const [d] = await openPages(lab, 1)
  await d?.call('join', { signaling: second.url, password })
  await until('the newcomer is synced', async () => (await d?.call('state'))?.synced ?? false)
  expect(await d?.call('content')).toBe('still without a server')
  expect((await d?.call('state'))?.members).toBe(4)
  await second.stop()
  // The server being away is no error of the page's; what the browser itself prints about it is expected.
  const errors = await lab.takeErrors()
  expect(errors.filter((error) => !/net::ERR_|WebSocket (connection|is already)/.test(error))).toEqual([])
}
