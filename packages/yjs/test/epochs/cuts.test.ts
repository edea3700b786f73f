import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { baseClientOf } from '../../src/epochs/base-client.js'
import { YjsStructure, type YjsStructureOptions } from '../../src/index.js'
import { contentOf } from '../renumbering/content.js'
import {
  apply,
  beginCut,
  change,
  cut,
  epochOf,
  founder,
  LINEAGE,
  load,
  member,
  newcomer,
  prepared,
  sizeOf,
} from './members.js'

describe('a cut', () => {
  test('does away with everything but the content, under the same objects', () => {
    const alice = founder(1)
    const { text } = alice
    const below = []
    for (let i = 0; i < 50; i++) below.push(change(alice, () => text.insert(i % 7, 'word')))
    for (let i = 0; i < 40; i++) below.push(change(alice, () => text.delete(i % 5, 4)))
    const shown = text.toString()
    const before = sizeOf(alice.doc)
    const events: unknown[] = []
    text.observe(({ delta }) => events.push(delta))
    const { bytesAfter, changedVisibly } = cut(alice, below)
    expect(changedVisibly).toBe(false)
    expect(events).toEqual([])
    expect(text.toString()).toBe(shown)
    expect(alice.doc.getText('text')).toBe(text)
    // The text, and the clocks that are used up.
    expect(sizeOf(alice.doc).structs).toBe(2)
    expect(sizeOf(alice.doc).bytes).toBeLessThan(before.bytes / 4)
    expect(Math.abs(bytesAfter - sizeOf(alice.doc).bytes)).toBeLessThan(20)
    expect(alice.structure.stateBytes()).toBe(bytesAfter)
    expect(epochOf(alice)).toBe(1)
  })

  test('[CU12] leaves formatting without effect to whoever made it, and the next one does away with that', () => {
    const alice = founder(1)
    const typed = change(alice, () => alice.text.insert(0, 'abcdef'))
    const bob = newcomer(2, alice, [typed])
    const bold = change(alice, () => alice.text.format(2, 2, { bold: true }))
    const erased = change(bob, () => bob.text.delete(2, 2))
    apply(alice, erased)
    // Yjs itself deletes one of the two marks that are left.
    const cleaned = change(alice, () => {})
    apply(bob, bold, cleaned)
    const below = [typed, bold, erased, cleaned]
    cut(alice, below)
    cut(bob, below)
    expect(sizeOf(alice.doc).structs).toBeGreaterThan(3)
    const undo = new Y.UndoManager(alice.text)
    const tidied = change(alice, () => alice.epochs.tidy?.())
    expect(undo.undoStack).toEqual([])
    apply(bob, tidied)
    for (const member of [alice, bob]) {
      cut(member, [tidied])
      expect(member.text.toDelta()).toEqual([{ insert: 'abef' }])
      expect(
        [...member.doc.store.clients.values()].flat().filter((one) => one instanceof Y.Item),
      ).toHaveLength(1)
      member.epochs.tidy?.()
      expect(member.structure.takeLocalChange()).toBeUndefined()
    }
  })

  test('does away with it, whatever observers do, and tells what they threw', () => {
    const errors: unknown[] = []
    const alice = founder(1, { onObserverError: (error) => errors.push(error) })
    const typed = change(alice, () => alice.text.insert(0, 'abcdef'))
    const bob = newcomer(2, alice, [typed])
    const bold = change(alice, () => alice.text.format(2, 2, { bold: true }))
    const erased = change(bob, () => bob.text.delete(2, 2))
    apply(alice, erased)
    cut(alice, [typed, bold, erased, change(alice, () => {})])
    alice.text.observe(() => {
      throw new Error('the application is wrong')
    })
    const tidied = change(alice, () => alice.epochs.tidy?.())
    expect(errors).toEqual([new Error('the application is wrong')])
    cut(alice, [tidied])
    expect([...alice.doc.store.clients.values()].flat().filter((one) => one instanceof Y.Item)).toHaveLength(
      1,
    )
  })

  test('leaves it where something lies above: that may have given it an effect', () => {
    const alice = founder(1)
    const typed = change(alice, () => alice.text.insert(0, 'abcdef'))
    const bob = newcomer(2, alice, [typed])
    const bold = change(alice, () => alice.text.format(2, 2, { bold: true }))
    const erased = change(bob, () => bob.text.delete(2, 2))
    apply(alice, erased)
    const cleaned = change(alice, () => {})
    cut(
      alice,
      [typed, bold, erased, cleaned],
      [change(alice, () => alice.text.insert(2, 'X', { bold: true }))],
    )
    alice.epochs.tidy?.()
    expect(alice.structure.takeLocalChange()).toBeUndefined()
  })

  test('is the same for everybody, whenever it is executed, and late operations fit in', () => {
    const alice = founder(1)
    const bob = newcomer(2, alice)
    const first = change(alice, () => alice.text.insert(0, 'abcdef'))
    apply(bob, first)
    const gone = change(alice, () => alice.text.delete(1, 3))
    const late = change(bob, () => bob.text.insert(3, 'X'))
    const ofAlice = cut(alice, [first, gone])
    // Bob's cut comes after his own operation, which is above it.
    apply(bob, gone)
    const ofBob = cut(bob, [first, gone], [late])
    expect(ofBob.fingerprint).toBe(ofAlice.fingerprint)
    apply(alice, late)
    const next = change(bob, () => bob.text.insert(0, 'Y'))
    apply(alice, next)
    expect(alice.text.toString()).toBe('YaXef')
    expect(contentOf(alice.doc)).toEqual(contentOf(bob.doc))
    const again = [late, next]
    expect(cut(alice, again).fingerprint).toBe(cut(bob, again).fingerprint)
    expect(contentOf(alice.doc)).toEqual(contentOf(bob.doc))
  })

  test('with much above it is told no larger than it is', () => {
    const alice = founder(1)
    const above = Array.from({ length: 500 }, (_, i) => change(alice, () => alice.text.insert(i, 'x')))
    const { bytesBefore, bytesAfter } = cut(alice, [], above)
    const { bytes } = sizeOf(alice.doc)
    expect(Math.abs(bytesAfter - bytes)).toBeLessThan(20)
    expect(Math.abs(bytesBefore - bytes)).toBeLessThan(50)
  })

  test('names other content by another fingerprint', () => {
    const fingerprints = ['a', 'b'].map((typed) => {
      const alice = founder(1)
      return cut(alice, [change(alice, () => alice.text.insert(0, typed))]).fingerprint
    })
    expect(fingerprints[0]).not.toBe(fingerprints[1])
    expect(fingerprints[0]).toMatch(/^[0-9a-f]{64}$/)
  })

  test('takes in what is applied while it is prepared, and what comes right before its end', () => {
    const alice = founder(1)
    const below = [change(alice, () => alice.text.insert(0, 'base'))]
    const above: typeof below = []
    const work = beginCut(alice, below, above)
    for (let steps = 0; !work.prepare(); steps++) {
      if (steps % 2 === 0) above.push(change(alice, () => alice.text.insert(0, `${steps}`)))
    }
    above.push(change(alice, () => alice.text.insert(0, 'last')))
    const shown = alice.text.toString()
    work.commit()
    expect(alice.text.toString()).toBe(shown)
    expect(shown).toMatch(/^last.*base$/)
  })

  test('waits for the application to end its transaction', () => {
    const alice = founder(1)
    const work = prepared(beginCut(alice, [change(alice, () => alice.text.insert(0, 'x'))]))
    alice.doc.transact(() => {
      expect(work.canCommit).toBe(false)
      expect(() => work.commit()).toThrow(/can not be committed/)
    })
    expect(work.canCommit).toBe(true)
  })

  test('takes along what is not taken as a local change yet', () => {
    const alice = founder(1)
    const bob = newcomer(2, alice)
    const below = [change(alice, () => alice.text.insert(0, 'abcdef'))]
    apply(bob, ...below)
    const work = prepared(beginCut(alice, below))
    alice.text.insert(3, 'typed')
    alice.text.delete(0, 1)
    work.commit()
    expect(alice.text.toString()).toBe('bctypeddef')
    cut(bob, below)
    apply(
      bob,
      change(alice, () => {}),
    )
    expect(bob.text.toString()).toBe('bctypeddef')
    expect(alice.structure.takeLocalChange()).toBeUndefined()
  })

  test('leaves nothing to tell of what others removed, too', () => {
    const ada = founder(1)
    const word = change(ada, () => ada.text.insert(0, 'word'))
    const bob = newcomer(2, ada, [word])
    const removal = change(ada, () => ada.text.delete(0, 2))
    // Not taken: a newcomer may not make operations yet.
    bob.text.delete(0, 2)
    apply(bob, removal)
    cut(bob, [word], [removal])
    expect(bob.text.toString()).toBe('rd')
    expect(bob.structure.takeLocalChange()).toBeUndefined()
  })

  test('leaves nothing to tell of what was typed into something that others removed, and the author goes on', () => {
    const ada = founder(1)
    const list = ada.doc.getArray<Y.Text>('list')
    const made = change(ada, () => list.push([new Y.Text()]))
    const bob = newcomer(2, ada, [made])
    const removal = change(ada, () => list.delete(0, 1))
    // Not taken: a newcomer may not make operations yet.
    bob.doc.getArray<Y.Text>('list').get(0).insert(0, 'in vain')
    apply(bob, removal)
    cut(bob, [made], [removal])
    expect(bob.structure.takeLocalChange()).toBeUndefined()
    cut(ada, [made], [removal])
    apply(
      ada,
      change(bob, () => bob.text.insert(0, 'heard')),
    )
    expect(ada.text.toString()).toBe('heard')
  })

  test('is abandoned when another one begins, and only the next epoch can begin', () => {
    const alice = founder(1)
    const below = [change(alice, () => alice.text.insert(0, 'x'))]
    const first = prepared(beginCut(alice, below))
    const second = prepared(beginCut(alice, below))
    expect(first.canCommit).toBe(false)
    expect(() => first.prepare()).toThrow(/abandoned/)
    second.commit()
    expect(() => alice.epochs.begin({ lineage: LINEAGE, epoch: 3, below, above: [] })).toThrow(/epoch 3/)
    expect(() => beginCut(alice, [], []).fingerprint).toThrow(/not prepared/)
  })

  test('tells cursors where they are now, and keeps those of members one epoch behind working', () => {
    const moves: (Y.RelativePosition | null)[] = []
    const epochs: number[][] = []
    const position = () => Y.createRelativePositionFromTypeIndex(alice.text, 3)
    const alice = founder(1, {
      onEpoch: ({ from, to, translatePosition }) => {
        epochs.push([from, to])
        moves.push(translatePosition(before))
      },
    })
    const below = [change(alice, () => alice.text.insert(0, 'abcdef'))]
    below.push(change(alice, () => alice.text.delete(0, 1)))
    const before = position()
    cut(alice, below)
    const indexOf = (p: Y.RelativePosition | null | undefined) =>
      p ? Y.createAbsolutePositionFromRelativePosition(p, alice.doc)?.index : p
    expect(epochs).toEqual([[0, 1]])
    expect(indexOf(moves[0])).toBe(3)
    expect(indexOf(before)).toBeUndefined()
    expect(indexOf(alice.structure.translatePosition(before, 0))).toBe(3)
    const now = position()
    expect(alice.structure.translatePosition(now, 1)).toBe(now)
    cut(alice, [])
    expect(alice.structure.translatePosition(before, 0)).toBeUndefined()
  })
})

