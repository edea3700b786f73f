/**
 * The demo as visitors use it, built and served as `npm start` does: three browsers apart from each other in one
 * room, with the page's own buttons and nothing but its public surface.
 */
import type { Page } from 'playwright-core'
import type { TidemarkProvider } from 'tidemark'
import { createSignalingServer } from 'tidemark-signaling'
import { test as base, describe, expect } from 'vitest'
import type * as Y from 'yjs'
import { buildDemoSite } from '../../scripts/demo-site.mjs'
import { serveFiles } from '../../scripts/static-server.mjs'
import { type BrowserProcess, launchBrowser, TestPage } from './harness/index.js'

/** What the page shows to those who look at the console. */
interface Exposed {
  readonly tidemark: { readonly provider: TidemarkProvider; readonly text: Y.Text }
}

class Visitor {
  readonly page: Page
  readonly checked: TestPage
  constructor(name: string, page: Page) {
    this.page = page
    this.checked = new TestPage(name, page)
  }

  async enter(url: string): Promise<void> {
    await this.page.goto(url)
    await this.until(({ tidemark }) => tidemark?.provider.synced === true)
  }

  async type(text: string): Promise<void> {
    await this.page.locator('.cm-content').focus()
    await this.page.keyboard.type(text)
  }

  press(
    action: 'compact' | 'connection' | 'crash' | 'isolate' | 'play' | 'theme' | 'trouble',
  ): Promise<void> {
    return this.page.locator(`[data-action="${action}"]`).click()
  }

  text(): Promise<string> {
    return this.page.evaluate(() => (globalThis as unknown as Exposed).tidemark.text.toString())
  }

  /** What the editor shows, without the carets of others. */
  lines(): Promise<string[]> {
    return this.page.locator('.cm-line').evaluateAll((lines) =>
      lines.map((line) => {
        const copy = line.cloneNode(true) as Element
        for (const caret of copy.querySelectorAll('.cm-ySelectionCaret')) caret.remove()
        return copy.textContent ?? ''
      }),
    )
  }

  /** The document and its control, as the page shows them. */
  sizes(): Promise<Sizes> {
    return this.page.evaluate(() => {
      const { provider, text } = (globalThis as unknown as Exposed).tidemark
      const shown = document.querySelector<HTMLElement>('.structure')?.dataset
      const tombstones = document.querySelector('[data-strip="live"] figcaption')?.textContent
      return {
        text: text.toString(),
        epoch: provider.epoch,
        shownEpoch: Number(document.querySelector('[data-figure="epoch"] dd')?.textContent),
        liveBytes: Number(shown?.['liveBytes']),
        plainBytes: Number(shown?.['plainBytes']),
        tombstones: Number(tombstones?.match(/([\d,]+) tombstone/)?.[1]?.replaceAll(',', '')),
      }
    })
  }

  /** Types by itself at the highest speed until plain Yjs would hold so much. */
  async playUntil(plainBytes: number): Promise<void> {
    await this.page.locator('.segments label').last().click()
    await this.press('play')
    await this.page.waitForFunction(
      (bytes) => Number(document.querySelector<HTMLElement>('.structure')?.dataset['plainBytes']) > bytes,
      plainBytes,
    )
    await this.press('play')
  }

  /** Whether something about the page becomes true. */
  async until(condition: (scope: Exposed) => boolean): Promise<void> {
    await this.page.waitForFunction(`(${condition})(globalThis)`)
  }

  /** Everybody has confirmed everything, and the page says so. */
  async settled(members: number): Promise<void> {
    await this.page.waitForFunction((expected) => {
      const { provider } = (globalThis as unknown as Exposed).tidemark
      const { logOperations, waiting } = provider.stats()
      const shown = document.querySelector('[data-figure="log"] dd')?.textContent
      return provider.members.length === expected && logOperations + waiting === 0 && shown === '0 operations'
    }, members)
  }
}

interface Sizes {
  readonly text: string
  readonly epoch: number
  readonly shownEpoch: number
  readonly liveBytes: number
  readonly plainBytes: number
  readonly tombstones: number
}

/** What is the same in all pages; the documents differ by some bytes per author. */
type Agreed = Pick<Sizes, 'text' | 'epoch' | 'shownEpoch' | 'plainBytes'>

/** Waits until all pages show the same, and no more changes in a while; returns it. */
async function agreement(visitors: readonly Visitor[]): Promise<Agreed> {
  let agreed: Agreed | undefined
  await expect
    .poll(
      async () => {
        const before = agreed
        const all = await Promise.all(
          visitors.map(async (visitor): Promise<Agreed> => {
            const { text, epoch, shownEpoch, plainBytes } = await visitor.sizes()
            return { text, epoch, shownEpoch, plainBytes }
          }),
        )
        agreed = all[0]
        return new Set([...all, before].map((one) => JSON.stringify(one))).size
      },
      { timeout: 40_000, interval: 500 },
    )
    .toBe(1)
  if (!agreed) throw new Error('nobody was asked')
  return agreed
}

