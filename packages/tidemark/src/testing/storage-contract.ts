/**
 * What every place to keep documents must do: the cases that `DocumentStorage` implementations are tested with. They run
 * in Node and in pages, so they assert by themselves.
 */
import type { DocumentStorage, RoomStore } from '../storage/storage.js'

export interface StorageCase {
  readonly name: string
  run(storage: DocumentStorage): Promise<void>
}

const bytes = (...values: number[]) => Uint8Array.from(values)
const text = (value: string) => new TextEncoder().encode(value)

function expectSame(found: unknown, expected: unknown, what: string): void {
  const [a, b] = [found, expected].map((value) => JSON.stringify(value, plain))
  if (a !== b) throw new Error(`${what}: found ${a}, not ${b}`)
}

function plain(_: string, value: unknown): unknown {
  return value instanceof Uint8Array ? [...value] : value
}

async function expectRecords(store: RoomStore, expected: readonly Uint8Array[], what: string): Promise<void> {
  expectSame(await store.load(), expected, what)
}

async function reopened(storage: DocumentStorage, store: RoomStore, room: string): Promise<RoomStore> {
  await store.close()
  return await storage.open(room)
}

/** Each is to be run with a place that holds nothing yet, and throws if the place does not do what it should. */
export const STORAGE_CONTRACT: readonly StorageCase[] = [
  {
    name: 'is empty at first, and again when nothing was written',
    async run(storage) {
      const store = await storage.open('room')
      await expectRecords(store, [], 'at first')
      const again = await reopened(storage, store, 'room')
      await expectRecords(again, [], 'reopened')
      await again.close()
    },
  },
  {
    name: 'keeps what is appended, in order, bytes and all',
    async run(storage) {
      const store = await storage.open('room')
      const all = Uint8Array.from({ length: 256 }, (_, value) => value)
      await store.append([bytes(1), bytes()])
      await store.append([all])
      await store.append([])
      await expectRecords(store, [bytes(1), bytes(), all], 'before')
      const again = await reopened(storage, store, 'room')
      await again.append([bytes(9)])
      await expectRecords(again, [bytes(1), bytes(), all, bytes(9)], 'reopened')
      await again.close()
    },
  },
  {
    name: 'takes calls in their order, without waiting in between',
    async run(storage) {
      const store = await storage.open('room')
      const calls: Promise<unknown>[] = []
      for (let i = 0; i < 50; i++) {
        calls.push(store.append([bytes(i)]))
        if (i === 20) calls.push(store.replace([bytes(100)]))
      }
      const closing = store.close()
      await Promise.all([...calls, closing])
      const again = await storage.open('room')
      const expected = [bytes(100), ...Array.from({ length: 29 }, (_, i) => bytes(21 + i))]
      await expectRecords(again, expected, 'reopened')
      await again.close()
    },
  },
  {
    name: 'replaces everything at once, by much or by nothing',
    async run(storage) {
      const store = await storage.open('room')
      await store.append([bytes(1), bytes(2)])
      const large = Array.from({ length: 40 }, (_, i) => new Uint8Array(70_000).fill(i))
      await store.replace(large)
      await store.append([bytes(3)])
      const again = await reopened(storage, store, 'room')
      const found = await again.load()
      expectSame(
        found.map(({ length }) => length),
        [...large.map(({ length }) => length), 1],
        'lengths',
      )
      expectSame(
        found.map(([first]) => first),
        [...large.map(([first]) => first), 3],
        'first bytes',
      )
      await again.replace([])
      await expectRecords(again, [], 'emptied')
      await again.append([bytes(4)])
      const third = await reopened(storage, again, 'room')
      await expectRecords(third, [bytes(4)], 'after that')
      await third.close()
    },
  },
  {
    name: 'leaves everything as it was where a replacement fails',
    async run(storage) {
      const store = await storage.open('room')
      await store.append([bytes(1)])
      function* failing() {
        for (let i = 0; i < 30; i++) yield new Uint8Array(70_000)
        throw new Error('no more')
      }
      const failed = await store.replace(failing()).then(
        () => 'resolved',
        (error: Error) => error.message,
      )
      expectSame(failed, 'no more', 'the outcome')
      await store.append([bytes(2)])
      await expectRecords(store, [bytes(1), bytes(2)], 'at once')
      const again = await reopened(storage, store, 'room')
      await expectRecords(again, [bytes(1), bytes(2)], 'reopened')
      await again.replace([bytes(3)])
      await expectRecords(again, [bytes(3)], 'replaced')
      await again.close()
    },
  },
  {
    name: 'does not mind what becomes of the bytes that it was given, or has given',
    async run(storage) {
      const store = await storage.open('room')
      const record = bytes(1, 2)
      const appending = store.append([record])
      record[0] = 9
      await appending
      const [found] = await store.load()
      if (found) found[1] = 9
      await expectRecords(store, [bytes(1, 2)], 'read again')
      await store.close()
    },
  },
  {
    name: 'keeps rooms apart, whatever their names',
    async run(storage) {
      const names = ['a', 'a/b', 'a/', '', 'ä', '\ud800', '%61', 'p/a', '"a"', 'a\u0000b', '\uffff']
      const stores = await Promise.all(names.map((name) => storage.open(name)))
      await Promise.all(stores.map((store, i) => store.append([bytes(i)])))
      await Promise.all(stores.map((store) => store.close()))
      for (const [i, name] of names.entries()) {
        const store = await storage.open(name)
        await expectRecords(store, [bytes(i)], JSON.stringify(name))
        await store.close()
      }
    },
  },
  {
    name: 'gives each opener a partition of its own, and those left behind to the next ones',
    async run(storage) {
      const [a, b] = [await storage.open('room'), await storage.open('room')]
      await a.append([text('a')])
      expectSame(await storage.openLeftBehind('room'), undefined, 'what nobody left')
      await b.append([text('b')])
      expectSame((await storage.look('room')).length, 2, 'partitions that others have open')
      await Promise.all([a.close(), b.close()])
      expectSame(await storage.look('room'), [], 'partitions that nobody has open')
      const first = await storage.open('room')
      const second = await storage.openLeftBehind('room')
      if (second === undefined) throw new Error('the other partition is lost')
      const both = [await first.load(), await second.load()]
        .flat()
        .map((record) => String.fromCharCode(...record))
      expectSame(both.sort(), ['a', 'b'], 'both')
      expectSame(await storage.openLeftBehind('room'), undefined, 'a third one')
      await second.replace([])
      await Promise.all([first.close(), second.close()])
      const last = await storage.open('room')
      expectSame((await last.load()).length, 1, 'what is left')
      expectSame(await storage.openLeftBehind('room'), undefined, 'the emptied one')
      await last.close()
    },
  },
  {
    name: 'has whoever opens a room wait for the one that is closing it',
    async run(storage) {
      const store = await storage.open('room')
      const writing = store.append([bytes(1)])
      const closing = store.close()
      const again = await storage.open('room')
      await expectRecords(again, [bytes(1)], 'reopened')
      await Promise.all([writing, closing, again.close()])
    },
  },
]
