import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { YjsStructure } from '../src/index.js'
import { edits, fingerprint, Member, newDocument, perform, Room, settle } from './documents.js'

function watched(clientId: number) {
  const doc = newDocument(clientId)
  let calls = 0
  const structure = new YjsStructure(doc, { onLocalChange: () => calls++ })
  return { doc, structure, calls: () => calls, text: doc.getText('text') }
}

function taken(structure: YjsStructure): Uint8Array {
  const payload = structure.takeLocalChange()
  if (payload === undefined) throw new Error('There was nothing to take')
  return payload
}

function observersOf(doc: Y.Doc): number {
  return [...doc._observers.values()].reduce((sum, observers) => sum + observers.size, 0)
}

describe('local changes', () => {
  test('several edits leave as one payload, once', () => {
    const { structure, text, calls } = watched(1)
    text.insert(0, 'one ')
    text.insert(4, 'two')
    expect(calls()).toBe(2)
    const peer = new Y.Doc()
    Y.applyUpdate(peer, taken(structure))
    expect(peer.getText('text').toString()).toBe('one two')
    expect(structure.takeLocalChange()).toBeUndefined()
  })

  test('a thousand keystrokes leave as one struct', () => {
    const { structure, text } = watched(1)
    for (let i = 0; i < 1000; i++) text.insert(i, 'k')
    expect(Y.decodeUpdate(taken(structure)).structs).toHaveLength(1)
  })

  test('a transaction that changes nothing is no change', () => {
    const { doc, structure, calls } = watched(1)
    doc.transact(() => doc.getText('text').toString())
    expect(calls()).toBe(0)
    expect(structure.takeLocalChange()).toBeUndefined()
  })

  test('what is applied is not sent back', () => {
    const author = watched(1)
    const peer = watched(2)
    author.text.insert(0, 'hello')
    expect(peer.structure.apply(taken(author.structure))).toBeUndefined()
    expect(peer.calls()).toBe(0)
    expect(peer.structure.takeLocalChange()).toBeUndefined()
  })

  test('only what came after the last take is in a payload, although Yjs has merged it into what was before', () => {
    const { doc, structure, text } = watched(1)
    text.insert(0, 'first')
    taken(structure)
    text.insert(5, ' second')
    expect(doc.store.clients.get(1)).toHaveLength(1)
    const { structs } = Y.decodeUpdate(taken(structure))
    expect(structs.map(({ id, length }) => [id.clock, length])).toEqual([[5, 7]])
  })

  test("Yjs' clean-up of formatting after a change from elsewhere is a local change", () => {
    const room = new Room()
    const [a, b] = [new Member(room, 1), new Member(room, 2)] as [Member, Member]
    a.doc.getText('text').insert(0, 'abc')
    settle([a, b])
    a.doc.getText('text').format(0, 3, { bold: true })
    b.doc.getText('text').delete(0, 3)
    a.push()
    b.push()
    a.pull()
    expect(a.structure.takeLocalChange()).toBeDefined()
  })

  test('an undo is a local change', () => {
    const author = watched(1)
    const peer = watched(2)
    const undo = new Y.UndoManager(author.text)
    author.text.insert(0, 'mistake')
    peer.structure.apply(taken(author.structure))
    undo.undo()
    peer.structure.apply(taken(author.structure))
    expect(peer.text.toString()).toBe('')
    undo.redo()
    peer.structure.apply(taken(author.structure))
    expect(peer.text.toString()).toBe('mistake')
  })

  test('an undo manager leaves what others wrote alone', () => {
    const author = watched(1)
    const peer = watched(2)
    peer.text.insert(0, 'theirs')
    const undo = new Y.UndoManager(author.text)
    author.structure.apply(taken(peer.structure))
    undo.undo()
    expect(author.text.toString()).toBe('theirs')
  })

  test('what another provider brings in is a local change', () => {
    const { doc, structure } = watched(1)
    const stored = newDocument(7)
    stored.getText('text').insert(0, 'from disk')
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(stored), 'another provider')
    const peer = new Y.Doc()
    Y.applyUpdate(peer, taken(structure))
    expect(peer.getText('text').toString()).toBe('from disk')
  })

  test('what another provider left waiting goes out when an operation sets it free', () => {
    const { doc, structure } = watched(1)
    const writer = newDocument(7)
    const updates: Uint8Array[] = []
    writer.on('update', (update: Uint8Array) => updates.push(update))
    writer.getText('text').insert(0, 'first')
    writer.getText('text').insert(5, ' second')
    const [first, second] = updates as [Uint8Array, Uint8Array]
    Y.applyUpdate(doc, second, 'another provider')
    expect(doc.store.pendingStructs).not.toBeNull()
    expect(structure.apply(first)).toBeUndefined()
    const peer = new Y.Doc()
    Y.applyUpdate(peer, taken(structure))
    expect(peer.getText('text').toString()).toBe('first second')
  })

  test('edits in an observer of a change from elsewhere are local', () => {
    const author = watched(1)
    const peer = watched(2)
    peer.text.observe((_event, transaction) => {
      if (transaction.origin === peer.structure) peer.doc.getMap('map').set('seen', true)
    })
    author.text.insert(0, 'x')
    peer.structure.apply(taken(author.structure))
    author.structure.apply(taken(peer.structure))
    expect(author.doc.getMap('map').toJSON()).toEqual({ seen: true })
    expect(author.structure.takeLocalChange()).toBeUndefined()
  })

  test('destroy detaches', () => {
    const bare = observersOf(newDocument(1))
    const { doc, structure, text, calls } = watched(1)
    expect(observersOf(doc)).toBeGreaterThan(bare)
    structure.destroy()
    expect(observersOf(doc)).toBe(bare)
    text.insert(0, 'unseen')
    expect(calls()).toBe(0)
    expect(structure.takeLocalChange()).toBeUndefined()
  })

  test('members that exchange random edits of every kind converge', () => {
    fc.assert(
      fc.property(edits(120, 3), (script) => {
        const room = new Room()
        const members = [new Member(room, 1), new Member(room, 2), new Member(room, 3)]
        for (const edit of script) {
          const member = members[edit.site] as Member
          perform(member.doc, edit)
          if (edit.at % 3 === 0) member.push()
          if (edit.amount % 3 === 0) member.pull(edit.at % 7)
        }
        settle(members)
        for (const member of members)
          expect(fingerprint(member.doc)).toEqual(fingerprint((members[0] as Member).doc))
      }),
      { numRuns: 300 },
    )
  }, 120_000)
})
