import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { YjsStructure } from '../../src/index.js'
import { contentOf } from '../renumbering/content.js'
import { Mirror } from '../renumbering/mirror.js'
import {
  apply,
  change,
  cut,
  epochOf,
  LINEAGE,
  load,
  type Member,
  member,
  newcomer,
  piecesOf,
} from './members.js'
import { parted, settle } from './returning.js'

describe('coming back', () => {
  test('puts what was typed between two survivors between them, though one that it was typed beside has moved', () => {
    const alice = member(1)
    alice.text.insert(0, 'oTr')
    alice.structure.takeLocalChange()
    alice.epochs.found(LINEAGE)
    const [bob, carol, dan] = [newcomer(2, alice), newcomer(3, alice), newcomer(4, alice)]
    // p before T and q behind it: without T they change places.
    const p = change(carol, () => carol.text.insert(1, 'p'))
    const q = change(bob, () => bob.text.insert(2, 'q'))
    const purge = change(alice, () => alice.text.delete(1, 1))
    apply(dan, p, q, purge)
    expect(dan.text.toString()).toBe('opqr')
    // Away, Dan types between p and q, and erases p.
    dan.text.insert(2, 'm')
    dan.text.delete(1, 1)
    expect(dan.text.toString()).toBe('omqr')
    cut(alice, [purge])
    apply(alice, q, p)
    expect(alice.text.toString()).toBe('oqpr')
    load(dan, alice, [q, p])
    expect(dan.text.toString()).toBe('omqr')
    settle(dan, alice)
  })

  test('keeps what was written offline and shows what the others did, under the same objects', () => {
    const { alice, bob, mirror } = parted()
    const inner = bob.doc.getArray<Y.Text>('array').get(0)
    const ofAlice = [
      change(alice, () => alice.text.insert(3, ' and')),
      change(alice, () => alice.doc.getArray<Y.Text>('array').get(0).insert(5, ' text')),
      change(alice, () => alice.text.delete(0, 3)),
    ]
    bob.text.insert(9, '!')
    bob.text.delete(4, 5)
    bob.doc.getArray<Y.Text>('array').get(0).insert(0, 'my ')
    cut(alice, ofAlice)
    const more = change(alice, () => alice.text.insert(0, 'So'))
    cut(alice, [more])
    load(bob, alice)
    mirror.check()
    expect(epochOf(bob)).toBe(3)
    expect(bob.doc.getArray('array').get(0)).toBe(inner)
    expect(inner.toString()).toBe('my inner text')
    expect(bob.text.toString()).toBe('So and !')
    settle(bob, alice)
    expect(bob.structure.takeLocalChange()).toBeUndefined()
  })

  test('shows all that others wrote, down to the last line break, and types within types', () => {
    const { alice, bob } = parted()
    const mirror = new Mirror([bob.doc.getText('lines')])
    const write = () => {
      const lines = alice.doc.getText('lines')
      lines.insert(0, 'first\n\n')
      const rich = new Y.XmlText()
      alice.doc.getXmlFragment('xml').insert(0, [rich])
      const element = new Y.XmlElement<{ [key: string]: object }>('p')
      element.setAttribute('data', new Y.Map([['deep', new Y.Array<unknown>()]]))
      rich.insert(0, 'plain ')
      rich.insertEmbed(6, new Y.Map([['token', 1]]))
      rich.insert(7, 'bold\n', { bold: true })
      rich.insertEmbed(12, element as never)
      element.insert(0, [new Y.XmlText('inner\n')])
      alice.doc.getMap('map').set('doc', new Y.Doc({ guid: 'sub' }))
    }
    const above = [change(alice, () => alice.doc.transact(write))]
    load(bob, alice, above)
    mirror.check()
    expect(contentOf(bob.doc)).toEqual(contentOf(alice.doc))
    expect(bob.doc.getText('lines').toString()).toBe('first\n\n')
    expect(bob.structure.takeLocalChange()).toBeUndefined()
  })

  test('keeps the order of what was written between neighbours that are gone since', () => {
    const { alice, bob, mirror } = parted()
    // Of these, the room keeps nothing that could tell in which order they lie.
    bob.text.insert(3, 'first')
    bob.text.insert(9, 'second')
    expect(bob.text.toString()).toBe('onefirst secondthree')
    const later = bob.text.toString().indexOf('three')
    bob.text.insert(later + 2, 'fourth')
    bob.text.insert(later + 1, 'third')
    bob.text.insert(0, 'zeroth')
    cut(alice, [change(alice, () => alice.text.delete(0, alice.text.length))])
    cut(alice, [change(alice, () => alice.text.insert(0, '.'))])
    load(bob, alice)
    mirror.check()
    expect(bob.text.toString()).toMatch(/^\.?zeroth\.?first\.?second\.?third\.?fourth\.?$/)
    settle(bob, alice)
  })

  test('shows much in one piece', () => {
    const { alice, bob } = parted()
    const deltas: unknown[][] = []
    bob.text.observe(({ delta }) => deltas.push(delta))
    const written = 'much text 😀 '.repeat(2_000)
    load(bob, alice, [change(alice, () => alice.text.insert(3, written))])
    expect(deltas).toEqual([[{ retain: 3 }, { insert: written }]])
  })

  test('carries nothing that the room has received', () => {
    const { alice, bob } = parted()
    const sent = change(bob, () => bob.text.insert(0, 'sent '))
    apply(alice, sent)
    load(bob, alice, [sent])
    expect(bob.structure.takeLocalChange()).toBeUndefined()
    cut(alice, [sent])
    load(bob, alice)
    expect(bob.structure.takeLocalChange()).toBeUndefined()
    expect(bob.text.toString()).toBe('sent one three')
  })

  test('carries what was made an operation and reached nobody', () => {
    const { alice, bob } = parted()
    change(bob, () => bob.text.insert(0, 'lost '))
    cut(alice, [change(alice, () => alice.text.insert(9, '.'))])
    load(bob, alice)
    settle(bob, alice)
    expect(alice.text.toString()).toBe('lost one three.')
  })

  test('carries what somebody else made and could only tell this side', () => {
    const { alice, bob } = parted()
    const carol = newcomer(3, bob)
    apply(
      bob,
      change(carol, () => carol.text.insert(0, 'Carol: ')),
    )
    cut(alice, [])
    load(bob, alice)
    const carried = change(bob, () => {})
    apply(alice, carried)
    expect(alice.text.toString()).toBe('Carol: one three')
    load(carol, alice, [carried])
    expect(carol.text.toString()).toBe('Carol: one three')
    expect(carol.structure.takeLocalChange()).toBeUndefined()
  })

  test('leaves no gap where the first thing written offline was deleted again', () => {
    const { alice, bob } = parted()
    // As a GC struct it grows together with the one that fills the clocks before the base.
    const list = bob.doc.getArray<unknown>('array')
    list.push([new Y.Map([['a', 1]])])
    list.delete(1, 1)
    list.push(['kept'])
    load(bob, alice)
    settle(bob, alice)
    expect(list.toJSON()).toEqual(['inner', 'kept'])
    settle(alice, bob)
  })

  test('a document keeps its naming when it gets another structure', () => {
    const { alice, bob } = parted()
    bob.structure.destroy()
    bob.text.insert(0, 'meanwhile ')
    cut(alice, [change(alice, () => alice.text.insert(9, '.'))])
    const structure = new YjsStructure(bob.doc, { compaction: 'full', onLocalChange: () => {} })
    const { epochs } = structure
    if (epochs === undefined) throw new Error('Full compaction has epochs')
    expect(epochs.namings).toEqual([{ lineage: LINEAGE, epoch: 1 }])
    const again = { ...bob, structure, epochs }
    load(again, alice)
    settle(again, alice)
    expect(alice.text.toString()).toBe('meanwhile one three.')
  })

  test('through somebody who came later than oneself', () => {
    const { alice, bob } = parted()
    bob.text.insert(0, 'offline ')
    cut(alice, [change(alice, () => alice.text.insert(9, '.'))])
    cut(alice, [])
    const carol = newcomer(3, alice)
    cut(carol, [])
    load(bob, carol)
    settle(bob, carol)
    expect(carol.text.toString()).toBe('offline one three.')
  })

  test('tables of all earlier epochs are handed on', () => {
    const { bob } = parted()
    cut(bob, [])
    const dave = newcomer(5, newcomer(4, bob))
    for (const epoch of [0, 1, 2]) expect(dave.epochs.reaches({ lineage: LINEAGE, epoch })).toBe(true)
    expect(dave.epochs.reaches({ lineage: LINEAGE, epoch: 3 })).toBe(false)
    expect(dave.epochs.reaches({ lineage: 'another', epoch: 1 })).toBe(false)
  })
})

