/** A room of pages in Chromium, each with a context of its own: they have nothing but WebRTC to reach each other. */
import type { Browser } from 'playwright-core'
import { BrowserLab } from '../../test/browser/harness/browser-lab.js'
import type { BrowserProcess } from '../../test/browser/harness/launch.js'
import { type TestPage, totalTraffic } from '../../test/browser/harness/test-page.js'
import type { Library } from './libraries.js'
import { type Outcome, typeTogether, type Workload } from './typing-together.js'
import { until } from './waiting.js'

export type Page = TestPage<typeof import('./pages/tidemark-page.js')>

export interface ChromiumRoom {
  readonly lab: BrowserLab
  readonly signaling: string
  readonly browser: BrowserProcess
  /** Those that joined, in the order in which they came. */
  readonly pages: Page[]
  /** Opens a page that has not joined yet. */
  open(browser?: BrowserProcess): Promise<Page>
  /** Opens a page that joins, and waits until it is linked to everybody. */
  join(browser?: BrowserProcess): Promise<Page>
}

export const ROOM = 'room'

/** Runs `use` with a room that is empty to begin with, and closes everything. */
export async function withChromiumRoom<T>(
  library: Library,
  use: (room: ChromiumRoom) => Promise<T>,
): Promise<T> {
  const lab = new BrowserLab()
  const signaling = await library.startSignaling()
  try {
    const ownBrowser = await lab.launch()
    const pages: Page[] = []
    const open = async (browser: BrowserProcess = ownBrowser) =>
      await lab.openOne<typeof import('./pages/tidemark-page.js')>(library.page, { browser })
    const join = async (browser?: BrowserProcess) => {
      const page = await open(browser)
      await page.call('join', { signaling: signaling.url, room: ROOM })
      pages.push(page)
      await untilLinked(pages)
      return page
    }
    return await use({ lab, signaling: signaling.url, pages, browser: ownBrowser, open, join })
  } finally {
    await lab.close()
    await signaling.stop()
  }
}

/** Every one of these pages has a channel to every other one, and the same document. */
export async function untilLinked(pages: readonly Page[]): Promise<void> {
  await until('all pages are linked', async () => {
    const states = await Promise.all(pages.map((page) => page.call('state')))
    return states.every(
      ({ neighbours, synced, length }) =>
        neighbours.length === pages.length - 1 &&
        (synced || pages.length === 1) &&
        length === states[0]?.length,
    )
  })
}

export async function typeInChromium(
  library: Library,
  participants: number,
  workloads: readonly Workload[],
): Promise<Outcome[]> {
  return await withChromiumRoom(library, async ({ pages, join, browser }) => {
    while (pages.length < participants) await join()
    const spent = async () => {
      const { payloadBytesSent: bytes, messagesSent: messages } = await totalTraffic(pages)
      return { bytes, messages, cpuMs: await cpuMsOf(browser.browser) }
    }
    const outcomes: Outcome[] = []
    for (const workload of workloads) outcomes.push(await typeTogether({ people: pages, spent }, workload))
    return outcomes
  })
}

/** Of all processes of a browser since they began. */
async function cpuMsOf(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  await session.detach()
  return processInfo.reduce((total, { cpuTime }) => total + cpuTime * 1000, 0)
}
