/** Links between pages of real browsers, in contexts of their own, from a plain bundle of this package. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { type Browser, type Page as BrowserPage, chromium } from 'playwright-core'
import { createSignalingServer, type SignalingServer } from 'tidemark-signaling'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ensureChromium } from '../../../scripts/chromium.mjs'
import type { Page, PageReport } from './chromium-page.js'
import { Replica, until } from './replica.js'

declare const page: Page

const timeout = 60_000

let browser: Browser
let site: Server
let signaling: SignalingServer
let signalingUrl: string
const errors: string[] = []

beforeAll(async () => {
  const code = await bundle()
  site = createServer((request, response) => {
    const isScript = request.url === '/page.js'
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
    response.end(
      isScript ? code : '<!doctype html><link rel="icon" href="data:,"><script src="/page.js"></script>',
    )
  })
  await once(site.listen(0, '127.0.0.1'), 'listening')
  signaling = createSignalingServer({ graceMs: 0 })
  signalingUrl = `http://127.0.0.1:${(await signaling.listen(0)).port}`
  browser = await chromium.launch({
    executablePath: await ensureChromium(),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
    ],
  })
}, timeout)

afterAll(async () => {
  await browser?.close()
  await signaling?.close()
  site?.close()
})

async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('chromium-page.ts', import.meta.url))],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    conditions: ['@tidemark/source'],
    logLevel: 'error',
  })
  return outputFiles[0]?.text ?? ''
}

async function openPage(): Promise<BrowserPage> {
  const context = await browser.newContext()
  const opened = await context.newPage()
  opened.on('pageerror', (error) => errors.push(error.message))
  const { port } = site.address() as AddressInfo
  await opened.goto(`http://127.0.0.1:${port}/`)
  return opened
}

const join = (of: BrowserPage, id: string, password?: string) =>
  of.evaluate(([url, name, secret]) => page.open(url, name, secret), [signalingUrl, id, password] as const)
const reportOf = (of: BrowserPage): Promise<PageReport> => of.evaluate(() => page.report())

async function untilReport(of: BrowserPage, condition: (report: PageReport) => boolean): Promise<PageReport> {
  for (;;) {
    const report = await reportOf(of)
    if (condition(report)) return report
  }
}

it('two pages exchange 5 MB both ways without blocking the page, and part politely', {
  timeout,
}, async () => {
  const one = await openPage()
  const two = await openPage()
  expect(await join(one, 'page-1')).toBe('alone')
  const startedMs = performance.now()
  expect(await join(two, 'page-2')).toBe('linked')
  const linkedMs = performance.now()
  await untilReport(one, ({ links }) => links === 1)

  const sums = await Promise.all(
    [one, two].map((each) =>
      each.evaluate(() => [page.send(5_000_000, 'bulk'), page.send(10, 'urgent'), page.send(0, 'bulk')]),
    ),
  )
  const reports = await Promise.all(
    [one, two].map((each) => untilReport(each, ({ messages }) => messages.length === 3)),
  )
  const takenMs = performance.now() - linkedMs
  reports.forEach(({ messages, longestTaskMs }, index) => {
    expect(messages.map(({ bytes }) => bytes)).toEqual([10, 5_000_000, 0])
    expect(messages[1]?.sum).toBe(sums[1 - index]?.[0])
    expect(longestTaskMs).toBeLessThan(500)
  })
  const tasks = reports.map(({ longestTaskMs }) => Math.round(longestTaskMs))
  console.warn(
    `linked in ${Math.round(linkedMs - startedMs)} ms; 2 × 5 MB in ${Math.round(takenMs)} ms; longest tasks ${tasks} ms`,
  )

  await two.evaluate(() => page.close())
  const { downs } = await untilReport(one, (report) => report.downs.length === 1)
  expect(downs).toEqual(['closed by the other side: test over'])
  await Promise.all([one, two].map((each) => each.evaluate(() => page.destroy())))
  expect(errors).toEqual([])
})

it('a page and a Node process exchange 5 MB both ways', { timeout }, async () => {
  const one = await openPage()
  await until(() => signaling.stats().connections === 0)
  expect(await join(one, 'page-1')).toBe('alone')
  const node = new Replica('node', signalingUrl)
  await node.join()
  await untilReport(one, ({ links }) => links === 1)
  node.send(new Uint8Array(5_000_000).fill(7), 'bulk')
  await one.evaluate(() => page.send(5_000_000, 'bulk'))
  await until(() => node.messages.length === 1)
  const { messages } = await untilReport(one, (report) => report.messages.length === 1)
  expect(messages[0]?.bytes).toBe(5_000_000)
  expect(node.messages[0]?.bytes.byteLength).toBe(5_000_000)

  // A closed page is noticed soon, as its browser says goodbye for it.
  await one.evaluate(() => page.destroy())
  await until(() => node.downs.length === 1)
  node.session.destroy()
  expect(errors).toEqual([])
})

it('[AC4] pages and a Node process with one password find each other, and nobody with another', {
  timeout,
}, async () => {
  const [one, two, stranger] = [await openPage(), await openPage(), await openPage()]
  await until(() => signaling.stats().connections === 0)
  expect(await join(one, 'page-1', 'secret')).toBe('alone')
  const startedMs = performance.now()
  expect(await join(two, 'page-2', 'secret')).toBe('linked')
  const linkedMs = performance.now()
  const node = new Replica('node', signalingUrl, { password: 'secret' })
  await node.join()
  await untilReport(one, ({ links }) => links === 2)
  node.send(new Uint8Array(100_000).fill(7), 'bulk')
  await untilReport(one, ({ messages }) => messages.length === 1)
  await one.evaluate(() => page.send(10, 'urgent'))
  await until(() => node.messages.length === 1)

  void join(stranger, 'stranger', 'another').catch(() => {})
  await untilReport(stranger, ({ mismatches }) => mismatches.length === 1)
  const { mismatches, longestTaskMs } = await untilReport(one, (report) => report.mismatches.length === 1)
  expect(mismatches).toEqual(['other'])
  expect([(await reportOf(stranger)).links, (await reportOf(one)).links, node.mismatches]).toEqual([0, 2, []])
  console.warn(
    `linked with a password in ${Math.round(linkedMs - startedMs)} ms; longest task ${longestTaskMs} ms`,
  )
  await Promise.all([one, two, stranger].map((each) => each.context().close()))
  node.session.destroy()
  expect(errors).toEqual([])
})