describe('an abandoned load', () => {
  test('of a document with content leaves everything as it was', () => {
    const { alice, bob } = parted()
    cut(alice, [change(alice, () => alice.text.insert(0, 'x'.repeat(200)))])
    bob.text.insert(0, 'offline ')
    const before = contentOf(bob.doc)
    bob.structure.beginLoad()
    bob.epochs.enter(alice.epochs.namings)
    const first = alice.structure.encodeState(50).next()
    if (!first.done) expect(bob.structure.loadPiece(first.value.bytes)).toBeUndefined()
    expect(bob.structure.takeLocalChange()).toBeUndefined()
    bob.structure.endLoad()
    expect(contentOf(bob.doc)).toEqual(before)
    expect(epochOf(bob)).toBe(1)
    load(bob, alice)
    settle(bob, alice)
  })

  test('into an empty document is made up for by the next one, though the room went on', () => {
    const { alice } = parted()
    const carol = member(3)
    carol.structure.beginLoad()
    carol.epochs.enter(alice.epochs.namings)
    const pieces = alice.structure.encodeState(10)
    for (let left = 12; left > 0; left--) {
      const next = pieces.next()
      if (!next.done) carol.structure.loadPiece(next.value.bytes)
    }
    carol.structure.endLoad()
    carol.text.insert(0, 'typed ')
    cut(alice, [change(alice, () => alice.text.insert(0, 'X'))])
    load(carol, alice)
    settle(carol, alice)
    expect(alice.text.toString()).toContain('Xone three')
    expect(alice.text.toString().match(/typed/g)).toHaveLength(1)
  })
})

