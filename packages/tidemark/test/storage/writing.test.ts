/** What is written to storage and when, and what becomes of it. */
import { type DocumentStorage, memoryStorage } from 'tidemark'
import { describe, expect, test, vi } from 'vitest'
import { room, roomOfEachTest } from '../room-of-each-test.js'
import { failing, noise, pass, saved, texts, until } from './stored-sites.js'

roomOfEachTest()

describe('writing', () => {
  test('what can not be written is told once, stays in memory, and is written once it can be', async () => {
    const storage = memoryStorage()
    const { place, fault } = failing(storage)
    const a = room.open({ storage: place })
    await pass()
    fault.error = Object.assign(new Error('no room'), { name: 'QuotaExceededError' })
    for (let i = 0; i < 50; i++) {
      a.text.insert(i, 'x')
      await pass(100)
    }
    expect(a.errors.map(({ message }) => message)).toEqual([
      expect.stringMatching(/storage.*no room.*Storage is full.*persist.*Nothing is lost/),
    ])
    expect(fault.writes).toBeLessThan(20)
    let isSaved = false
    a.provider.whenSaved().then(() => {
      isSaved = true
    })
    await pass(1000)
    expect(isSaved).toBe(false)
    fault.error = undefined
    await until(() => isSaved)
    const left = storage.asAfterCrash()
    const b = room.open({ storage: left, connect: false })
    await until(() => b.provider.loaded)
    expect(b.text.toString()).toBe('x'.repeat(50))
  })

  test('where storage fails from the first, the room is joined all the same', async () => {
    const a = room.open({ content: 'hello' })
    const unusable: DocumentStorage = {
      open: () => Promise.reject(new Error('not today')),
      openLeftBehind: () => Promise.reject(new Error('not today')),
      look: () => Promise.reject(new Error('not today')),
    }
    const b = room.open({ storage: unusable })
    const { place, fault } = failing(memoryStorage())
    fault.error = new Error('read only')
    const c = room.open({ storage: place })
    await pass()
    expect(texts(a, b, c)).toEqual(['hello', 'hello', 'hello'])
    expect(b.errors.map(String)).toEqual([expect.stringMatching(/not today.*survives/)])
    expect(c.errors.map(String)).toEqual([expect.stringMatching(/read only.*Nothing is lost/)])
    await expect(b.provider.whenSaved()).rejects.toThrow('not today')
  })

  test('is rare while nothing changes, and small when little does', async () => {
    const { place, fault } = failing(memoryStorage())
    const a = room.open({ storage: place, content: noise(100_000) })
    const b = room.open()
    // The room is cut once more.
    await pass(70_000)
    await saved(a)
    const { writes } = fault
    const { storedBytes } = a.provider.stats()
    expect(storedBytes).toBeGreaterThan(50_000)
    await pass(60_000)
    expect(fault.writes).toBe(writes)
    for (let i = 0; i < 10; i++) {
      b.text.insert(0, 'y')
      await pass(200)
    }
    expect(fault.writes).toBe(writes + 10)
    expect(a.provider.stats().storedBytes).toBeLessThan(storedBytes + 10 * 60)
  })

  test('without cuts, what was added is merged once it outweighs the rest', async () => {
    const storage = memoryStorage()
    const a = room.open({ storage, compaction: 'off' })
    await pass()
    let most = 0
    for (let i = 0; i < 300; i++) {
      a.text.insert(0, noise(2000))
      await pass(20)
      a.text.delete(0, 2000)
      await pass(20)
      most = Math.max(most, a.provider.stats().storedBytes)
    }
    await saved(a)
    expect(most).toBeGreaterThan(128 * 1024)
    expect(most).toBeLessThan(200_000)
    const [records] = await storage.look('room')
    expect(records?.length).toBeLessThan(300)
  })

  test('a page that is hidden stores what was typed right before, without waiting for anything', async () => {
    const window = new EventTarget()
    vi.stubGlobal('window', window)
    const storage = memoryStorage()
    const a = room.open({ storage })
    vi.unstubAllGlobals()
    await pass()
    await saved(a)
    a.text.insert(0, 'last words')
    window.dispatchEvent(new Event('pagehide'))
    await new Promise((resolve) => setImmediate(resolve))
    const b = room.open({ storage: storage.asAfterCrash(), connect: false })
    await until(() => b.provider.loaded)
    expect(b.text.toString()).toBe('last words')
  })

  test('what is typed while the document is being read stays', async () => {
    const storage = memoryStorage()
    const a = room.open({ storage, content: 'stored', connect: false })
    await saved(a)
    a.provider.destroy()
    const b = room.open({ storage, connect: false })
    b.text.insert(0, 'typed ')
    await until(() => b.provider.loaded)
    expect(['typed stored', 'storedtyped ']).toContain(b.text.toString())
    await saved(b)
    b.provider.destroy()
    const c = room.open({ storage, connect: false })
    await until(() => c.provider.loaded)
    expect(c.text.toString()).toBe(b.text.toString())
  })
})

describe('what is stored', () => {
  test('is forgotten on demand, and stays forgotten', async () => {
    const storage = memoryStorage()
    const a = room.open({ storage, content: 'secret' })
    await pass()
    const clearing = a.provider.clearStorage()
    await pass()
    await clearing
    a.text.insert(0, 'still here: ')
    await pass()
    await a.provider.whenSaved()
    a.provider.destroy()
    const b = room.open({ storage, connect: false })
    await until(() => b.provider.loaded)
    expect(texts(a, b)).toEqual(['still here: secret', ''])
  })

  test('with another compaction mode is left alone, and can be forgotten', async () => {
    const storage = memoryStorage()
    const a = room.open({ storage, content: 'full' })
    await pass()
    await saved(a)
    a.provider.destroy()
    const b = room.open({ storage, compaction: 'log' })
    await pass()
    expect(b.errors.map(String)).toEqual([expect.stringMatching(/another compaction mode/)])
    b.provider.destroy()
    const c = room.open({ storage, connect: false })
    await until(() => c.provider.loaded)
    expect(c.text.toString()).toBe('full')
  })

  test('by a newer version is left alone', async () => {
    const storage = memoryStorage()
    const store = await storage.open('room')
    await store.append([Uint8Array.of(0, 99)])
    await store.close()
    const a = room.open({ storage })
    await pass()
    expect(a.errors.map(String)).toEqual([expect.stringMatching(/format 99.*reads format 2.*stays as it is/)])
    a.text.insert(0, 'x')
    await pass()
    a.provider.destroy()
    const again = await storage.open('room')
    expect(await again.load()).toEqual([Uint8Array.of(0, 99)])
  })
})
