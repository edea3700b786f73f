/** What becomes of changes that are not stored yet when the provider is destroyed. */
import { type DocumentStorage, type MemoryStorage, memoryStorage } from 'tidemark'
import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest'
import type { Site } from '../room.js'
import { room, roomOfEachTest } from '../room-of-each-test.js'
import { cut, expectAgreement, failing, noise, pass, saved, texts, until } from './stored-sites.js'

roomOfEachTest()

let printed: MockInstance<typeof console.error>
let toldTooLate: string[]

beforeEach(() => {
  printed = vi.spyOn(console, 'error').mockImplementation(() => {})
  toldTooLate = []
})

afterEach(() => {
  printed.mockRestore()
  expect(toldTooLate).toEqual([])
})

/** It is read in several steps. */
const LONG = Array.from({ length: 10 }, (_, i) => noise(50_000 + i)).join('')

function destroy({ provider }: Site): void {
  provider.destroy()
  provider.on('error', ({ message }) => toldTooLate.push(message))
  provider.on('loaded', () => toldTooLate.push('loaded'))
}

async function stored(storage: DocumentStorage, content: string, compaction: 'full' | 'log'): Promise<void> {
  const site = room.open({ storage, compaction, connect: false })
  for (let at = 0; at < content.length; at += 50_000) site.text.insert(at, content.slice(at, at + 50_000))
  await saved(site)
  destroy(site)
  await site.provider.whenSaved()
}

async function found(storage: DocumentStorage, compaction: 'full' | 'log'): Promise<string> {
  const site = room.open({ storage, compaction, connect: false })
  await until(() => site.provider.loaded)
  await saved(site)
  expect(site.errors).toEqual([])
  site.mirror.check()
  destroy(site)
  return site.text.toString()
}

describe.each(['full', 'log'] as const)('with compaction %s', (compaction) => {
  test.each(['', 'stored'])(
    'what was typed while the place was being opened is stored, beside "%s"',
    async (content) => {
      const storage = memoryStorage()
      if (content) await stored(storage, content, compaction)
      const a = room.open({ storage, compaction, connect: false })
      a.text.insert(0, 'typed')
      const before = a.provider.whenSaved()
      destroy(a)
      // Whoever has the document now does what he likes with it.
      a.text.delete(0, 5)
      await Promise.all([before, a.provider.whenSaved()])
      expect(a.text.toString()).toBe('')
      const left = storage.asAfterCrash()
      for (let visit = 0; visit < 3; visit++)
        expect([`typed${content}`, `${content}typed`]).toContain(await found(left, compaction))
      expect(printed).not.toHaveBeenCalled()
    },
  )

  test.each(['before', 'meanwhile', 'before and meanwhile'])(
    'what was typed %s is stored where the document was still being read',
    async (when) => {
      const storage = memoryStorage()
      const content = LONG
      await stored(storage, content, compaction)
      const a = room.open({ storage, compaction, connect: false })
      if (when.includes('before')) a.doc.getText('more').insert(0, 'early ')
      await until(() => a.text.length > 0)
      expect(a.text.length).toBeLessThan(content.length)
      if (when.includes('meanwhile')) a.doc.getText('more').insert(0, 'late ')
      destroy(a)
      let isOver = false
      const saving = a.provider.whenSaved().finally(() => {
        isOver = true
      })
      await until(() => isOver)
      await saving
      const b = room.open({ storage: storage.asAfterCrash(), compaction, connect: false })
      await until(() => b.provider.loaded)
      expect(b.text.toString()).toBe(content)
      const expected = { before: 'early ', meanwhile: 'late ', 'before and meanwhile': 'late early ' }[when]
      expect(b.doc.getText('more').toString()).toBe(expected)
      expect(b.errors).toEqual([])
      b.mirror.check()
    },
  )
})

test('a document that was still being read, and not changed, stays as it is stored', async () => {
  const storage = memoryStorage()
  await stored(storage, LONG, 'full')
  const { place, fault } = failing(storage)
  const a = room.open({ storage: place, connect: false })
  await until(() => a.text.length > 0)
  const { length } = a.text
  destroy(a)
  await pass()
  expect(a.text.length).toBe(length)
  expect(fault.writes).toBe(0)
})

test('what was typed while the place was being opened comes back into the room it belongs to', async () => {
  const storage = memoryStorage()
  const a = room.open({ content: 'one two three' })
  let b = room.open({ storage })
  await pass()
  await cut(a)
  b.text.insert(4, 'and ')
  await saved(b)
  destroy(b)
  b = room.open({ storage })
  b.text.insert(0, 'typed ')
  destroy(b)
  await b.provider.whenSaved()
  a.text.insert(a.text.length, '!')
  await cut(a)
  b = room.open({ storage })
  await until(() => b.provider.synced)
  await pass()
  expect(['typed one and two three!', 'one and two three!typed ']).toContain(a.text.toString())
  expect(texts(b)).toEqual(texts(a))
  expectAgreement(a, b)
})

test('what was typed into a document of another compaction mode leaves that alone, and is told to be lost', async () => {
  const storage = memoryStorage()
  await stored(storage, 'full', 'full')
  const a = room.open({ storage, compaction: 'log', connect: false })
  a.text.insert(0, 'typed')
  destroy(a)
  await expect(a.provider.whenSaved()).rejects.toThrow(/another compaction mode/)
  expect(printed).toHaveBeenCalledTimes(1)
  expect(await found(storage, 'full')).toBe('full')
})

test('whether the last write has succeeded is known after it', async () => {
  const storage = memoryStorage()
  const { place, fault } = failing(storage)
  const [good, bad] = [
    room.open({ storage: place, connect: false }),
    room.open({ storage: place, connect: false }),
  ]
  await Promise.all([saved(good), saved(bad)])
  good.text.insert(0, 'x')
  destroy(good)
  await good.provider.whenSaved()
  await good.provider.whenSaved()
  bad.text.insert(0, 'y')
  const asked = bad.provider.whenSaved()
  fault.error = new Error('no room')
  destroy(bad)
  for (const outcome of [asked, bad.provider.whenSaved(), bad.provider.whenSaved()])
    await expect(outcome).rejects.toThrow(/no room.*the Y.Doc has it/)
  expect(printed.mock.calls.map(String)).toEqual([expect.stringMatching('no room')])
})

test.each(['', 'typed'])(
  'a place that can not be opened takes nothing (%s), which is told if it matters',
  async (typed) => {
    const refuse = () => Promise.reject(new Error('not today'))
    const storage: DocumentStorage = { open: refuse, openLeftBehind: refuse, look: refuse }
    const a = room.open({ storage, connect: false })
    a.text.insert(0, typed)
    destroy(a)
    await expect(a.provider.whenSaved()).rejects.toThrow(/not today.*survives/)
    expect(printed).toHaveBeenCalledTimes(typed ? 1 : 0)
  },
)

test('what is forgotten while it is being opened stays forgotten', async () => {
  const storage: MemoryStorage = memoryStorage()
  await stored(storage, 'secret', 'full')
  const a = room.open({ storage, connect: false })
  a.text.insert(0, 'typed')
  destroy(a)
  await a.provider.clearStorage()
  expect(await found(storage, 'full')).toBe('')
})
