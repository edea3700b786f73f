import type { StatePiece } from '@tidemark/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { StatePieces } from '../src/state-pieces.js'
import {
  type Edit,
  edits,
  fingerprint,
  Member,
  newDocument,
  newEditor,
  perform,
  Room,
  settle,
} from './documents.js'

function allPieces(doc: Y.Doc, pieceBytes: number): StatePiece[] {
  const pieces: StatePiece[] = []
  const iterator = new StatePieces(doc, pieceBytes)
  for (let result = iterator.next(); !result.done; result = iterator.next()) pieces.push(result.value)
  return pieces
}

function loadPlainly(pieces: readonly StatePiece[]): Y.Doc {
  const doc = new Y.Doc()
  for (const { bytes } of pieces) {
    Y.applyUpdate(doc, bytes)
    expect(doc.store.pendingStructs).toBeNull()
    expect(doc.store.pendingDs).toBeNull()
  }
  return doc
}

describe('a state in pieces', () => {
  test('an empty document is one empty piece', () => {
    const pieces = allPieces(new Y.Doc(), 100)
    expect(pieces).toEqual([{ bytes: Uint8Array.of(0, 0), progress: 1 }])
  })

  test('progress rises to exactly 1', () => {
    const doc = newDocument(1)
    for (let i = 0; i < 200; i++) doc.getText('text').insert(0, 'abc')
    const shares = allPieces(doc, 100).map(({ progress }) => progress)
    expect(shares.length).toBeGreaterThan(10)
    expect(shares).toEqual([...shares].sort((a, b) => a - b))
    expect(shares.indexOf(1)).toBe(shares.length - 1)
  })

  test.each([
    ['ASCII', 'a'],
    ['three bytes a character', '日'],
    ['surrogate pairs', '😀'],
  ])('one huge insertion is cut to size: %s', (_name, character) => {
    const doc = newDocument(1)
    const text = character.repeat(200_000)
    doc.getText('text').insert(0, text)
    const pieces = allPieces(doc, 16_384)
    expect(Math.max(...pieces.map(({ bytes }) => bytes.length))).toBeLessThan(17_000)
    expect(loadPlainly(pieces).getText('text').toString()).toBe(text)
  })

  test('a long run of array elements is cut to size', () => {
    const doc = newDocument(1)
    const values = Array.from({ length: 20_000 }, (_, i) => (i % 3 ? `value ${i}` : { i }))
    doc.getArray('array').push(values)
    const pieces = allPieces(doc, 16_384)
    expect(Math.max(...pieces.map(({ bytes }) => bytes.length))).toBeLessThan(17_000)
    expect(loadPlainly(pieces).getArray('array').toJSON()).toEqual(values)
  })

  test('a binary, which has no parts, travels whole', () => {
    const doc = newDocument(1)
    const bytes = new Uint8Array(5000).fill(7)
    doc.getArray('array').push([bytes])
    expect(loadPlainly(allPieces(doc, 100)).getArray('array').get(0)).toEqual(bytes)
  })

  test('what is written after the start stays out, even merged into an older run', () => {
    const doc = newDocument(1)
    doc.getText('text').insert(0, 'before')
    const iterator = new StatePieces(doc, 1000)
    doc.getText('text').insert(6, ' after')
    expect(doc.store.clients.get(1)?.length).toBe(1)
    const piece = iterator.next()
    expect(piece.value?.progress).toBe(1)
    expect(
      loadPlainly(piece.value ? [piece.value] : [])
        .getText('text')
        .toString(),
    ).toBe('before')
  })

  test('two writers who took turns at every character', () => {
    const a = newDocument(1)
    const b = newDocument(2)
    for (let i = 0; i < 300; i++) {
      const [writer, reader] = i % 2 ? [a, b] : [b, a]
      writer.getText('text').insert(i, String(i % 10))
      Y.applyUpdate(reader, Y.encodeStateAsUpdate(writer, Y.encodeStateVector(reader)))
    }
    expect(fingerprint(loadPlainly(allPieces(a, 60)))).toEqual(fingerprint(a))
  })

  test.each([1, 20, 30, 40, 50])(
    'formatting marks whose text comes in a later piece survive the clean-up: %i bytes',
    (pieceBytes) => {
      const room = new Room()
      const sponsor = new Member(room, 1)
      const text = sponsor.doc.getText('text')
      text.insert(0, 'after')
      text.insert(0, 'a', { bold: true })
      text.insert(1, 'typed between the marks, which then had nothing else between them')
      text.delete(0, 1)
      sponsor.push()
      const newcomer = new Member(room, 2, room.log.length)
      newcomer.doc.getText('text')
      newcomer.structure.beginLoad()
      for (const { bytes } of allPieces(sponsor.doc, pieceBytes))
        expect(newcomer.structure.loadPiece(bytes)).toBeUndefined()
      newcomer.structure.endLoad()
      expect(newcomer.structure.takeLocalChange()).toBeUndefined()
      expect(fingerprint(newcomer.doc)).toEqual(fingerprint(sponsor.doc))
    },
  )

  test('random documents with and without garbage collection arrive whole', () => {
    fc.assert(
      fc.property(edits(80, 3), fc.integer({ min: 1, max: 200 }), fc.boolean(), (script, pieceBytes, gc) => {
        const docs = [newEditor(1), newEditor(2), newEditor(3)]
        for (const doc of docs) doc.gc = gc
        for (const edit of script) {
          const doc = docs[edit.site] as Y.Doc
          perform(doc, edit)
          const other = docs[edit.amount % 3] as Y.Doc
          if (edit.at % 3 === 0) Y.applyUpdate(other, Y.encodeStateAsUpdate(doc, Y.encodeStateVector(other)))
        }
        const doc = docs[0] as Y.Doc
        const loaded = loadStructurally(allPieces(doc, pieceBytes))
        expect(fingerprint(loaded)).toEqual(fingerprint(doc))
      }),
      { numRuns: 300 },
    )
  }, 120_000)
})

