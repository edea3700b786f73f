/**
 * The browsers and pages of one test. A page's error is the test's failure, unless the test has taken it.
 */
import { fileURLToPath } from 'node:url'
import type { BrowserContext } from 'playwright-core'
import { bundleScript } from './bundle.js'
import { type BrowserProcess, launchBrowser } from './launch.js'
import { PageSite } from './page-site.js'
import { type EntryModule, TestPage } from './test-page.js'

const INSTRUMENTS = fileURLToPath(new URL('./instruments/instruments.ts', import.meta.url))

export interface OpenOptions {
  /** How many pages; 1 if not given. */
  readonly count?: number
  /** Becomes the query part of the pages' address. */
  readonly query?: Record<string, string>
  /** Where to open them; a browser shared by all such calls if not given. */
  readonly browser?: BrowserProcess
}

export class BrowserLab {
  private readonly browsers: BrowserProcess[] = []
  private readonly pages: { readonly page: TestPage; readonly browser: BrowserProcess }[] = []
  private shared: Promise<BrowserProcess> | undefined
  private site: Promise<PageSite> | undefined
  private opened = 0

  /**
   * Starts a browser process of its own, for instance to kill it.
   * @param profile a folder: its pages share a context, and what they store outlives the browser.
   */
  async launch(profile?: string): Promise<BrowserProcess> {
    const browser = await launchBrowser(profile)
    await browser.context?.addInitScript({ content: (await bundleScript(INSTRUMENTS)).code })
    this.browsers.push(browser)
    return browser
  }

  /**
   * Opens pages that run an entry file: `lab.open<typeof import('./pages/room.js')>(new URL('./pages/room.ts',
   * import.meta.url))`. Each has a context of its own: within one context, pages could reach each other by
   * BroadcastChannel or storage, which would hide faults of WebRTC.
   */
  async open<Entry extends EntryModule = EntryModule>(
    entry: URL,
    { count = 1, query = {}, browser }: OpenOptions = {},
  ): Promise<TestPage<Entry>[]> {
    this.shared ??= browser ? undefined : this.launch()
    const host = browser ?? (await this.shared)
    if (!host) throw new Error('there is no browser to open pages in')
    this.site ??= PageSite.open()
    const url = await (await this.site).page(fileURLToPath(entry))
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    return await Promise.all(Array.from({ length: count }, () => this.openPage<Entry>(host, url)))
  }

  /** Like `open`, for one page. */
  async openOne<Entry extends EntryModule = EntryModule>(
    entry: URL,
    options: Omit<OpenOptions, 'count'> = {},
  ): Promise<TestPage<Entry>> {
    const [page] = await this.open<Entry>(entry, { ...options, count: 1 })
    if (!page) throw new Error('no page was opened')
    return page
  }

  private async openPage<Entry extends EntryModule>(
    host: BrowserProcess,
    url: URL,
  ): Promise<TestPage<Entry>> {
    this.opened++
    const name = `page ${this.opened}`
    const page = new TestPage<Entry>(name, await this.newPage(host))
    this.pages.push({ page, browser: host })
    await page.load(url)
    return page
  }

  private async newPage(host: BrowserProcess) {
    if (host.context) return await host.context.newPage()
    const context: BrowserContext = await host.browser.newContext()
    await context.addInitScript({ content: (await bundleScript(INSTRUMENTS)).code })
    return await context.newPage()
  }

  /** Errors of all pages since the last call, but for those that died with their browser on purpose. */
  async takeErrors(): Promise<string[]> {
    const alive = this.pages.filter(({ browser }) => !browser.killed)
    const site = await this.site
    const errors = alive.flatMap(({ page }) => page.takeErrors())
    return errors.map((error) => site?.sourcePositions(error) ?? error)
  }

  async close(): Promise<void> {
    await Promise.all(this.browsers.map((browser) => browser.close()))
    await (await this.site)?.close()
  }
}
