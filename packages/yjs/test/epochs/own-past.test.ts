import type { NamedPayload } from '@tidemark/core'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { nameTheirPast } from '../../src/epochs/own-past.js'
import { UNCHANGED } from '../../src/epochs/return.js'

function payload(doc: Y.Doc, edit: (text: Y.Text) => void): NamedPayload {
  const before = Y.encodeStateVector(doc)
  edit(doc.getText('text'))
  return { payload: Y.encodeStateAsUpdate(doc, before), epoch: 0 }
}

function two() {
  const [anna, bert] = [new Y.Doc(), new Y.Doc()]
  const typed = payload(anna, (text) => text.insert(0, 'abc'))
  Y.applyUpdate(bert, typed.payload)
  return { bert, typed }
}

test.each<[string, (text: Y.Text) => void]>([
  ['a neighbour', (text) => text.insert(2, 'x')],
  ['what is deleted', (text) => text.delete(0, 1)],
])('[OP8] operations name what came before them: %s', (_, edit) => {
  const { bert, typed } = two()
  const next = payload(bert, edit)
  expect(nameTheirPast([typed, next], UNCHANGED)).toBe(true)
  expect(nameTheirPast([next, typed], UNCHANGED)).toBe(false)
})

test('[OP8] what lies below the cut is everybody’s past', () => {
  const { bert } = two()
  const next = payload(bert, (text) => text.insert(2, 'x'))
  expect(nameTheirPast([next], UNCHANGED)).toBe(false)
  expect(nameTheirPast([next], { ...UNCHANGED, endOf: () => 3 })).toBe(true)
})
