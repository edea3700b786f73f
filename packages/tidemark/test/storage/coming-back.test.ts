/** A document with storage: offline, reloaded, crashed, and back through cuts. */
import { type MemoryStorage, memoryStorage } from 'tidemark'
import { describe, expect, test } from 'vitest'
import { Awareness } from 'y-protocols/awareness'
import * as Y from 'yjs'
import type { Site } from '../room.js'
import { room, roomOfEachTest } from '../room-of-each-test.js'
import { crash, cut, expectAgreement, failing, pass, saved, texts, until } from './stored-sites.js'

roomOfEachTest()

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
