/** The writer, over a store that takes its time. */

import { OutdatedError } from '@tidemark/yjs'
import { VirtualScheduler } from 'tidemark/testing'
import { expect, test } from 'vitest'
import { type RoomStore, StoreLostError } from '../../src/storage/storage.js'
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

/** What is in the store at each moment: what a process that dies then leaves behind. */
function watched(store: SlowStore): number[][] {
  const states: number[][] = []
  const { append, replace } = store
  const noting = async (write: Promise<void>) => {
    await write.finally(() => states.push([...store.records]))
  }
  store.append = (records) => noting(append(records))
  store.replace = (records) => noting(replace(records))
  return states
}

/** What stands there is all that was put in up to the last of it, whatever stands there twice. */
function expectNoHoles(states: readonly (readonly number[])[]): void {
  for (const state of states) {
    const last = Math.max(...state)
    expect([...new Set(state)].sort()).toEqual(Array.from({ length: last }, (_, i) => i + 1))
  }
}

test.each([1, 2])(
  '%i writes in a row that do not wait for the one before carry it: it may fail',
  async (flushes) => {
    for (let failing = 0; failing <= flushes + 1; failing++) {
      const { store, list, scheduler, writer } = setUp()
      list.put(1)
      await writer.whenSaved()
      await turn()
      const states = watched(store)
      store.failures = failing
      list.put(2)
      writer.save()
      for (let i = 0; i < flushes; i++) {
        list.put(3 + i)
        writer.flush()
      }
      const saved = writer.whenSaved()
      while (states.length < flushes + 1) await turn()
      expectNoHoles(states)
      list.put(3 + flushes)
      scheduler.advance(10_000)
      expect(await saved).toBe(true)
      expect(await writer.whenSaved()).toBe(true)
      expectNoHoles(states)
      expect(new Set(store.records)).toEqual(new Set(list.all))
    }
  },
)

test('what is written after one that did not wait, waits for it', async () => {
  const { store, list, scheduler, writer, failures } = setUp()
  list.put(1)
  await writer.whenSaved()
  await turn()
  const states = watched(store)
  const { append } = store
  let calls = 0
  store.append = async (records) => {
    if (++calls !== 2) return append(records)
    for (let i = 0; i < 5; i++) await turn()
    throw new Error('not now')
  }
  list.put(2)
  writer.save()
  list.put(3)
  writer.flush()
  list.put(4)
  const saved = writer.whenSaved()
  while (failures.length === 0) await turn()
  scheduler.advance(10_000)
  expect(await saved).toBe(true)
  expectNoHoles(states)
  expect(new Set(store.records)).toEqual(new Set([1, 2, 3, 4]))
})

test('nobody is told that all is stored while a write that did not wait is on its way', async () => {
  const { store, list, writer } = setUp()
  list.put(1)
  await writer.whenSaved()
  await turn()
  list.put(2)
  writer.save()
  list.put(3)
  writer.flush()
  expect(await writer.whenSaved()).toBe(true)
  expect(store.records).toContain(3)
})

test('a flush in the middle of a rewriting writes everything, and adds nothing behind it', async () => {
  const { store, list, scheduler, writer, failures } = setUp()
  list.put(1, 2, 3)
  await writer.whenSaved()
  await turn()
  const states = watched(store)
  const { replace } = store
  let isFull = true
  store.replace = (records) => {
    if (!isFull) return replace(records)
    isFull = false
    return turn().then(() => Promise.reject(new Error('no room')))
  }
  // Renumbered: what is stored means something else.
  list.invalidate()
  writer.save()
  list.put(4)
  writer.flush()
  while (states.length < 1) await turn()
  expect(states).toEqual([[1, 2, 3, 4]])
  scheduler.advance(10_000)
  expect(await writer.whenSaved()).toBe(true)
  expect(store.records).toEqual([1, 2, 3, 4])
  expect(failures).toEqual([])
})

test.each([
  ['nothing new', []],
  ['more', [3]],
])('closing with %s while a write is on its way that fails leaves no hole, or says so', async (_, more) => {
  const { store, list, writer } = setUp()
  list.put(1)
  await writer.whenSaved()
  await turn()
  store.failures = 1
  list.put(2)
  writer.save()
  list.put(...more)
  const saved = writer.whenSaved()
  const closed = await writer.close().then(
    () => true,
    () => false,
  )
  expect(closed).toBe(more.length > 0)
  expect(await saved).toBe(closed)
  expect(store.records).toEqual(closed ? [1, 2, 3] : [1])
})

test('where what was stored is gone, all is written anew, at once', async () => {
  const { store, list, writer, failures } = setUp()
  list.put(1, 2)
  await writer.whenSaved()
  await turn()
  const { append, replace } = store
  store.records = []
  store.append = () => Promise.reject(new StoreLostError('deleted'))
  store.replace = async (records) => {
    await replace(records)
    store.append = append
  }
  list.put(3)
  expect(await writer.whenSaved()).toBe(true)
  expect(store.records).toEqual([1, 2, 3])
  list.put(4)
  expect(await writer.whenSaved()).toBe(true)
  expect(store.records).toEqual([1, 2, 3, 4])
  expect(failures).toEqual([])
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