function loadStructurally(pieces: readonly StatePiece[]): Y.Doc {
  const { doc, structure } = new Member(new Room(), 99)
  structure.beginLoad()
  for (const { bytes } of pieces) expect(structure.loadPiece(bytes)).toBeUndefined()
  structure.endLoad()
  expect(structure.takeLocalChange()).toBeUndefined()
  return doc
}

interface Schedule {
  readonly before: Edit[]
  readonly newcomerBefore: 'nothing' | 'own edits' | 'an earlier part' | 'an earlier part and own edits'
  readonly offline: Edit[]
  readonly during: Edit[]
  readonly pieceBytes: number
  readonly abortAfter: number
}

const schedules: fc.Arbitrary<Schedule> = fc.record({
  before: edits(60, 3),
  newcomerBefore: fc.constantFrom('nothing', 'own edits', 'an earlier part', 'an earlier part and own edits'),
  offline: edits(10, 1),
  during: edits(60, 4),
  pieceBytes: fc.integer({ min: 1, max: 150 }),
  abortAfter: fc.oneof(fc.constant(-1), fc.nat(5)),
})

/** One action of a member; now and then it also exchanges operations. The newcomer (3) can not, it only edits. */
function act(members: readonly Member[], newcomer: Member, edit: Edit): void {
  const member = edit.site === 3 ? newcomer : (members[edit.site] as Member)
  perform(member.doc, edit)
  if (member === newcomer) return
  if (edit.at % 2 === 0) member.push()
  if (edit.amount % 3 === 0) member.pull(edit.at % 5)
}

/** Independent of the code under test: what the pieces hold, by Yjs' own decoder. */
function contentsOf(pieces: readonly Uint8Array[]) {
  const state = new Map<number, number>()
  const deleted = new Set<string>()
  for (const bytes of pieces) {
    const { structs, ds } = Y.decodeUpdate(bytes)
    for (const { id, length } of structs) {
      state.set(id.client, Math.max(state.get(id.client) ?? 0, id.clock + length))
    }
    for (const id of idsOf(ds)) deleted.add(id)
  }
  return { state, deleted }
}

function idsOf(deletes: ReturnType<typeof Y.decodeUpdate>['ds']): string[] {
  const ids: string[] = []
  for (const [client, ranges] of deletes.clients) {
    for (const { clock, len } of ranges) for (let i = 0; i < len; i++) ids.push(`${client}:${clock + i}`)
  }
  return ids
}

function expectMinimal(carry: Uint8Array, pieces: readonly Uint8Array[]): void {
  const { state, deleted } = contentsOf(pieces)
  const { structs, ds } = Y.decodeUpdate(carry)
  for (const { id } of structs) expect(id.clock).toBeGreaterThanOrEqual(state.get(id.client) ?? 0)
  for (const id of idsOf(ds)) expect(deleted).not.toContain(id)
}

function joinWith(schedule: Schedule): void {
  const room = new Room()
  const members = [new Member(room, 10), new Member(room, 30), new Member(room, 20)]
  const [sponsor, second] = members as [Member, Member]
  // Sometimes above and sometimes below the others, since the ids decide conflicts.
  const newcomer = new Member(room, schedule.pieceBytes % 2 ? 25 : 5)
  const hasPart = schedule.newcomerBefore.startsWith('an earlier part')
  const half = Math.floor(schedule.before.length / 2)
  for (const edit of schedule.before.slice(0, half)) act(members, newcomer, edit)
  if (hasPart) settle([...members, newcomer])
  for (const edit of schedule.before.slice(half)) act(members, newcomer, edit)
  if (schedule.newcomerBefore.endsWith('own edits')) {
    for (const edit of schedule.offline) perform(newcomer.doc, edit)
  }

  let queue = schedule.during
  const load = (from: Member, limit: number): Uint8Array[] => {
    from.push()
    newcomer.applied = from.applied
    const pieces: Uint8Array[] = []
    newcomer.structure.beginLoad()
    const iterator = from.structure.encodeState(schedule.pieceBytes)
    for (let next = iterator.next(); !next.done && pieces.length < limit; next = iterator.next()) {
      expect(newcomer.structure.loadPiece(next.value.bytes)).toBeUndefined()
      expect(newcomer.doc.store.pendingStructs).toBeNull()
      expect(newcomer.doc.store.pendingDs).toBeNull()
      expect(newcomer.structure.takeLocalChange()).toBeUndefined()
      pieces.push(next.value.bytes)
      for (const edit of queue.slice(0, 3)) act(members, newcomer, edit)
      queue = queue.slice(3)
    }
    return pieces
  }
  if (schedule.abortAfter >= 0) load(second, schedule.abortAfter)
  const pieces = load(sponsor, Number.POSITIVE_INFINITY)
  newcomer.structure.endLoad()

  const carry = newcomer.structure.takeLocalChange()
  if (carry !== undefined) {
    expectMinimal(carry, pieces)
    newcomer.pull()
    room.log.push({ author: newcomer, payload: carry })
  }
  settle([...members, newcomer])
  for (const member of members) expect(fingerprint(newcomer.doc)).toEqual(fingerprint(member.doc))
}

describe('a newcomer loads pieces while everybody works on', () => {
  test('all converge, nothing ever waits, and the carry holds what the pieces had not', () => {
    fc.assert(fc.property(schedules, joinWith), { numRuns: 1000 })
  }, 120_000)
})
