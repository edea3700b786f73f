/** A provider with storage, over a network in memory: offline, reloaded, crashed, and back through cuts. */
import { type DocumentStorage, type MemoryStorage, memoryStorage, type RoomStore } from 'tidemark'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Awareness } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { Room, type Site } from '../room.js'

let room: Room

beforeEach(() => {
  room = new Room()
})

afterEach(() => {
  room.destroy()
})

/** Lets virtual time pass, and promises take their turns in between. */
async function pass(ms = 5000): Promise<void> {
  for (let left = ms; left > 0; left -= 20) {
    room.settle(Math.min(20, left))
    await new Promise((resolve) => setImmediate(resolve))
  }
}

async function until(isSo: () => boolean, patienceMs = 60_000): Promise<void> {
  for (let waited = 0; !isSo(); waited += 20) {
    if (waited > patienceMs) throw new Error(`waited in vain for ${isSo}`)
    await pass(20)
  }
}

async function cut(site: Site): Promise<void> {
  const { epoch } = site.provider
  site.provider.compact().catch(() => {})
  await until(() => site.provider.epoch > epoch)
  await pass()
}

async function saved({ provider }: Site): Promise<void> {
  let isSaved = false
  const saving = provider.whenSaved().then(() => {
    isSaved = true
  })
  await until(() => isSaved)
  await saving
}

/** As if the process had died: nobody is told, and only what was written is left. */
function crash(site: Site, storage: MemoryStorage): MemoryStorage {
  const left = storage.asAfterCrash()
  room.network.crash(site.transport)
  site.provider.destroy()
  return left
}

const texts = (...sites: Site[]) => sites.map(({ text }) => text.toString())

/** Text that can not be packed to much less. */
function noise(length: number): string {
  let state = length
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return 33 + ((state >>> 24) % 94)
  }
  return String.fromCharCode(...Array.from({ length }, next))
}

function expectAgreement(...sites: Site[]): void {
  for (const site of sites) {
    expect(site.text.toString()).toBe(sites[0]?.text.toString())
    expect(site.errors).toEqual([])
    site.mirror.check()
  }
}

/** A place where writing fails while it is told to, but for partitions that were left behind. */
function failing(storage: DocumentStorage) {
  const fault = { error: undefined as Error | undefined, writes: 0, until: Promise.resolve() }
  const watched = (store: RoomStore): RoomStore => ({
    load: () => store.load(),
    close: () => store.close(),
    append: (records) => attempt(() => store.append(records)),
    replace: (records) => attempt(() => store.replace(records)),
  })
  const attempt = (write: () => Promise<void>) => {
    fault.writes++
    return fault.error ? Promise.reject(fault.error) : fault.until.then(write)
  }
  const place: DocumentStorage = {
    open: async (name) => watched(await storage.open(name)),
    openLeftBehind: (name) => storage.openLeftBehind(name),
    look: (name) => storage.look(name),
  }
  return { place, fault }
}