interface Demo {
  readonly url: string
  visitor(browser?: BrowserProcess): Promise<Visitor>
  launch(): Promise<BrowserProcess>
}

const test = base.extend<{ demo: Demo }>({
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the names of needed fixtures from this pattern
  demo: async ({}, use) => {
    const site = await buildDemoSite()
    const signaling = createSignalingServer({ graceMs: 0 })
    const { port: signalingPort } = await signaling.listen(0, '127.0.0.1')
    site.set('/config.json', JSON.stringify({ signaling: `http://localhost:${signalingPort}` }))
    const server = await serveFiles(site, { port: 0, host: '127.0.0.1' })
    const browsers: BrowserProcess[] = []
    const visitors: { visitor: Visitor; browser: BrowserProcess }[] = []
    const launch = async () => {
      const browser = await launchBrowser()
      browsers.push(browser)
      return browser
    }
    const visit = async (chosen?: BrowserProcess) => {
      const browser = chosen ?? browsers[0] ?? (await launch())
      const context = await browser.browser.newContext({ viewport: { width: 1440, height: 900 } })
      const visitor = new Visitor(`visitor ${visitors.length + 1}`, await context.newPage())
      visitors.push({ visitor, browser })
      return visitor
    }
    await use({ url: `http://localhost:${server.port}/`, visitor: visit, launch })
    const alive = visitors.filter(({ browser }) => !browser.killed)
    const errors = alive.flatMap(({ visitor }) => visitor.checked.takeErrors())
    await Promise.all(browsers.map((browser) => browser.close()))
    await Promise.all([server.close(), signaling.close()])
    expect(errors).toEqual([])
  },
})

async function threeVisitors(demo: Demo): Promise<[Visitor, Visitor, Visitor]> {
  const visitors: [Visitor, Visitor, Visitor] = [
    await demo.visitor(),
    await demo.visitor(),
    await demo.visitor(),
  ]
  for (const visitor of visitors) await visitor.enter(demo.url)
  return visitors
}

