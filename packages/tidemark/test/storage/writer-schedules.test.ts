/** The writer under random typing, renumbering, flushing and failing: whenever the process dies, no hole is left behind. */
import { OutdatedError } from '@tidemark/yjs'
import * as prng from 'lib0/prng'
import { VirtualScheduler } from 'tidemark/testing'
import { expect, test } from 'vitest'
import { type RoomStore, StoreLostError } from '../../src/storage/storage.js'
import { StoreWriter } from '../../src/storage/writer.js'

/** `SEEDS=from-to` looks at others than the usual ones. */
const [FIRST, LAST] = (process.env['SEEDS'] ?? '1-100').split('-').map(Number) as [number, number]
const SEEDS = Array.from({ length: LAST - FIRST + 1 }, (_, i) => FIRST + i)

/** Records are numbered from 0 on in each naming. */
type Item = readonly [naming: number, number: number]

const turn = () => new Promise((resolve) => setImmediate(resolve))

class Life {
  readonly scheduler = new VirtualScheduler()
  readonly store: RoomStore
  readonly writer: StoreWriter
  /** In the store at this moment. */
  items: Item[] = []
  naming = 0
  /** How many there are, and how many of them were taken. */
  count = 0
  private taken = 0
  private isOutdated = true
  private invalidations = 0
  private isLost = false
  private last: Promise<unknown> = Promise.resolve()
  private readonly random: prng.PRNG
  canFail = true

  constructor(seed: number) {
    this.random = prng.create(seed)
    this.store = {
      load: async () => [],
      append: (records) => this.inTurn(() => this.append(records.map(read))),
      replace: (records) => this.inTurn(() => this.replace(records)),
      close: async () => {
        await this.last
      },
    }
    const { store, scheduler } = this
    this.writer = new StoreWriter(store, this.source(), scheduler, [], () => {})
  }

  below(n: number): number {
    return prng.int31(this.random, 0, n - 1)
  }

  get isAllThere(): boolean {
    return !this.isLost && this.holds(this.count, this.naming)
  }

  /** Whether so much is in the store, in this naming or a later one. */
  holds(count: number, naming: number): boolean {
    if (this.isLost) return true
    const [[found] = [naming]] = this.items
    return found >= naming && new Set(this.items.map(([, number]) => number)).size >= count
  }

  rename(): void {
    this.naming++
    this.invalidate()
  }

  lose(): void {
    this.isLost = true
    this.items = []
  }

  /** What stands there is of one naming, and all of that up to the last of it. */
  check(): void {
    const numbers = new Set(this.items.map(([, number]) => number))
    expect(new Set(this.items.map(([naming]) => naming)).size).toBeLessThan(2)
    expect([...numbers].sort((a, b) => a - b)).toEqual(Array.from(numbers, (_, i) => i))
  }

  private invalidate(): void {
    this.invalidations++
    this.isOutdated = true
  }

  private source() {
    const life = this
    return {
      get isOutdated() {
        return life.isOutdated
      },
      invalidate: () => life.invalidate(),
      take: () => {
        const from = life.taken
        life.taken = life.count
        return Array.from({ length: life.count - from }, (_, i) => written(life.naming, from + i))
      },
      rewrite: () => life.rewrite(),
    }
  }

  private rewrite(): Iterable<Uint8Array> {
    this.isOutdated = false
    this.taken = this.count
    const { invalidations, count, naming } = this
    const isValid = () => invalidations === this.invalidations
    return (function* () {
      for (let number = 0; number < count; number++) {
        if (!isValid()) throw new OutdatedError()
        yield written(naming, number)
      }
    })()
  }

  private async append(added: readonly Item[]): Promise<void> {
    await this.mayFail()
    if (this.isLost) throw new StoreLostError('deleted')
    this.items = [...this.items, ...added]
    this.check()
  }

  private async replace(records: Iterable<Uint8Array>): Promise<void> {
    const items: Item[] = []
    for (const record of records) {
      items.push(read(record))
      if (this.below(3) === 0) await turn()
    }
    await this.mayFail()
    this.isLost = false
    this.items = items
    this.check()
  }

  private async mayFail(): Promise<void> {
    for (let turns = this.below(3); turns > 0; turns--) await turn()
    if (this.canFail && this.below(3) === 0) throw new Error('not now')
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.last.then(work)
    this.last = done.catch(() => {})
    return done
  }
}

const written = (naming: number, number: number) => Uint8Array.of(naming, number)
const read = ([naming = 0, number = 0]: Uint8Array): Item => [naming, number]

test.each(SEEDS)('schedule %i', async (seed) => {
  const life = new Life(seed)
  const { writer, scheduler } = life
  const asked: Promise<boolean>[] = []
  for (let step = 0; step < 60; step++) {
    const kind = life.below(20)
    if (kind < 8) life.count++
    else if (kind < 9) life.rename()
    else if (kind < 10) life.lose()
    else if (kind < 13) writer.flush()
    else if (kind < 16) writer.save()
    else if (kind < 17) scheduler.advance(60_000)
    else {
      const { count, naming } = life
      asked.push(writer.whenSaved().then((isSaved) => isSaved && life.holds(count, naming)))
    }
    for (let turns = life.below(4); turns > 0; turns--) await turn()
    life.check()
  }
  // A place that has lost everything says so when something is written.
  life.count++
  if (life.below(2)) {
    const isClosed = await writer.close().then(
      () => true,
      () => false,
    )
    life.check()
    expect(isClosed).toBe(life.isAllThere)
    return
  }
  life.canFail = false
  let isSaved = false
  void writer.whenSaved().then(() => {
    isSaved = true
  })
  while (!isSaved) {
    scheduler.advance(60_000)
    await turn()
  }
  expect(life.isAllThere).toBe(true)
  expect(await Promise.all(asked)).toEqual(asked.map(() => true))
})
