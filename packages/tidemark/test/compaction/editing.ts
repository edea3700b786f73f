/** People who edit whatever a document holds, and what must be the same at all of them. */
import * as prng from 'lib0/prng'
import { expect } from 'vitest'
import * as Y from 'yjs'
import type { Site } from '../room.js'

export const contentOf = ({ doc }: Site) =>
  JSON.stringify([doc.getText('t').toDelta(), doc.getArray('a').toJSON(), sorted(doc.getMap('m').toJSON())])
const sorted = (object: object) =>
  Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)))

export function expectAgreement(sites: readonly Site[]): void {
  for (const site of sites) {
    expect(contentOf(site)).toBe(contentOf(sites[0] as Site))
    expect(site.errors).toEqual([])
    site.mirror.check()
  }
}

/** What a person might do next, somewhere in the document. */
export function edit({ doc, text }: Site, random: prng.PRNG): void {
  const below = (n: number) => prng.int31(random, 0, n - 1)
  const list = doc.getArray<unknown>('a')
  const map = doc.getMap('m')
  const action = below(10)
  if (action < 4 || text.length < 5) text.insert(below(text.length + 1), prng.word(random, 1, 4))
  else if (action < 7) text.delete(below(text.length - 2), 1 + below(2))
  else if (action === 7) map.set(`k${below(4)}`, below(2) ? new Y.Map([['n', below(9)]]) : below(9))
  else if (action === 8) list.insert(below(list.length + 1), [below(2) ? new Y.Array<number>() : below(9)])
  else if (list.length > 0) {
    const at = below(list.length)
    const value = list.get(at)
    if (value instanceof Y.Array) value.push([below(9)])
    else list.delete(at)
  }
}
