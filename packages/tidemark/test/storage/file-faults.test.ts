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

/**
 * Fails one write. In this database no other is to be tried: LevelDB refuses it, or puts it where it is lost.
 * @returns how many were.
 */
function oneWriteFails(): () => number {
  const { batch } = ClassicLevel.prototype
  let broken: unknown
  let tried = 0
  vi.spyOn(ClassicLevel.prototype, 'batch').mockImplementation(function (
    this: ClassicLevel,
    ...args: unknown[]
  ) {
    if (broken === this) tried++
    broken ??= this
    if (broken === this) return Promise.reject(new Error('no space left'))
    return Reflect.apply(batch, this, args)
  } as never)
  return () => tried
}

test('a folder that was full for a moment is written to again, whatever document it was', async () => {
  const [a, b] = [await fileStorage(dir).open('a'), await fileStorage(dir).open('b')]
  await Promise.all([a.append([bytes(1)]), b.append([bytes(10)])])
  const tried = oneWriteFails()
  const writes = [a.append([bytes(2)]), b.append([bytes(11)])]
  const outcomes = (await Promise.allSettled(writes)).map(({ status }) => status)
  expect(outcomes[0]).toBe('rejected')
  if (outcomes[1] === 'rejected') await b.append([bytes(11)])
  expect(tried()).toBe(0)
  await a.append([bytes(2), bytes(3)])
  expect(await a.load()).toEqual([bytes(1), bytes(2), bytes(3)])
  await Promise.all([a.close(), b.close()])
  const again = await fileStorage(dir).open('b')
  expect(await again.load()).toEqual([bytes(10), bytes(11)])
  await again.close()
})

test('a replacement that failed is made once more', async () => {
  const a = await fileStorage(dir).open('a')
  await a.append([bytes(1)])
  oneWriteFails()
  await expect(a.replace([bytes(2)])).rejects.toThrow('no space left')
  expect(await a.load()).toEqual([bytes(1)])
  await a.replace([bytes(2)])
  await a.close()
  const again = await fileStorage(dir).open('a')
  expect(await again.load()).toEqual([bytes(2)])
  await again.close()
})

test('a folder that is full for longer is opened anew again and again', async () => {
  const a = await fileStorage(dir).open('a')
  oneWriteFails()
  await expect(a.append([bytes(1)])).rejects.toThrow('no space left')
  const { open } = ClassicLevel.prototype
  vi.spyOn(ClassicLevel.prototype, 'open').mockImplementationOnce(async function (this: ClassicLevel) {
    await Reflect.apply(open, this, [])
    await this.close()
    throw new Error('still none')
  })
  await expect(a.append([bytes(1)])).rejects.toThrow('still none')
  await a.append([bytes(1)])
  await a.close()
  const again = await fileStorage(dir).open('a')
  expect(await again.load()).toEqual([bytes(1)])
  await again.close()
})
