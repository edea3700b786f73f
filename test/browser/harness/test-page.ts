/**
 * One page of a test, seen from Node: calls into its entry module, its measurements and its errors.
 */
import type { Page } from 'playwright-core'
import type { Instruments } from './instruments/instruments.js'
import type { Traffic } from './instruments/traffic.js'

export type { Traffic } from './instruments/traffic.js'

/** What an entry file must export to be called: functions of values that can be copied. */
// biome-ignore lint/suspicious/noExplicitAny: the only parameter type that accepts every function
export type EntryModule = Record<string, (...args: any[]) => unknown>

/** What `PageSite` and the instruments leave in the page's global scope. */
interface PageScope {
  readonly entryModule: Promise<EntryModule>
  readonly instruments: Instruments
}

export class TestPage<Entry extends EntryModule = EntryModule> {
  /** Names the page in error messages. */
  readonly name: string
  /** Playwright's view of it, for everything else. */
  readonly page: Page
  private errors: string[] = []

  constructor(name: string, page: Page) {
    this.name = name
    this.page = page
    page.on('pageerror', (error) => this.note(error.stack ?? error.message))
    page.on('console', (message) => {
      if (message.type() === 'error')
        this.note(`console.error: ${message.text()} (${message.location().url})`)
    })
    page.on('crash', () => this.note('the page crashed'))
  }

  private note(error: string): void {
    this.errors.push(`${this.name}: ${error}`)
  }

  /** Uncaught exceptions and console errors since the last call. A test that expects them takes them. */
  takeErrors(): string[] {
    const errors = this.errors
    this.errors = []
    return errors
  }

  /** Opens the page; rejects if its entry module can not be evaluated. */
  async load(url: URL): Promise<void> {
    await this.page.goto(url.href)
    await this.page.evaluate(async () => {
      await (globalThis as unknown as PageScope).entryModule
    })
  }

  /** Calls a function that the entry module exports, and waits for its result. */
  async call<Name extends keyof Entry & string>(
    name: Name,
    ...args: Parameters<Entry[Name]>
  ): Promise<Awaited<ReturnType<Entry[Name]>>> {
    const result = await this.page.evaluate(
      async ([name, args]) => {
        const entry = await (globalThis as unknown as PageScope).entryModule
        const exported = entry[name]
        if (!exported) throw new Error(`the entry module exports no "${name}"`)
        return await exported(...args)
      },
      [name as string, args as unknown[]] as const,
    )
    return result as Awaited<ReturnType<Entry[Name]>>
  }

  /** Duration of the longest task since the page was opened or `resetLongestTask`; 0 if all took less than 50 ms. */
  longestTaskMs(): Promise<number> {
    return this.page.evaluate(() => (globalThis as unknown as PageScope).instruments.longTasks.longestMs())
  }

  resetLongestTask(): Promise<void> {
    return this.page.evaluate(() => (globalThis as unknown as PageScope).instruments.longTasks.reset())
  }

  /** What went through the page's data channels since it was opened. */
  traffic(): Promise<Traffic> {
    return this.page.evaluate(() => (globalThis as unknown as PageScope).instruments.traffic.report())
  }
}

/** The traffic of several pages together. */
export async function totalTraffic(pages: readonly TestPage[]): Promise<Traffic> {
  const reports = await Promise.all(pages.map((page) => page.traffic()))
  const [first, ...others] = reports
  if (!first) throw new Error('no pages')
  return others.reduce(addTraffic, first)
}

function addTraffic(a: Traffic, b: Traffic): Traffic {
  const keys = Object.keys(a) as (keyof Traffic)[]
  return Object.fromEntries(keys.map((key) => [key, a[key] + b[key]])) as unknown as Traffic
}
