/** A folder of documents where reading or writing fails now and then. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { fileStorage } from 'tidemark/node'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { room, roomOfEachTest } from '../room-of-each-test.js'

roomOfEachTest()

let dir: string

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tidemark-'))
})

afterEach(async () => {
  vi.restoreAllMocks()
  await rm(dir, { recursive: true })
})

const bytes = (...values: number[]) => Uint8Array.from(values)

/** What is there is looked at with this first. */
const readingFailsOnce = () =>
  vi.spyOn(ClassicLevel.prototype, 'get').mockRejectedValueOnce(new Error('too many open files'))

test('where it can not be read what is there, nothing is written that would hide it', async () => {
  const first = await fileStorage(dir).open('room')
  await first.replace([bytes(1), bytes(2)])
  await first.replace([bytes(3)])
  await first.close()
  readingFailsOnce()
  const second = await fileStorage(dir).open('room')
  await expect(second.append([bytes(4)])).rejects.toThrow('too many open files')
  await second.append([bytes(5)])
  await second.close()
  readingFailsOnce()
  const third = await fileStorage(dir).open('room')
  await expect(third.load()).rejects.toThrow('too many open files')
  expect(await third.load()).toEqual([bytes(3), bytes(5)])
  await third.close()
})

test('a document whose folder can not be read once is reported, and is there the next time', async () => {
  const storage = fileStorage(dir)
  const a = room.open({ storage, connect: false, content: 'stored' })
  await a.provider.whenSaved()
  a.provider.destroy()
  readingFailsOnce()
  const b = room.open({ storage, connect: false })
  await b.provider.whenLoaded
  b.text.insert(0, 'x')
  await expect(b.provider.whenSaved()).rejects.toThrow(/too many open files.*survives/)
  expect(b.errors.map(String)).toEqual([expect.stringMatching('too many open files')])
  b.provider.destroy()
  const c = room.open({ storage, connect: false })
  await c.provider.whenLoaded
  expect(c.text.toString()).toBe('stored')
  c.provider.destroy()
  await (await storage.open('room')).close()
})
