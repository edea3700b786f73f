/** Random lives of pages with storage: typing, reloads, crashes, cuts, empty rooms. What was stored comes back, once. */
import * as prng from 'lib0/prng'
import { type MemoryStorage, memoryStorage } from 'tidemark'
import { afterEach, expect, test } from 'vitest'
import { Room, type Site } from '../room.js'

/** `SEEDS=from-to` looks at others than the usual ones. */
const [FIRST, LAST] = (process.env['SEEDS'] ?? '1-12').split('-').map(Number) as [number, number]
const SEEDS = Array.from({ length: LAST - FIRST + 1 }, (_, i) => FIRST + i)

interface Page {
  site: Site
  storage: MemoryStorage
  /** Typed and perhaps not stored yet. */
  unsaved: string[]
}

let room: Room | undefined

afterEach(() => {
  room?.destroy()
})

class Lives {
  readonly room: Room
  readonly random: prng.PRNG
  readonly pages: Page[] = []
  /** What may be gone: typed right before a crash. */
  readonly doubtful = new Set<string>()
  /** What had been cut apart, and was handed over: the room does without it. */
  readonly orphaned: string[] = []
  private typed = 0

  constructor(made: Room, seed: number) {
    this.room = made
    this.random = prng.create(seed)
    for (let i = 0; i < 3; i++) {
      const storage = memoryStorage()
      const page = { site: made.open({ storage }), storage, unsaved: [] }
      this.pages.push(page)
      this.watch(page)
    }
  }

  get tokens(): string[] {
    return Array.from({ length: this.typed }, (_, i) => String.fromCharCode(0x4e00 + i))
  }

  below(n: number): number {
    return prng.int31(this.random, 0, n - 1)
  }

  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 20) {
      this.room.settle(Math.min(20, left))
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  async until(isSo: () => boolean, patienceMs = 120_000): Promise<void> {
    for (let waited = 0; !isSo(); waited += 20) {
      if (waited > patienceMs) throw new Error(`waited in vain for ${isSo}`)
      await this.pass(20)
    }
  }

  type(page: Page): void {
    const { text } = page.site
    for (let left = 1 + this.below(3); left > 0; left--) {
      const token = String.fromCharCode(0x4e00 + this.typed++)
      text.insert(this.below(text.length + 1), token)
      page.unsaved.push(token)
    }
    // What is history soon: it is never looked for.
    text.insert(this.below(text.length + 1), 'abcdefgh')
    const at = text.toString().search(/[a-h]{3}/)
    if (at >= 0) text.delete(at, 3)
  }

  async save(page: Page): Promise<void> {
    let isSaved = false
    page.site.provider.whenSaved().then(() => {
      isSaved = true
    })
    const typed = page.unsaved.length
    await this.until(() => isSaved)
    page.unsaved.splice(0, typed)
  }

  async reload(page: Page): Promise<void> {
    page.site.provider.destroy()
    page.unsaved = []
    await this.open(page)
  }

  async crash(page: Page): Promise<void> {
    page.storage = page.storage.asAfterCrash()
    this.room.network.crash(page.site.transport)
    page.site.provider.destroy()
    for (const token of page.unsaved.splice(0)) this.doubtful.add(token)
    await this.open(page)
  }

  private async open(page: Page): Promise<void> {
    const connect = this.below(3) > 0
    page.site = this.room.open({ storage: page.storage, connect })
    this.watch(page)
    if (this.below(2)) await this.until(() => page.site.provider.loaded)
  }

  private watch({ site: { provider } }: Page): void {
    provider.on('orphaned', ({ document }) => this.orphaned.push(document.getText('t').toString()))
  }

  async act(): Promise<void> {
    const page = this.pages[this.below(this.pages.length)] as Page
    const kind = this.below(20)
    if (kind < 9) this.type(page)
    else if (kind < 11) page.site.provider.compact().catch(() => {})
    else if (kind < 13) await this.reload(page)
    else if (kind < 14) await this.crash(page)
    else if (kind < 16) page.site.provider.disconnect()
    else if (kind < 18) page.site.provider.connect()
    else await this.save(page)
    await this.pass(this.below(3) ? this.below(300) : this.below(3000))
  }

  async end(): Promise<void> {
    for (const { site } of this.pages) site.provider.connect()
    const isOne = () => {
      const members = this.pages.map(({ site }) => site.provider.replicaId ?? '')
      return this.pages.every(
        ({ site: { provider } }) => provider.synced && members.every((id) => provider.members.includes(id)),
      )
    }
    await this.until(isOne)
    await this.until(() => new Set(this.pages.map(({ site }) => site.text.toString())).size === 1)
    await this.pass(5000)
  }
}

test.each(SEEDS)('schedule %i', async (seed) => {
  room = new Room(seed)
  const lives = new Lives(room, seed)
  await lives.pass(3000)
  for (let step = 0; step < 80; step++) await lives.act()
  await lives.end()
  const [first] = lives.pages
  const text = first?.site.text.toString() ?? ''
  for (const { site } of lives.pages) {
    expect(site.text.toString()).toBe(text)
    expect(site.errors).toEqual([])
    site.mirror.check()
  }
  const count = new Map<string, number>()
  for (const token of text) count.set(token, (count.get(token) ?? 0) + 1)
  const doubled = lives.tokens.filter((token) => (count.get(token) ?? 0) > 1)
  const handedOver = new Set(lives.orphaned.join(''))
  const isExpected = (token: string) => !lives.doubtful.has(token) && !handedOver.has(token)
  const lost = lives.tokens.filter((token) => !count.has(token) && isExpected(token))
  expect({ doubled, lost }).toEqual({ doubled: [], lost: [] })
})