describe.each(['full', 'log', 'off'] as const)('with compaction %s', (compaction) => {
  test('a document is edited offline, and found again, again and again', async () => {
    const storage = memoryStorage()
    let expected = ''
    for (let visit = 0; visit < 4; visit++) {
      const a = room.open({ storage, compaction, connect: false })
      expect(a.provider.loaded).toBe(false)
      await until(() => a.provider.loaded)
      expect(a.text.toString()).toBe(expected)
      a.text.insert(0, `visit ${visit} `)
      a.text.insert(a.text.length, '.')
      a.text.delete(0, 1)
      a.text.insert(0, 'V')
      a.doc.getMap('m').set('visits', visit)
      expected = a.text.toString()
      await saved(a)
      expect(a.errors).toEqual([])
      a.mirror.check()
      a.provider.destroy()
    }
    expect(expected).toBe('Visit 3 Visit 2 Visit 1 Visit 0 ....')
  })

  test('edits of others are stored, too, and a crash loses and doubles nothing', async () => {
    let storage = memoryStorage()
    const a = room.open({ compaction, content: 'one two three' })
    let b = room.open({ compaction, storage })
    await pass()
    for (let round = 0; round < 3; round++) {
      a.text.insert(0, `a${round} `)
      b.text.insert(b.text.length, ` b${round}`)
      await pass(500)
      await saved(b)
      storage = crash(b, storage)
      b = room.open({ compaction, storage, connect: false })
      await until(() => b.provider.loaded)
      expect(b.text.toString()).toBe(a.text.toString())
      b.text.insert(b.text.length, `! ${round}`)
      a.text.insert(0, '- ')
      b.provider.connect()
      await until(() => b.text.toString() === a.text.toString() && a.text.toString().endsWith(`! ${round}`))
    }
    expect(a.text.toString()).toBe('- a2 - a1 - a0 one two three b0! 0 b1! 1 b2! 2')
    expectAgreement(a, b)
  })

  test('all leave, and come back to an empty room with what they changed alone', async () => {
    const places = [memoryStorage(), memoryStorage(), memoryStorage()]
    let sites = places.map((storage) => room.open({ compaction, storage }))
    await pass()
    const [a] = sites
    a?.text.insert(0, 'shared ')
    await pass()
    if (compaction === 'full') await cut(a as Site)
    for (const [i, site] of sites.entries()) {
      site.provider.disconnect()
      site.text.insert(site.text.length, `${i}`)
      await saved(site)
      site.provider.destroy()
    }
    await pass()
    // The middle one first, alone for a while.
    sites = []
    for (const i of [1, 0, 2]) {
      const site = room.open({ compaction, storage: places[i] as MemoryStorage })
      sites.push(site)
      await until(() => site.provider.synced)
      await pass()
    }
    const [text] = texts(...sites)
    expect(text).toMatch(/^shared [012]{3}$/)
    expect(new Set(text?.slice(7)).size).toBe(3)
    expectAgreement(...sites)
  })
})

