/** One store that several open, side by side or one after the other. */
import { type MemoryStorage, memoryStorage, type RoomStore } from 'tidemark'
import { describe, expect, test } from 'vitest'
import { room, roomOfEachTest } from '../room-of-each-test.js'
import { cut, expectAgreement, failing, pass, saved, texts, until } from './stored-sites.js'

roomOfEachTest()

describe('several openers', () => {
  test('each has a partition of its own; what is left behind is taken in, and nothing is doubled', async () => {
    const storage = memoryStorage()
    const [a, b] = [room.open({ storage }), room.open({ storage })]
    await pass()
    a.text.insert(0, 'shared ')
    await pass()
    for (const { provider } of [a, b]) provider.disconnect()
    a.text.insert(a.text.length, 'A')
    b.text.insert(b.text.length, 'B')
    for (const site of [a, b]) {
      await saved(site)
      site.provider.destroy()
    }
    const c = room.open({ storage, connect: false })
    await until(() => c.provider.loaded)
    expect(['shared AB', 'shared BA']).toContain(c.text.toString())
    expect(c.errors).toEqual([])
    await saved(c)
    await pass()
    c.provider.destroy()
    await pass()
    const d = room.open({ storage, connect: false })
    await until(() => d.provider.loaded)
    expect(d.text.toString()).toBe(c.text.toString())
    expect(await storage.openLeftBehind('room')).toBeUndefined()
  })

  test.each([
    ['older', 'others'],
    ['newer', 'others'],
    ['older', 'nobody'],
    ['newer', 'nobody'],
  ])(
    "a partition with an %s state than one's own comes back into a room with %s in it",
    async (which, who) => {
      const storage = memoryStorage()
      const keeper = room.open({ content: 'one two three' })
      const first = room.open({ storage })
      await pass()
      const second = room.open({ storage })
      await pass()
      const [stale, fresh] = which === 'newer' ? [first, second] : [second, first]
      await cut(keeper)
      await saved(stale)
      stale.provider.disconnect()
      stale.text.insert(4, 'stale ')
      stale.text.delete(0, 1)
      await saved(stale)
      for (let round = 0; round < 2; round++) {
        keeper.text.insert(keeper.text.length, ` ${round}`)
        await cut(keeper)
      }
      fresh.provider.disconnect()
      fresh.text.insert(0, 'fresh ')
      await saved(fresh)
      for (const { provider } of [stale, fresh]) provider.destroy()
      if (who === 'nobody') keeper.provider.disconnect()
      await pass()
      let both = room.open({ storage, connect: false })
      await until(() => both.provider.loaded)
      // Only in the room it is known what is new of the other.
      expect(both.text.toString()).toBe('fresh one two three 0 1')
      await saved(both)
      both.provider.destroy()
      both = room.open({ storage })
      await until(() => both.provider.synced)
      await pass()
      await saved(both)
      expect(both.text.toString()).toBe('fresh ne stale two three 0 1')
      expect(await storage.openLeftBehind('room')).toBeUndefined()
      keeper.provider.connect()
      await until(() => keeper.provider.synced && keeper.provider.members.length === 2)
      await pass()
      expect(keeper.text.toString()).toBe('fresh ne stale two three 0 1')
      expectAgreement(keeper, both)
    },
  )

  test('what was typed into a place before the first room joins what another page has from there', async () => {
    const storage = memoryStorage()
    const a = room.open({ storage, content: 'room' })
    await pass()
    const places = [storage, memoryStorage()]
    const c = room.open({ storage: places[1] as MemoryStorage, connect: false })
    c.text.insert(0, 'alone')
    await cut(a)
    for (const site of [a, c]) {
      await saved(site)
      site.provider.destroy()
    }
    // Both in one place, as if two tabs had been open.
    const both = memoryStorage()
    const stores: RoomStore[] = []
    for (const place of places) {
      const from = await place.open('room')
      const to = await both.open('room')
      await to.replace(await from.load())
      stores.push(from, to)
    }
    await Promise.all(stores.map((store) => store.close()))
    const d = room.open({ storage: both })
    await until(() => d.provider.synced)
    await pass()
    expect(['aloneroom', 'roomalone']).toContain(d.text.toString())
    expect(d.errors).toEqual([])
  })

  test('what was left behind stays until it is stored again', async () => {
    const storage = memoryStorage()
    const sites = [room.open({ storage, connect: false }), room.open({ storage, connect: false })]
    for (const [i, site] of sites.entries()) {
      await until(() => site.provider.loaded)
      site.text.insert(0, `${i}`)
      await saved(site)
    }
    for (const { provider } of sites) provider.destroy()
    await pass(100)
    const { place, fault } = failing(storage)
    fault.error = new Error('read only')
    const c = room.open({ storage: place, connect: false })
    await until(() => c.provider.loaded)
    await pass(2000)
    const found = [...c.text.toString()].sort().join('')
    expect(found).toBe('01')
    const left = storage.asAfterCrash()
    fault.error = undefined
    const d = room.open({ storage: left, connect: false })
    await until(() => d.provider.loaded)
    expect([...d.text.toString()].sort().join('')).toBe('01')
  })

  test('one that opens beside another begins with what that one has stored', async () => {
    const storage = memoryStorage()
    const a = room.open({ storage, connect: false })
    await until(() => a.provider.loaded)
    a.text.insert(0, 'hello')
    await saved(a)
    const b = room.open({ storage, connect: false })
    await until(() => b.provider.loaded)
    expect(b.text.toString()).toBe('hello')
    b.text.insert(5, '!')
    a.text.insert(0, '> ')
    for (const { provider } of [a, b]) provider.connect()
    await until(() => a.provider.members.length === 2 && b.provider.members.length === 2)
    await pass()
    expect(texts(a, b)).toEqual(['> hello!', '> hello!'])
    expectAgreement(a, b)
  })

  test('a document that is opened again at once, as when a view is made anew, waits for the last write', async () => {
    const storage = memoryStorage()
    const a = room.open({ storage, connect: false })
    await until(() => a.provider.loaded)
    for (let round = 0; round < 3; round++) {
      const { doc } = a
      const site = round === 0 ? a : { doc, text: a.text, ...room.provide(doc, { storage, connect: false }) }
      await until(() => site.provider.loaded)
      site.text.insert(0, `${round}`)
      site.provider.destroy()
      site.provider.destroy()
    }
    const again = room.open({ storage, connect: false })
    await until(() => again.provider.loaded)
    expect(again.text.toString()).toBe('210')
    expect(await storage.openLeftBehind('room')).toBeUndefined()
  })
})

