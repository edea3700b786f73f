/** Relative positions that an application keeps by itself: for comments, bookmarks, highlights. */
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import type { Site } from '../room.js'
import { room, roomOfEachTest } from '../room-of-each-test.js'
import { expectAgreement } from './editing.js'

roomOfEachTest()

const anchored = ({ text }: Site, index: number) => Y.createRelativePositionFromTypeIndex(text, index)

function indexOf({ doc }: Site, position: unknown): number | undefined {
  const relative = Y.createRelativePositionFromJSON(position)
  return Y.createAbsolutePositionFromRelativePosition(relative, doc)?.index
}

/** Comments are kept in the document, and everybody takes them along. */
function keepsComments(site: Site): Y.Map<{ anchor: unknown }> {
  const comments = site.doc.getMap<{ anchor: unknown }>('m')
  site.provider.on('renumbered', ({ translate }) => {
    site.doc.transact(() => {
      for (const [key, comment] of comments) {
        const translated = translate(comment)
        if (translated !== comment) comments.set(key, translated)
      }
    })
  })
  return comments
}

describe('positions that the application keeps', () => {
  test('lead on through cuts once they are translated', () => {
    const [a, b] = [room.open({ content: 'hello big world' }), room.open()]
    room.settle()
    let kept = { here: [anchored(b, 10)], json: JSON.stringify(anchored(b, 6)) }
    b.provider.on('renumbered', ({ translate }) => {
      kept = translate(kept)
    })
    a.text.delete(0, 6)
    room.settle()
    for (const by of [a, b]) {
      room.cut(by)
      expect(indexOf(b, kept.here[0])).toBe(4)
      expect(indexOf(b, JSON.parse(kept.json))).toBe(0)
    }
  })

  test('are followed before anybody can use them in vain', () => {
    const [a, b] = [room.open({ content: 'hello big world' }), room.open()]
    room.settle()
    let kept = anchored(b, 10)
    const seen: (number | undefined)[] = []
    b.provider.on('renumbered', ({ translate }) => {
      kept = translate(kept)
    })
    b.provider.on('compacted', () => seen.push(indexOf(b, kept)))
    room.cut(a)
    expect(seen).toEqual([10])
  })

  test('may stand in the document, where every member rewrites them', () => {
    const sites = [room.open({ content: 'hello big world' }), room.open(), room.open()]
    const comments = sites.map(keepsComments)
    room.settle()
    const [a, b, c] = sites as [Site, Site, Site]
    comments[0]?.set('one', { anchor: Y.relativePositionToJSON(anchored(a, 10)) })
    room.settle()
    // One more is on its way when the document is cut.
    comments[1]?.set('two', { anchor: Y.relativePositionToJSON(anchored(b, 6)) })
    room.cut(c)
    a.text.insert(0, '> ')
    room.cut(a)
    expectAgreement(sites)
    for (const [i, site] of sites.entries()) {
      expect(indexOf(site, comments[i]?.get('one')?.anchor)).toBe(12)
      expect(indexOf(site, comments[i]?.get('two')?.anchor)).toBe(8)
    }
  })

  test('come back with whoever was away', () => {
    const [a, b] = [room.open({ content: 'hello big world' }), room.open()]
    const [, comments] = [keepsComments(a), keepsComments(b)]
    room.settle()
    b.provider.disconnect()
    room.settle()
    comments.set('offline', { anchor: Y.relativePositionToJSON(anchored(b, 10)) })
    a.text.delete(0, 6)
    room.cut(a)
    room.cut(a)
    b.provider.connect()
    room.settle(20_000)
    expectAgreement([a, b])
    for (const site of [a, b]) {
      const comment = site.doc.getMap<{ anchor: unknown }>('m').get('offline')
      expect(indexOf(site, comment?.anchor)).toBe(4)
    }
  })
})