describe('an operation of the epoch before', () => {
  test('lands where its author typed it, also at somebody who came after the cut', () => {
    const alice = founder(1)
    const bob = newcomer(2, alice)
    const below = [change(alice, () => alice.text.insert(0, 'abcdef'))]
    apply(bob, ...below)
    const late = [change(bob, () => bob.text.insert(3, '1')), change(bob, () => bob.text.insert(4, '2'))]
    const gone = change(alice, () => alice.text.delete(1, 4))
    below.push(gone)
    cut(alice, below)
    const carol = member(3)
    load(carol, alice)
    for (const somebody of [alice, carol]) {
      apply(somebody, ...late)
      expect(somebody.text.toString()).toBe('a12f')
    }
    expect(cut(carol, late).fingerprint).toBe(cut(alice, late).fingerprint)
  })

  test('is not expected any more once the room has settled', () => {
    const alice = founder(1)
    const bob = newcomer(2, alice)
    const late = change(bob, () => bob.text.insert(0, 'x'))
    cut(alice, [])
    const position = Y.createRelativePositionFromTypeIndex(alice.text, 0)
    expect(alice.structure.translatePosition(position, 0)).toBeDefined()
    alice.epochs.settle()
    expect(alice.structure.apply(late.payload, 0)).toMatch(/nothing leads/)
    expect(alice.structure.translatePosition(position, 0)).toBeUndefined()
    expect(alice.epochs.reaches({ lineage: LINEAGE, epoch: 0 })).toBe(true)
    cut(alice, [change(alice, () => alice.text.insert(0, 'y'))])
    expect(contentOf(newcomer(3, alice).doc)).toEqual(contentOf(alice.doc))
  })
})