describe('the demo', () => {
  test('brings three people to one text and an empty log', async ({ demo }) => {
    const visitors = await threeVisitors(demo)
    await Promise.all(visitors.map((visitor, i) => visitor.type(`line ${i} of three\n`)))
    for (const visitor of visitors) await visitor.settled(3)
    const [first, ...others] = await Promise.all(visitors.map((visitor) => visitor.text()))
    for (const i of [0, 1, 2]) expect(first).toContain(`line ${i} of three`)
    expect(others).toEqual([first, first])
    expect(await visitors[0].lines()).toEqual(first?.split('\n'))
  })

  test('takes a password from the address, and says so when somebody has another', async ({ demo }) => {
    const [first, second, stranger] = [await demo.visitor(), await demo.visitor(), await demo.visitor()]
    const address = `${demo.url}#quay&password=low%20tide`
    await first.enter(address)
    await second.enter(address)
    await first.type('between us')
    // What was typed last may not have left yet, and a room that knows of nothing looks settled.
    await expect.poll(() => second.text()).toBe('between us')
    for (const visitor of [first, second]) await visitor.settled(2)
    expect(await first.page.locator('.room-name').textContent()).toBe('room quay, with a password')
    expect(await first.page.locator('.top-bar a').getAttribute('href')).toBe(address)

    await stranger.page.goto(`${demo.url}#quay&password=high%20tide`)
    for (const { page } of [stranger, first]) {
      await page.getByText('someone in this room uses another password').waitFor()
    }
    expect(await stranger.text()).toBe('')
  })

  test('shows what the provider says', async ({ demo }) => {
    const visitors = await threeVisitors(demo)
    await visitors[0].type('something to agree on')
    for (const visitor of visitors) {
      await visitor.settled(3)
      const { page } = visitor
      const { point, members, map } = await page.evaluate(() => {
        const { provider } = (globalThis as unknown as Exposed).tidemark
        const { snapshotPoint: point, members } = provider
        return { point, members, map: Object.values(provider.networkMap.toJSON()).flatMap(Object.values) }
      })
      expect(point).toBeGreaterThan(0)
      await expect
        .poll(() => page.locator('.strip').getAttribute('data-point'), { timeout: 40_000 })
        .toBe(`${point}`)
      const drawn = await page
        .locator('.node')
        .evaluateAll((nodes) => nodes.map((node) => (node as SVGElement).dataset['replica']))
      expect(drawn.sort()).toEqual(members.sort())
      expect(await page.locator('.edge').count()).toBe(3)
      const cells = await page.locator('.map tbody td[data-about]').allTextContents()
      expect(cells.map((cell) => Number(cell.trim().replaceAll(',', ''))).sort()).toEqual(map.sort())
    }
    const names = await visitors[0].page.locator('.map thead .named').allTextContents()
    expect(new Set(names).size).toBe(3)
  })

  test('types a recording in several pages at once', async ({ demo }) => {
    const visitors = await threeVisitors(demo)
    const [first, second, third] = visitors
    for (const visitor of [first, second]) {
      await visitor.page.locator('.segments label').last().click()
      await visitor.press('play')
    }
    await third.type('a person in between\n')
    await third.page.waitForFunction(
      () =>
        (globalThis as unknown as Exposed).tidemark.text.toString().split('export let room').length === 3 &&
        (globalThis as unknown as Exposed).tidemark.text.length > 1500,
    )
    await Promise.all([first.press('play'), second.press('play')])
    for (const visitor of visitors) await visitor.settled(3)
    const texts = await Promise.all(visitors.map((visitor) => visitor.text()))
    expect(new Set(texts).size).toBe(1)
    expect(texts[0]).toContain('a person in between')
    expect(texts[0]?.match(/types a Svelte component\n<script>/g)?.length).toBe(2)
  })

  test('collects tombstones in all pages at once, which plain Yjs would keep', async ({ demo }) => {
    const visitors = await threeVisitors(demo)
    const [first, second, third] = visitors
    await first.playUntil(15_000)
    const full = await first.sizes()
    expect(full.liveBytes).toBeGreaterThan(2 * full.text.length)
    expect(full.tombstones).toBeGreaterThan(1000)
    await third.type('a person in between')
    for (const visitor of visitors) await visitor.settled(3)
    const before = await agreement(visitors)

    await second.press('compact')
    for (const { page } of visitors) {
      await page.getByText(/^Epoch \d+ began: .* Nothing is left to collect\.$/).waitFor()
    }
    const after = await agreement(visitors)
    expect(after).toMatchObject({ text: before.text, plainBytes: before.plainBytes })
    expect(after.epoch).toBeGreaterThan(full.epoch)
    expect(after.shownEpoch).toBe(after.epoch)
    const textBytes = new TextEncoder().encode(after.text).length
    for (const { tombstones, liveBytes } of await Promise.all(visitors.map((visitor) => visitor.sizes()))) {
      expect(tombstones).toBe(0)
      expect(liveBytes).toBeLessThan(textBytes + 200)
    }
    expect(await first.page.locator('[data-figure="cut"] dd').first().textContent()).toMatch(/ms pause$/)
    expect(await first.page.locator('[data-action="compact"]').getAttribute('aria-disabled')).toBe('true')

    // Whoever comes later is told what it missed, and knows it still when those who saw it are gone.
    const late = await demo.visitor()
    await late.enter(demo.url)
    expect(await agreement([...visitors, late])).toEqual(after)
    await Promise.all([first, second].map((visitor) => visitor.press('connection')))
    await late.settled(2)
    await late.type('x')
    const grown = await agreement([third, late])
    expect(grown.plainBytes).toBeGreaterThan(after.plainBytes)
    expect(grown.plainBytes).toBeLessThan(after.plainBytes + 100)
  })

  test('lets undo what was written before a cut', async ({ demo }) => {
    const visitors = await threeVisitors(demo)
    const [first, second] = visitors
    await first.type('kept ')
    await second.playUntil(3000)
    await first.page.locator('.cm-content').press('Control+Home')
    await first.type('unwanted ')
    for (const visitor of visitors) await visitor.settled(3)
    await second.press('compact')
    for (const { page } of visitors) await page.getByText(/^Epoch \d+ began/).waitFor()
    expect(await second.text()).toContain('unwanted kept ')
    await first.page.locator('.cm-content').press('Control+z')
    // Until the change has left, everybody is as settled as before.
    await expect
      .poll(
        async () => {
          const texts = await Promise.all(visitors.map((visitor) => visitor.text()))
          return new Set(texts).size === 1 && !texts[0]?.includes('unwanted')
        },
        { timeout: 40_000 },
      )
      .toBe(true)
    for (const visitor of visitors) await visitor.settled(3)
  })

  test('goes offline with its edits and comes back with them', async ({ demo }) => {
    const visitors = await threeVisitors(demo)
    const [first, second] = visitors
    await first.type('before ')
    await first.settled(3)
    await first.press('connection')
    await first.page.getByText('Offline', { exact: true }).waitFor()
    await first.page.getByText('Offline: a cut is everybody’s, so go online first.').waitFor()
    await second.settled(2)
    await first.type('alone ')
    await second.type('together ')
    await second.settled(2)
    expect(await second.text()).not.toContain('alone')
    await first.press('connection')
    for (const visitor of visitors) await visitor.settled(3)
    const texts = await Promise.all(visitors.map((visitor) => visitor.text()))
    expect(new Set(texts).size).toBe(1)
    for (const word of ['before', 'alone', 'together']) expect(texts[0]?.split(word).length).toBe(2)
  })

  test('names who holds the snapshot point back', async ({ demo }) => {
    // Of two the older one may go on alone; the younger one waits for a while.
    const browser = await demo.launch()
    const doomed = await demo.visitor(browser)
    await doomed.enter(demo.url)
    await doomed.page.locator('input[name="name"]').fill('Bob')
    await doomed.page.keyboard.press('Enter')
    const witness = await demo.visitor(await demo.launch())
    await witness.enter(demo.url)
    await witness.page.locator('.map thead').getByText('Bob').waitFor()
    await browser.kill()
    await witness.type('is anybody there?')
    await witness.page.getByText('Waiting for Bob to answer. Too few are here to evict anybody').waitFor()
    await witness.page.locator('.node[data-block="suspected"] .label', { hasText: 'Bob' }).waitFor()
    await witness.page.getByText('Not without Bob, who may still need the history.').waitFor()
    expect(await witness.page.locator('[data-action="compact"]').getAttribute('aria-disabled')).toBe('true')
  })

  test('goes on without a member that was killed', async ({ demo }) => {
    const witness = await demo.visitor()
    await witness.enter(demo.url)
    const browser = await demo.launch()
    const doomed = await demo.visitor(browser)
    await doomed.enter(demo.url)
    await doomed.page.locator('input[name="name"]').fill('Bob')
    await doomed.page.keyboard.press('Enter')
    const bob = witness.page.locator('.map thead').getByText('Bob')
    await bob.waitFor()
    await browser.kill()
    await witness.type('is anybody there?')
    await bob.waitFor({ state: 'detached' })
    await witness.page.getByText('Epoch 1 began').waitFor()
  })

  test('makes trouble: one who crashes or is cut off is evicted, and comes back with what it typed', async ({
    demo,
  }) => {
    const [a, b, c] = await threeVisitors(demo)
    await a.type('all three\n')
    for (const visitor of [a, b, c]) await visitor.settled(3)
    await b.press('trouble')
    await b.press('isolate')
    await b.type('typed alone\n')
    await a.type('meanwhile\n')
    await b.page.locator('[data-unsynced]').getByText('Only here:').waitFor()
    await a.page.getByText('did not answer and was evicted').waitFor()
    await c.settled(2)
    expect(await c.text()).not.toContain('typed alone')
    await b.press('isolate')
    await b.page.getByText('Back in the room: what you changed meanwhile').waitFor()
    await b.page.locator('.waiting-room').waitFor({ state: 'detached' })
    for (const visitor of [a, b, c]) await visitor.settled(3)
    for (const visitor of [a, b, c]) {
      expect(await visitor.text()).toContain('typed alone')
      expect(await visitor.text()).toContain('meanwhile')
    }
    await c.press('trouble')
    await c.press('crash')
    await c.page.getByText('This tab has crashed').waitFor()
    await a.type('still here\n')
    for (const visitor of [a, b]) await visitor.settled(2)
  })

  test('says what to do when no signaling server answers', async ({ demo }) => {
    const visitor = await demo.visitor()
    await visitor.page.route('**/config.json', (route) =>
      route.fulfill({ json: { signaling: 'http://localhost:9' } }),
    )
    await visitor.page.goto(demo.url)
    await visitor.page.getByText('The signaling server at http://localhost:9 does not answer.').waitFor()
    await visitor.page.getByText('Connecting…').waitFor()
    // The browser itself reports every attempt that failed.
    visitor.checked.takeErrors()
    await visitor.press('connection')
    await visitor.page.locator('.toast').waitFor({ state: 'detached' })
    visitor.checked.takeErrors()
  })

  test('changes its theme and keeps it', async ({ demo }) => {
    const { page } = await demo.visitor()
    // A page learns of the system's theme when it paints.
    const background = () =>
      page.evaluate(async () => {
        await new Promise(requestAnimationFrame)
        return getComputedStyle(document.documentElement).backgroundColor
      })
    await page.emulateMedia({ colorScheme: 'light' })
    await page.goto(demo.url)
    const toggle = page.locator('[data-action="theme"]')
    await toggle.waitFor()
    const light = await background()
    // Said again and again: told while the page is still being put together, Chromium may forget it.
    const inTheDark = async () => {
      await page.emulateMedia({ colorScheme: 'light' })
      await page.emulateMedia({ colorScheme: 'dark' })
      return await background()
    }
    await expect.poll(inTheDark, { timeout: 40_000 }).not.toBe(light)
    await toggle.click()
    expect(await background()).toBe(light)
    await page.reload()
    await toggle.waitFor()
    expect(await background()).toBe(light)
  })
})
