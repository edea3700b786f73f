import { describe, expect, test } from 'vitest'
import { contentOf } from '../renumbering/content.js'
import { change, cut, epochOf, founder, member, newcomer, piecesOf } from './members.js'

function room() {
  const alice = founder(1)
  const { text } = alice
  cut(alice, [change(alice, () => text.insert(0, 'x'.repeat(3000)))])
  cut(alice, [change(alice, () => text.insert(5, 'y'.repeat(500)))])
  return alice
}

describe('a base on its way', () => {
  test.each([1, 7, 100, 100_000])('in pieces of %i bytes', (pieceBytes) => {
    const alice = room()
    const bob = member(2)
    bob.structure.beginLoad()
    bob.epochs.enter(alice.epochs.namings)
    let progress = 0
    const pieces = alice.structure.encodeState(pieceBytes)
    for (let next = pieces.next(); !next.done; next = pieces.next()) {
      expect(next.value.bytes.length).toBeLessThanOrEqual(pieceBytes + 1)
      expect(next.value.progress).toBeGreaterThanOrEqual(progress)
      progress = next.value.progress
      expect(bob.structure.loadPiece(next.value.bytes)).toBeUndefined()
    }
    expect(progress).toBe(1)
    bob.structure.endLoad()
    expect(contentOf(bob.doc)).toEqual(contentOf(alice.doc))
    expect(bob.epochs.baseBytes).toBe(alice.epochs.baseBytes)
    expect(bob.structure.takeLocalChange()).toBeUndefined()
  })

  test('is not changed by a cut that comes in between', () => {
    const alice = room()
    const pieces = alice.structure.encodeState(100)
    const received = [pieces.next()]
    const namings = alice.epochs.namings
    cut(alice, [change(alice, () => alice.text.delete(0, 3400))])
    for (let next = pieces.next(); !next.done; next = pieces.next()) received.push(next)
    const bob = member(2)
    bob.structure.beginLoad()
    bob.epochs.enter(namings)
    for (const { value } of received) if (value) expect(bob.structure.loadPiece(value.bytes)).toBeUndefined()
    bob.structure.endLoad()
    expect(bob.text.length).toBe(3500)
    expect(epochOf(bob)).toBe(2)
  })

  test('of an empty room is one piece of it', () => {
    const bob = newcomer(2, founder(1))
    expect(epochOf(bob)).toBe(0)
    const carol = newcomer(3, bob)
    expect(contentOf(carol.doc)).toEqual(contentOf(bob.doc))
  })

  test('damaged in any byte never throws, and nothing waits', () => {
    const alice = founder(1)
    cut(alice, [change(alice, () => alice.text.insert(0, 'abc'))])
    const pieces = piecesOf(alice, 1000)
    for (const [index, piece] of pieces.entries()) {
      for (let at = 0; at < piece.length; at++) {
        const bob = member(2)
        bob.structure.beginLoad()
        bob.epochs.enter(alice.epochs.namings)
        for (const [position, bytes] of pieces.entries()) {
          const damaged = bytes.slice()
          if (position === index) damaged[at] = (damaged[at] ?? 0) ^ 0x15
          if (bob.structure.loadPiece(damaged) !== undefined) break
        }
        bob.structure.endLoad()
        expect([bob.doc.store.pendingStructs, bob.doc.store.pendingDs]).toEqual([null, null])
      }
    }
  })

  test('[WI8] is refused where it would unpack to too much, and what was here stays', () => {
    const alice = room()
    const kinds = { table: 1, base: 2, crossing: 3 }
    // Says that it unpacks to 256 MB.
    const bomb = [0x80, 0x80, 0x80, 0x80, 0x01]
    const parts: [number, number[]][] = [
      [kinds.table, [0, ...bomb]],
      [kinds.crossing, bomb],
      [kinds.base, [1, ...bomb]],
    ]
    for (const [kind, bytes] of parts) {
      const bob = member(2)
      bob.text.insert(0, 'mine')
      bob.structure.beginLoad()
      bob.epochs.enter(alice.epochs.namings)
      expect(bob.structure.loadPiece(Uint8Array.from([kind, ...bytes]))).toMatch(/too much|without its table/)
      bob.structure.endLoad()
      expect(bob.text.toString()).toBe('mine')
    }
  })

  test('with a refused piece at its end is no whole base', () => {
    const alice = room()
    const pieces = piecesOf(alice, 100_000)
    const bob = member(2)
    bob.text.insert(0, 'mine')
    bob.structure.beginLoad()
    bob.epochs.enter(alice.epochs.namings)
    for (const piece of pieces.slice(0, -1)) expect(bob.structure.loadPiece(piece)).toBeUndefined()
    // The last one, of an empty list of updates.
    expect(bob.structure.loadPiece(Uint8Array.of(2 | 8, 0))).toMatch(/empty/)
    bob.structure.endLoad()
    expect(bob.text.toString()).toBe('mine')
  })

  test('calls out of order are errors of the caller', () => {
    const bob = member(2)
    expect(() => bob.structure.encodeState(100)).toThrow(/in no room/)
    expect(() => bob.structure.loadPiece(Uint8Array.of(2, 0, 0))).toThrow(/without a load/)
    expect(() => bob.structure.endLoad()).toThrow(/not begun/)
    expect(() => bob.epochs.enter([{ lineage: 'x', epoch: 0 }])).toThrow(/without a load/)
    bob.structure.beginLoad()
    expect(() => bob.structure.loadPiece(Uint8Array.of(2, 0, 0))).toThrow(/before the name/)
    expect(() => bob.structure.apply(Uint8Array.of(0, 0), 0)).toThrow(/before its base/)
    expect(() => bob.epochs.found('y')).toThrow(/being loaded/)
  })
})