describe('observers', () => {
  /** A cut that swaps two insertions: what is shown changes, and observers hear of it. */
  function swapping(observe: (text: Y.Text) => void, options: Partial<YjsStructureOptions> = {}) {
    const low = founder(1)
    const high = member(2, options)
    load(high, low)
    const below = [change(low, () => low.text.insert(0, 'at'))]
    apply(high, ...below)
    const before = change(high, () => high.text.insert(1, 'B'))
    const after = change(low, () => low.text.insert(2, 'A'))
    const purge = change(low, () => low.text.delete(1, 1))
    below.push(purge)
    apply(low, before)
    apply(high, after, purge)
    observe(high.text)
    const { changedVisibly } = cut(high, below, [before, after])
    cut(low, below, [after, before])
    return { low, high, changedVisibly }
  }

  test('may edit in answer to what a cut shows, and nothing of it is lost', () => {
    let answered = false
    const { low, high, changedVisibly } = swapping((text) =>
      text.observe(() => {
        if (answered) return
        answered = true
        text.insert(0, '!')
      }),
    )
    expect(changedVisibly).toBe(true)
    expect(high.text.toString()).toBe('!aAB')
    apply(
      low,
      change(high, () => {}),
    )
    expect(low.text.toString()).toBe('!aAB')
    apply(
      low,
      change(high, () => high.text.insert(4, '.')),
    )
    expect(low.text.toString()).toBe(high.text.toString())
  })

  test('may throw while a cut is shown', () => {
    const errors: unknown[] = []
    const { high, low } = swapping(
      (text) => {
        const fail = () => {
          text.unobserve(fail)
          throw new Error('the application is wrong')
        }
        text.observe(fail)
      },
      { onObserverError: (error) => errors.push(error) },
    )
    expect(errors).toEqual([new Error('the application is wrong')])
    expect(high.text.toString()).toBe(low.text.toString())
    expect(epochOf(high)).toBe(1)
    apply(
      low,
      change(high, () => high.text.insert(0, 'x')),
    )
    expect(high.text.toString()).toBe(low.text.toString())
  })
})