describe('coming back', () => {
  test.each(['leaves', 'crashes'])(
    'one who %s comes back through cuts with what was stored and nobody had got',
    async (how) => {
      let storage = memoryStorage()
      const [a, b] = [room.open({ content: 'one two three' }), room.open()]
      let c = room.open({ storage })
      await pass()
      await cut(a)
      if (how === 'leaves') c.provider.disconnect()
      else room.network.partition([a.transport, b.transport], [c.transport])
      c.text.insert(4, 'and ')
      c.text.delete(0, 3)
      c.doc.getMap('m').set('by', 'c')
      await saved(c)
      if (how === 'leaves') c.provider.destroy()
      else {
        // Nobody may cut while a member is silent, so it is back in the room for that.
        storage = crash(c, storage)
        room.network.heal()
      }
      if (how === 'leaves') {
        for (let round = 0; round < 3; round++) {
          a.text.insert(a.text.length, ` ${round}`)
          await cut(b)
        }
      } else a.text.insert(a.text.length, ' 0 1 2')
      c = room.open({ storage })
      await until(() => c.provider.synced)
      await pass()
      expect(texts(a, b, c)).toEqual(Array(3).fill(' and two three 0 1 2'))
      expect(b.doc.getMap('m').get('by')).toBe('c')
      expectAgreement(a, b, c)
    },
  )

  test('a crash while cuts go on leaves the document as it was before or after one', async () => {
    let storage = memoryStorage()
    const a = room.open({ content: 'x' })
    let b = room.open({ storage })
    await pass()
    for (let round = 0; round < 12; round++) {
      for (let i = 0; i < 5; i++) {
        a.text.insert(round, `${round % 10}`)
        b.text.insert(b.text.length, '.')
        await pass(40)
      }
      await saved(b)
      a.provider.compact().catch(() => {})
      b.text.insert(b.text.length, '!')
      await pass(round * 60)
      const before = a.text.toString()
      storage = crash(b, storage)
      b = room.open({ storage, connect: false })
      await until(() => b.provider.loaded)
      expect(b.text.toString().replaceAll('!', '')).toBe(before.replaceAll('!', ''))
      expect(b.errors).toEqual([])
      // The ghost of the one that crashed holds cuts back: the room begins anew.
      a.provider.disconnect()
      await pass(200)
      a.provider.connect()
      b.provider.connect()
      await until(() => a.provider.members.length === 2 && b.provider.synced && a.provider.synced)
      await until(() => a.text.toString() === b.text.toString())
    }
    expect(a.text.toString().replace(/[^.]/g, '')).toHaveLength(60)
    expect(a.text.toString().replace(/\D/g, '')).toHaveLength(60)
    expectAgreement(a, b)
  })

  test('under a new replica id and a new client id, always; the earlier ids are known', async () => {
    let storage = memoryStorage()
    const clients = new Set<number>()
    const ids = new Set<string>()
    const a = room.open({ content: 'x' })
    await pass()
    for (let visit = 0; visit < 4; visit++) {
      const doc = new Y.Doc()
      // As a careless application might.
      doc.clientID = 7
      const { provider, errors } = room.provide(doc, { storage, transport: room.network.transport() })
      await until(() => provider.synced)
      expect(doc.clientID).not.toBe(7)
      expect(provider.awareness.clientID).toBe(doc.clientID)
      expect(clients).not.toContain(doc.clientID)
      expect(doc.store.clients.has(doc.clientID)).toBe(false)
      clients.add(doc.clientID)
      expect(ids).not.toContain(provider.replicaId)
      const { session } = provider as unknown as {
        session: { replica?: { config: { retiredIds: string[] } } }
      }
      for (const id of ids) expect(session.replica?.config.retiredIds).toContain(id)
      ids.add(provider.replicaId ?? '')
      doc.getText('t').insert(0, `${visit}`)
      await until(() => a.text.toString() === doc.getText('t').toString())
      await pass(200)
      storage = storage.asAfterCrash()
      expect(errors).toEqual([])
      provider.disconnect()
      await pass(200)
    }
    expect(a.text.toString()).toBe('3210x')
  })

  test('nothing is said under an id that is not stored', async () => {
    const storage = memoryStorage()
    const { place, fault } = failing(storage)
    const a = room.open({ content: 'x' })
    await pass()
    let release = () => {}
    fault.until = new Promise((resolve) => {
      release = resolve
    })
    const b = room.open({ storage: place })
    await until(() => b.provider.loaded)
    await pass()
    expect(b.provider.replicaId).toBeUndefined()
    expect(a.provider.members).toHaveLength(1)
    release()
    await until(() => b.provider.replicaId !== undefined)
    const stored = storage.asAfterCrash()
    await until(() => b.provider.synced)
    const store = await stored.open('room')
    const text = (await store.load()).map((record) => new TextDecoder().decode(record)).join('')
    expect(text).toContain(b.provider.replicaId)
    expectAgreement(a, b)
  })

  test('an awareness of the application follows to the new client id', async () => {
    const doc = new Y.Doc()
    const awareness = new Awareness(doc)
    awareness.setLocalState({ name: 'Ada' })
    const before = doc.clientID
    const { provider } = room.provide(doc, { storage: memoryStorage(), awareness })
    expect(doc.clientID).not.toBe(before)
    expect(awareness.clientID).toBe(doc.clientID)
    expect([...awareness.getStates()]).toEqual([[doc.clientID, { name: 'Ada' }]])
    provider.destroy()
    awareness.destroy()
  })

  test('what an older copy of the store held, comes back beside what was made since', async () => {
    const storage = memoryStorage()
    const a = room.open({ content: 'x' })
    let b = room.open({ storage })
    await pass()
    await saved(b)
    const old = storage.asAfterCrash()
    b.text.insert(1, 'new ')
    await pass()
    b.provider.destroy()
    await pass()
    // Restored from a backup, say.
    b = room.open({ storage: old, connect: false })
    await until(() => b.provider.loaded)
    expect(b.text.toString()).toBe('x')
    b.text.insert(1, 'old ')
    b.provider.connect()
    await until(() => b.provider.synced)
    await pass()
    expect(['xnew old ', 'xold new ']).toContain(a.text.toString())
    expectAgreement(a, b)
  })
})

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