describe('a load that broke off', () => {
  function loadAllBut(lacking: number, to: Member, from: Member): void {
    to.structure.beginLoad()
    to.epochs.enter(from.epochs.namings)
    for (const bytes of piecesOf(from, 1e9).slice(0, -lacking)) to.structure.loadPiece(bytes)
    to.structure.endLoad()
  }

  test('before anything came leaves a newcomer of no room', () => {
    const { alice } = parted()
    const carol = member(3)
    loadAllBut(1, carol, alice)
    expect(carol.epochs.namings).toEqual([])
  })

  test('leaves a newcomer in the knowledge of all that its part stems from', () => {
    const orphans: Y.Doc[] = []
    const { alice, bob } = parted((document) => orphans.push(document))
    alice.epochs.found('another')
    cut(alice, [change(alice, () => alice.text.insert(0, 'x'.repeat(100_000)))])
    const carol = member(3)
    loadAllBut(1, carol, alice)
    expect(carol.text.length).toBeGreaterThan(0)
    carol.epochs.found('third')
    const [shown, own] = [carol.text.toString(), bob.text.toString()]
    load(bob, carol)
    expect(bob.text.toString()).toBe(shown)
    expect(orphans.map((doc) => doc.getText('text').toString())).toEqual([own])
  })
})