describe('payloads that nobody should send', () => {
  function room() {
    const alice = founder(1)
    const bob = newcomer(2, alice)
    const below = [change(alice, () => alice.text.insert(0, 'abc'))]
    apply(bob, ...below)
    cut(bob, below)
    return { alice, bob, below }
  }

  test('are refused with a reason in either epoch, and change nothing', () => {
    const { bob } = room()
    const valid = Y.encodeStateAsUpdate(alone(77, 'typed by somebody'))
    for (const epoch of [0, 1]) {
      for (let length = 0; length < valid.length; length++) {
        expect(bob.structure.apply(valid.subarray(0, length), epoch)).toBeTypeOf('string')
      }
      for (let at = 0; at < valid.length; at++) {
        const damaged = valid.slice()
        damaged[at] = (damaged[at] ?? 0) ^ 0x55
        const before = Y.encodeStateAsUpdate(bob.doc)
        const refusal = bob.structure.apply(damaged, epoch)
        if (refusal !== undefined) expect(Y.encodeStateAsUpdate(bob.doc)).toEqual(before)
        expect([bob.doc.store.pendingStructs, bob.doc.store.pendingDs]).toEqual([null, null])
      }
    }
  })

  test('name ids that are nowhere', () => {
    const { bob } = room()
    const other = alone(77, 'abc')
    other.getText('text').delete(0, 1)
    const later = Y.encodeStateAsUpdate(other, Uint8Array.of(1, 77, 3))
    expect(bob.structure.apply(later, 1)).toMatch(/beyond what exists/)
    expect(bob.structure.apply(later, 0)).toMatch(/beyond what exists/)
  })

  test('write under the id of a base, of this epoch or the next', () => {
    const { bob } = room()
    for (const epoch of [0, 1]) {
      for (const reserved of [epoch, epoch + 1]) {
        const client = baseClientOf({ lineage: LINEAGE, epoch: reserved })
        const update = Y.encodeStateAsUpdate(alone(client, 'I am the base'))
        const refusal = bob.structure.apply(update, epoch)
        expect(refusal).toMatch(/that of a base/)
      }
    }
  })

  test('are of another epoch than this one or the one before', () => {
    const { bob, below } = room()
    expect(bob.structure.apply(below[0]?.payload as Uint8Array, 2)).toMatch(/epoch 2/)
    cut(bob, [])
    expect(bob.structure.apply(below[0]?.payload as Uint8Array, 0)).toMatch(/epoch 0/)
  })

  test('[OP8] come from an epoch that is long over, and do not keep history from being cut', () => {
    const { alice, bob, below } = room()
    cut(alice, below)
    const late = { payload: below[0]?.payload as Uint8Array, epoch: 0 }
    for (const member of [alice, bob]) {
      cut(member, [])
      expect(epochOf(member)).toBe(2)
      cut(member, [late], [late])
      expect([epochOf(member), member.text.toString()]).toEqual([3, 'abc'])
    }
  })

  test('[OP8] depend on what comes after them in total order: everybody lets go of them with the next cut', () => {
    const { alice, bob, below } = room()
    cut(alice, below)
    const first = change(alice, () => alice.text.insert(3, ' and'))
    // What no type of the kind shows is in it, too.
    for (const { doc } of [alice, bob]) {
      doc.getArray('array')
      doc.getMap('map')
    }
    const mallory = alone(77, '')
    Y.applyUpdate(mallory, Y.encodeStateAsUpdate(alice.doc))
    mallory.transact(() => {
      mallory.getText('text').insert(7, ' so on')
      Y.Map.prototype.set.call(mallory.getArray('array') as never, 'key', 1)
      Y.Array.prototype.insert.call(mallory.getMap('map') as never, 0, ['child'])
    })
    const leaning = Y.encodeStateAsUpdate(mallory, Y.encodeStateVector(alice.doc))
    const second = { payload: leaning, epoch: 1 }
    apply(alice, second)
    apply(bob, first, second)
    const fingerprints = [alice, bob].map((member) => cut(member, [second, first]).fingerprint)
    expect(fingerprints[0]).toBe(fingerprints[1])
    for (const { text } of [alice, bob]) expect(text.toString()).toBe('abc and')
    // Whatever its author types next still arrives.
    const next = change(alice, () => alice.text.insert(0, '!'))
    apply(bob, next)
    expect(bob.text.toString()).toBe('!abc and')
  })

  function alone(client: number, typed: string): Y.Doc {
    const doc = new Y.Doc()
    doc.clientID = client
    doc.getText('text').insert(0, typed)
    return doc
  }
})

