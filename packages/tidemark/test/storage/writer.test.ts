/** The writer, over a store that takes its time. */

import { OutdatedError } from '@tidemark/yjs'
import { VirtualScheduler } from 'tidemark/testing'
import { expect, test } from 'vitest'
import type { RoomStore } from '../../src/storage/storage.js'
import { StoreWriter } from '../../src/storage/writer.js'

const turn = () => new Promise((resolve) => setImmediate(resolve))

/** Each record is one byte; a replacement is read one record at a time. */
class SlowStore implements RoomStore {
  records: number[] = []
  failures = 0
  private last: Promise<unknown> = Promise.resolve()

  load = async () => this.records.map((value) => Uint8Array.of(value))
  append = (records: readonly Uint8Array[]) =>
    this.inTurn(async () => {
      await turn()
      if (this.failures > 0 && this.failures--) throw new Error('not now')
      this.records.push(...records.map(([value]) => value ?? -1))
    })
  replace = (records: Iterable<Uint8Array>) =>
    this.inTurn(async () => {
      const values: number[] = []
      for (const [value] of records) {
        values.push(value ?? -1)
        await turn()
      }
      this.records = values
    })
  close = async () => {
    await this.last
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.last.then(work)
    this.last = done.catch(() => {})
    return done
  }
}

/** Everything that was ever put in, in order; like a document that is read from while it changes. */
class List {
  isOutdated = true
  readonly all: number[] = []
  private taken = 0
  private invalidations = 0

  put(...values: number[]): void {
    this.all.push(...values)
  }

  invalidate = () => {
    this.invalidations++
    this.isOutdated = true
  }

  take = () => {
    const values = this.all.slice(this.taken)
    this.taken = this.all.length
    return values.map((value) => Uint8Array.of(value))
  }

  rewrite = () => {
    this.isOutdated = false
    this.taken = this.all.length
    const { invalidations, taken } = this
    const isValid = () => invalidations === this.invalidations
    const { all } = this
    return (function* () {
      for (let i = 0; i < taken; i++) {
        if (!isValid()) throw new OutdatedError()
        yield Uint8Array.of(all[i] ?? -1)
      }
    })()
  }
}

function setUp() {
  const [store, list, scheduler] = [new SlowStore(), new List(), new VirtualScheduler()]
  const failures: unknown[] = []
  const writer = new StoreWriter(store, list, scheduler, [], (error) => failures.push(error))
  return { store, list, scheduler, writer, failures }
}

test('what is invalidated while it is rewritten is rewritten once more', async () => {
  const { store, list, writer, failures } = setUp()
  list.put(1, 2, 3)
  const saved = writer.whenSaved()
  await turn()
  await turn()
  list.put(4)
  list.invalidate()
  list.put(5)
  expect(await saved).toBe(true)
  expect(store.records).toEqual([1, 2, 3, 4, 5])
  expect(failures).toEqual([])
})

test('closing in the middle of a rewriting writes all there is, in one go', async () => {
  const { store, list, writer } = setUp()
  list.put(1, 2, 3)
  const saved = writer.whenSaved()
  await turn()
  list.put(4)
  const closing = writer.close()
  // Whoever has the document now does what he likes with it.
  list.all.fill(9)
  await closing
  expect(await saved).toBe(true)
  expect(store.records).toEqual([1, 2, 3, 4])
})

test('a write that fails behind one that did not wait for it loses no order', async () => {
  const { store, list, scheduler, writer, failures } = setUp()
  list.put(1)
  await writer.whenSaved()
  await turn()
  store.failures = 1
  list.put(2)
  writer.save()
  list.put(3)
  writer.flush()
  await turn()
  await turn()
  await turn()
  expect(failures).toHaveLength(1)
  const saved = writer.whenSaved()
  scheduler.advance(10_000)
  expect(await saved).toBe(true)
  expect(store.records).toEqual([1, 2, 3])
})

test('a writer that is given up says so', async () => {
  const { list, store, writer } = setUp()
  list.put(1)
  store.append = store.replace = () => new Promise(() => {})
  const saved = writer.whenSaved()
  await writer.abandon()
  expect(await saved).toBe(false)
  expect(await writer.whenSaved()).toBe(false)
})