describe('a document that stays while providers come and go', () => {
  test.each([
    ['at once', false],
    ['after it was in the room without storage, through a cut', true],
  ])('gets one with storage again %s', async (_, isElsewhere) => {
    const storage = memoryStorage()
    const a = room.open({ content: 'hello' })
    await pass()
    const { doc, text, mirror, provider, errors } = room.open({ storage })
    await pass()
    await cut(a)
    text.insert(5, '!')
    provider.destroy()
    await pass(200)
    if (isElsewhere) {
      const between = room.provide(doc)
      await until(() => between.provider.synced)
      a.text.delete(0, 1)
      a.text.insert(0, 'J')
      await cut(a)
      text.insert(0, '> ')
      await pass()
      between.provider.destroy()
    }
    text.insert(text.length, '?')
    const again = room.provide(doc, { storage })
    await until(() => again.provider.synced)
    await pass()
    expect(texts(a)).toEqual([isElsewhere ? '> Jello!?' : 'hello!?'])
    expect(text.toString()).toBe(a.text.toString())
    mirror.check()
    expect([...errors, ...again.errors, ...a.errors]).toEqual([])
    again.provider.destroy()
    await pass(200)
    const later = room.open({ storage, connect: false })
    await until(() => later.provider.loaded)
    expect(later.text.toString()).toBe(a.text.toString())
    expect(await storage.openLeftBehind('room')).toBeUndefined()
  })
})