test('what is written into a type that has been collected names nothing, in any epoch', () => {
  const alice = founder(1)
  const bob = newcomer(2, alice)
  const list = alice.doc.getArray<Y.Text>('array')
  const inner = new Y.Text('inner')
  const below = [change(alice, () => list.push([inner])), change(alice, () => list.delete(0, 1))]
  apply(bob, ...below)
  // The item is gone before the cut, so nobody can tell the type that it was purged.
  const above = [change(alice, () => inner.insert(0, 'before'))]
  apply(bob, ...above)
  cut(alice, below, above)
  cut(bob, below, above)
  const later = change(alice, () => {
    inner.insert(2, 'after')
    alice.text.insert(0, 'x')
  })
  apply(bob, later)
  expect(bob.text.toString()).toBe('x')
  expect(contentOf(bob.doc)).toEqual(contentOf(alice.doc))
  const all = [...above, later]
  expect(cut(bob, all).fingerprint).toBe(cut(alice, all).fingerprint)
  alice.epochs.found('another')
})

test('another provider is reported, once per origin, and our own transactions are not', () => {
  const foreign: unknown[] = []
  const alice = founder(1, { onForeign: (origin) => foreign.push(origin) })
  const bob = newcomer(2, alice)
  apply(
    alice,
    change(bob, () => bob.text.insert(0, 'ours')),
  )
  alice.doc.transact(() => alice.text.insert(0, 'local'), 'editor')
  expect(foreign).toEqual([])
  const other = new Y.Doc()
  for (const typed of ['a', 'b']) {
    other.getText('text').insert(0, typed)
    Y.applyUpdate(alice.doc, Y.encodeStateAsUpdate(other), 'disk')
  }
  expect(foreign).toEqual(['disk'])
})

test('weighs what a payload adds and what it deletes', () => {
  const alice = founder(1)
  const typed = change(alice, () => alice.text.insert(0, 'x'.repeat(1000)))
  const erased = change(alice, () => alice.text.delete(0, 900))
  expect(alice.epochs.weight(typed.payload)).toBe(typed.payload.length)
  expect(alice.epochs.weight(erased.payload)).toBe(erased.payload.length + 900)
  expect(alice.epochs.weight(Uint8Array.of(1, 2, 3))).toBe(3)
})

test("'fixed' knows no epochs", () => {
  expect(new YjsStructure(new Y.Doc(), { onLocalChange: () => {} }).epochs).toBeUndefined()
})
