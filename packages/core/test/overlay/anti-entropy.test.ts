import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DigestedMap } from '../../src/causality/digested-map.js'
import {
  answer,
  batches,
  digestOf,
  type Holdings,
  offersNews,
  syncOf,
} from '../../src/overlay/anti-entropy.js'
import type { Report } from '../../src/snapshot/report.js'
import { GOSSIP_TARGET_BYTES } from '../../src/wire/limits.js'
import type { Presence } from '../../src/wire/messages.js'
import { bytes, type Entries, update } from '../operations.js'

function report(replica: string, n: number): Report {
  return { replica, n, seq: 0, clock: 0, epoch: 0, base: '', floor: 0 }
}

const presence = (replica: string, n: number): Presence => ({ replica, n, bytes: bytes(n) })

function holdings(applied: Entries, reports: Entries = {}, presences: Entries = {}): Holdings {
  return {
    applied: filled(new DigestedMap('operations', (seq) => seq), applied, (_, seq) => seq),
    reports: filled(new DigestedMap('reports', ({ n }) => n), reports, report),
    presences: filled(new DigestedMap('presences', ({ n }) => n), presences, presence),
  }
}

function filled<V>(
  map: DigestedMap<V>,
  entries: Entries,
  make: (replica: string, n: number) => V,
): DigestedMap<V> {
  for (const [replica, n] of Object.entries(entries)) map.set(replica, make(replica, n))
  return map
}

const entries = fc.dictionary(fc.constantFrom('anna', 'bert', 'cleo', 'dora'), fc.nat(1000))

describe('digests', () => {
  test('[OV6] do not depend on the order in which things came', () => {
    const reversed = (all: Entries) => Object.fromEntries(Object.entries(all).reverse())
    fc.assert(
      fc.property(entries, entries, entries, (a, b, c) => {
        expect(digestOf(holdings(reversed(a), reversed(b), reversed(c)))).toBe(digestOf(holdings(a, b, c)))
      }),
    )
  })

  test('[OV6] follow whatever is put in, replaced and taken out', () => {
    const steps = fc.array(fc.tuple(fc.constantFrom('anna', 'bert', 'cleo'), fc.option(fc.nat(9))))
    fc.assert(
      fc.property(steps, (all) => {
        const map = new DigestedMap<number>('operations', (seq) => seq)
        for (const [replica, seq] of all) {
          if (seq === null) map.delete(replica)
          else map.set(replica, seq)
        }
        const anew = filled(
          new DigestedMap<number>('operations', (seq) => seq),
          Object.fromEntries(map),
          (_, n) => n,
        )
        expect(map.digest).toBe(anew.digest)
        map.clear()
        expect(map.digest).toBe(0)
      }),
    )
  })

  test('[OV6] tell whether two hold the same', () => {
    const all = fc.tuple(entries, entries, entries)
    fc.assert(
      fc.property(all, all, (a, b) => {
        const isSame = JSON.stringify(a.map(sorted)) === JSON.stringify(b.map(sorted))
        expect(digestOf(holdings(...a)) === digestOf(holdings(...b))).toBe(isSame)
      }),
    )
    // The same number means something else for another kind, and for another member.
    const digests = [
      holdings({ anna: 1 }),
      holdings({ bert: 1 }),
      holdings({ anna: 2 }),
      holdings({}, { anna: 1 }),
      holdings({}, {}, { anna: 1 }),
    ].map(digestOf)
    expect(new Set(digests).size).toBe(digests.length)
  })
})

const sorted = (all: Entries) => Object.entries(all).sort()

describe('comparing', () => {
  test('[OV6] sees what the other has more, of any kind', () => {
    const ours = holdings({ anna: 2, bert: 1 }, { anna: 3 }, { anna: 4 })
    const offers = (theirs: Holdings) => offersNews(syncOf(theirs, 0), ours, 0)
    expect(offers(ours)).toBe(false)
    expect(offers(holdings({ anna: 1 }))).toBe(false)
    expect(offers(holdings({ anna: 3 }))).toBe(true)
    expect(offers(holdings({ cleo: 1 }))).toBe(true)
    expect(offers(holdings({}, { anna: 4 }))).toBe(true)
    expect(offers(holdings({}, {}, { cleo: 1 }))).toBe(true)
  })

  test('[OV6] a member that is known and has made nothing yet is news as well', () => {
    expect(offersNews(syncOf(holdings({ cleo: 0 }), 0), holdings({}), 0)).toBe(true)
  })

  test('[SP7] an author that we forgot is no news if the other stands below our snapshot point', () => {
    const theirs = holdings({ gone: 9 })
    expect(offersNews(syncOf(theirs, 4), holdings({}), 5)).toBe(false)
    expect(offersNews(syncOf(theirs, 5), holdings({}), 5)).toBe(true)
  })

  test('[OV6] the answer holds the operations, and only newer reports and presences; the last message is marked', () => {
    const ours = holdings({}, { anna: 3, bert: 1 }, { anna: 2, bert: 5 })
    const theirs = syncOf(holdings({}, { anna: 2, bert: 1 }, { anna: 2, bert: 4 }), 0)
    const missing = [update('anna', 1, 1)]
    const messages = answer(theirs, missing, ours)
    expect(messages.flatMap(({ operations }) => operations)).toEqual(missing)
    expect(messages.flatMap(({ reports }) => reports)).toEqual([report('anna', 3)])
    expect(messages.flatMap(({ presences }) => presences)).toEqual([presence('bert', 5)])
    expect(messages.map((message) => message.answer)).toEqual([false, true])
  })
})

describe('batches', () => {
  test('[WI2] hold all operations in order, each of bounded payload', () => {
    const sizes = fc.array(fc.oneof(fc.nat(100), fc.nat(GOSSIP_TARGET_BYTES)), { maxLength: 12 })
    fc.assert(
      fc.property(sizes, (lengths) => {
        const operations = lengths.map((length, i) =>
          update('anna', i + 1, i + 1, {}, new Uint8Array(length)),
        )
        const parts = batches(operations)
        expect(parts.flat()).toEqual(operations)
        for (const part of parts) {
          const sum = part
            .slice(0, -1)
            .reduce((all, one) => all + (one.kind === 'update' ? one.payload.length : 0), 0)
          expect(part.length).toBeGreaterThan(0)
          expect(sum).toBeLessThan(GOSSIP_TARGET_BYTES)
        }
      }),
    )
  })

  test('are few: small operations go together', () => {
    const operations = Array.from({ length: 100 }, (_, i) => update('anna', i + 1, i + 1))
    expect(batches(operations)).toHaveLength(1)
    expect(batches([])).toEqual([])
  })
})
