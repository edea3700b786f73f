/** What an application is told of what the others did while it was away. */
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { room, roomOfEachTest } from '../room-of-each-test.js'
import { expectAgreement } from './editing.js'

roomOfEachTest()

describe('whoever comes back', () => {
  test.each(['as it was', 'after a cut'])('is shown the room %s as the work of others', (state) => {
    const [a, b] = [room.open(), room.open()]
    room.settle()
    const shown = new Set<string>()
    const map = b.doc.getMap('m')
    // As applications do that know what they have done themselves.
    map.observe(({ keysChanged }, { local }) => {
      if (!local) for (const key of keysChanged) shown.add(key)
    })
    a.doc.getMap('m').set('before', 1)
    room.settle()
    b.provider.disconnect()
    map.set('offline', 1)
    room.settle()
    a.doc.getMap('m').set('meanwhile', 1)
    room.settle()
    if (state === 'after a cut') room.cut(a)
    b.provider.connect()
    room.settle(20_000)
    expect(map.toJSON()).toEqual({ before: 1, offline: 1, meanwhile: 1 })
    expect([...shown].sort()).toEqual(['before', 'meanwhile'])
    expectAgreement([a, b])
  })

  test('is told of the very subdocuments that have come', () => {
    const [a, b] = [room.open({ content: 'text' }), room.open()]
    room.settle()
    const [added, loaded] = [new Set<Y.Doc>(), new Set<Y.Doc>()]
    b.doc.on('subdocs', (event) => {
      for (const one of event.added) added.add(one)
      for (const one of event.loaded) loaded.add(one)
    })
    b.provider.disconnect()
    room.settle()
    a.doc.getMap('m').set('sub', new Y.Doc({ guid: 'S', autoLoad: true }))
    room.settle()
    b.provider.connect()
    room.settle(20_000)
    const held = b.doc.getMap<Y.Doc>('m').get('sub') as Y.Doc
    expect(held.guid).toBe('S')
    for (const documents of [added, loaded, b.doc.subdocs]) {
      expect(documents.size).toBe(1)
      expect(documents.has(held)).toBe(true)
    }
    room.cut(a)
    expect(b.doc.getMap('m').get('sub')).toBe(held)
  })
})
