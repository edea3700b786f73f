/**
 * Random documents of every kind of content, and a room that exchanges their operations in causal order: one
 * log, read in order by everyone, stands for the protocol.
 */
import fc from 'fast-check'
import * as Y from 'yjs'
import { YjsStructure } from '../src/index.js'

/** One user action, as numbers that are read modulo whatever is there, so that any sequence is valid. */
export interface Edit {
  readonly site: number
  readonly action: number
  readonly at: number
  readonly amount: number
}

export const edits = (maxLength: number, sites: number): fc.Arbitrary<Edit[]> =>
  fc.array(
    fc.record({
      site: fc.nat(sites - 1),
      action: fc.nat(999),
      at: fc.nat(999),
      amount: fc.nat(999),
    }),
    { maxLength },
  )

/** What they may bring back, they keep from being collected: deleted items with their content. */
const undoManagers = new WeakMap<Y.Doc, Y.UndoManager>()

type Action = (doc: Y.Doc, at: number, amount: number) => void

// No surrogate pairs: an edit in the middle of one makes Yjs replace both halves, on one side only if it is an
// edit that changes nothing else. Editors never do that; random positions would.
const ACTIONS: readonly Action[] = [
  (doc, at, amount) => {
    const text = doc.getText('text')
    text.insert(at % (text.length + 1), 'añ日本xyz'.slice(0, 1 + (amount % 8)))
  },
  (doc, at, amount) => {
    const text = doc.getText('text')
    text.insert(at % (text.length + 1), String.fromCharCode(97 + (amount % 26)))
  },
  (doc, at, amount) => erase(doc.getText('text'), at, 1 + (amount % 4)),
  (doc, at, amount) => {
    const text = doc.getText('text')
    if (text.length === 0) return
    const from = at % text.length
    const value = amount % 3 === 0 ? null : true
    text.format(from, Math.min(1 + (amount % 5), text.length - from), { [amount % 2 ? 'bold' : 'em']: value })
  },
  (doc, at, amount) => {
    const text = doc.getText('text')
    text.insertEmbed(at % (text.length + 1), { image: amount })
  },
  (doc, at, amount) => {
    doc.getMap('map').set(`k${at % 4}`, amount % 2 ? amount : { nested: ['v', amount] })
  },
  (doc, at) => doc.getMap('map').delete(`k${at % 4}`),
  (doc, at, amount) => {
    doc.getMap('map').set(`k${at % 4}`, amount % 2 ? new Y.Text('inner') : new Y.Array())
  },
  (doc, at, amount) => {
    const inner = doc.getMap('map').get(`k${at % 4}`)
    if (inner instanceof Y.Text) inner.insert(amount % (inner.length + 1), 'in')
    if (inner instanceof Y.Array) inner.insert(amount % (inner.length + 1), [amount, 'deep', null])
  },
  (doc, at, amount) => {
    const array = doc.getArray<unknown>('array')
    const position = at % (array.length + 1)
    if (amount % 4 === 0) array.insert(position, [new Y.Map([['a', 1]]), new Y.Text('t')])
    else
      array.insert(
        position,
        Array.from({ length: 1 + (amount % 5) }, (_, i) => (i % 2 ? `s${i}` : i / 3)),
      )
  },
  (doc, at, amount) => erase(doc.getArray('array'), at, 1 + (amount % 3)),
  (doc, at, amount) => {
    const array = doc.getArray<unknown>('array')
    const inner = array.length === 0 ? undefined : array.get(at % array.length)
    if (inner instanceof Y.Map)
      inner.set(`i${amount % 2}`, amount % 5 === 0 ? new Y.Map([['x', 'y']]) : amount)
    if (inner instanceof Y.Text) inner.insert(0, 'head')
  },
  (doc, at, amount) => {
    const xml = doc.getXmlFragment('xml')
    const element = new Y.XmlElement('p')
    element.setAttribute('n', String(amount))
    xml.insert(at % (xml.length + 1), [element, new Y.XmlText('words')])
  },
  (doc, at, amount) => {
    const xml = doc.getXmlFragment('xml')
    const node = xml.length === 0 ? undefined : xml.get(at % xml.length)
    if (node instanceof Y.XmlElement) node.insert(0, [new Y.XmlText(`t${amount}`)])
    if (node instanceof Y.XmlText) node.format(0, Math.min(2, node.length), { b: amount % 2 ? {} : null })
  },
  (doc, at, amount) => erase(doc.getXmlFragment('xml'), at, 1 + (amount % 2)),
  (doc, at, amount) => {
    doc.getArray<unknown>('array').push([new Uint8Array([at % 256, amount % 256])])
  },
  (doc) => undoManagers.get(doc)?.undo(),
  (doc) => undoManagers.get(doc)?.redo(),
]

function erase(
  type: { length: number; delete(at: number, length: number): void },
  at: number,
  length: number,
) {
  if (type.length === 0) return
  const from = at % type.length
  type.delete(from, Math.min(length, type.length - from))
}

export function perform(doc: Y.Doc, { action, at, amount }: Omit<Edit, 'site'>): void {
  const chosen = ACTIONS[action % ACTIONS.length]
  if (chosen === undefined) throw new Error('No such action')
  chosen(doc, at, amount)
}

export function newDocument(clientId: number): Y.Doc {
  const doc = new Y.Doc()
  doc.clientID = clientId
  return doc
}

/** With an undo manager, which random edits make use of. */
export function newEditor(clientId: number): Y.Doc {
  const doc = newDocument(clientId)
  const roots = [doc.getText('text'), doc.getMap('map'), doc.getArray('array'), doc.getXmlFragment('xml')]
  undoManagers.set(doc, new Y.UndoManager(roots, { captureTimeout: 0 }))
  return doc
}

/** Everything two documents can differ in: what is visible, which structs exist, which are deleted. */
export function fingerprint(doc: Y.Doc) {
  return {
    text: doc.getText('text').toDelta(),
    map: doc.getMap('map').toJSON(),
    array: doc.getArray('array').toJSON(),
    xml: doc.getXmlFragment('xml').toString(),
    stateVector: sorted(Y.decodeStateVector(Y.encodeStateVector(doc))),
    deletes: sorted(
      new Map(
        [...Y.createDeleteSetFromStructStore(doc.store).clients].map(([client, ranges]) => [
          client,
          ranges.map(({ clock, len }) => [clock, len]),
        ]),
      ),
    ),
  }
}

function sorted<T>(entries: Map<number, T>): [number, T][] {
  return [...entries].sort(([a], [b]) => a - b)
}

interface LoggedOperation {
  readonly author: Member
  readonly payload: Uint8Array
}

export class Room {
  readonly log: LoggedOperation[] = []
}

export class Member {
  readonly doc: Y.Doc
  readonly structure: YjsStructure
  readonly #room: Room
  /** How much of the room's log is applied. */
  applied: number

  constructor(room: Room, clientId: number, applied = 0) {
    this.#room = room
    this.doc = newEditor(clientId)
    this.structure = new YjsStructure(this.doc, { onLocalChange: () => {} })
    this.applied = applied
  }

  /** Applies up to `count` further operations of the log. */
  pull(count = Number.POSITIVE_INFINITY): void {
    const until = Math.min(this.#room.log.length, this.applied + count)
    for (const { author, payload } of this.#room.log.slice(this.applied, until)) {
      if (author === this) continue
      const refusal = this.structure.apply(payload)
      if (refusal !== undefined) throw new Error(`A member's operation was refused: ${refusal}`)
    }
    this.applied = until
  }

  /** @returns whether there was anything to send. */
  push(): boolean {
    const payload = this.structure.takeLocalChange()
    if (payload !== undefined) this.#room.log.push({ author: this, payload })
    return payload !== undefined
  }
}

/** Lets everyone have everything, clean-ups that this causes included. */
export function settle(members: readonly Member[]): void {
  for (let active = true; active; ) {
    active = false
    for (const member of members) {
      member.pull()
      active = member.push() || active
    }
  }
  for (const member of members) member.pull()
}
