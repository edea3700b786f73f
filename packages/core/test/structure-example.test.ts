/**
 * The structure of `docs/structure.md`: that the document shows the code that is tested; and that it, and a richer one
 * that other tests use, keep the promises which the document explains.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { SharedCounter } from './shared-counter.js'
import { SharedSet } from './shared-set.js'

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')

/** Hands on whatever there is to hand on. */
function sync(from: SharedSet, to: SharedSet): void {
  const payload = from.takeLocalChange()
  if (payload) expect(to.apply(payload)).toBeUndefined()
}

function load(to: SharedSet, from: SharedSet): void {
  to.beginLoad()
  for (const piece of from.encodeState()) expect(to.loadPiece(piece.bytes)).toBeUndefined()
  to.endLoad(true)
}

test('docs/structure.md shows this very code, and stays short', () => {
  const document = read('../../../docs/structure.md')
  const blocks = [...document.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = '']) => code)
  expect(blocks.length).toBeGreaterThan(0)
  for (const code of blocks) expect(code).toBe(read('shared-counter.ts'))
  expect(document.split('\n').length).toBeLessThanOrEqual(100)
})

test('a counter counts everybody once, whatever arrives twice or was there before', () => {
  const [anna, bert] = [new SharedCounter('anna'), new SharedCounter('bert')]
  anna.increment()
  anna.increment()
  bert.increment()
  bert.beginLoad()
  for (const piece of anna.encodeState()) bert.loadPiece(piece.bytes)
  bert.endLoad()
  expect(bert.total).toBe(3)
  const payload = anna.takeLocalChange()
  if (payload) bert.apply(payload)
  expect(bert.total).toBe(3)
  const carried = bert.takeLocalChange()
  if (carried) anna.apply(carried)
  expect([anna.total, bert.total]).toEqual([3, 3])
  expect(bert.takeLocalChange()).toBeUndefined()
})

describe('the structure', () => {
  test('gives out a local change once, and nothing if there is none', () => {
    const set = new SharedSet('anna')
    expect(set.takeLocalChange()).toBeUndefined()
    set.add('word')
    expect(set.takeLocalChange()).toBeDefined()
    expect(set.takeLocalChange()).toBeUndefined()
  })

  test('does not give out what others have made', () => {
    const [anna, bert] = [new SharedSet('anna'), new SharedSet('bert')]
    anna.add('word')
    sync(anna, bert)
    expect(bert.words).toEqual(['word'])
    expect(bert.takeLocalChange()).toBeUndefined()
  })

  test('converges: an addition wins over a removal that has not seen it', () => {
    const [anna, bert] = [new SharedSet('anna'), new SharedSet('bert')]
    anna.add('word')
    sync(anna, bert)
    anna.delete('word')
    bert.add('word')
    sync(anna, bert)
    sync(bert, anna)
    expect([anna.words, bert.words]).toEqual([['word'], ['word']])
    bert.delete('word')
    sync(bert, anna)
    expect([anna.words, bert.words]).toEqual([[], []])
  })

  test('after a load has all of the sponsor, and gives out what the sponsor had not', () => {
    const [sponsor, newcomer] = [new SharedSet('anna'), new SharedSet('bert')]
    sponsor.add('both')
    sync(sponsor, newcomer)
    sponsor.add('theirs')
    newcomer.add('ours')
    newcomer.delete('both')
    load(newcomer, sponsor)
    expect(newcomer.words).toEqual(['ours', 'theirs'])
    sync(newcomer, sponsor)
    expect(sponsor.words).toEqual(['ours', 'theirs'])
    expect(newcomer.takeLocalChange()).toBeUndefined()
  })

  test('after a load of all that it has gives out nothing', () => {
    const [sponsor, newcomer] = [new SharedSet('anna'), new SharedSet('bert')]
    for (const word of ['a', 'b']) sponsor.add(word)
    sponsor.delete('a')
    sync(sponsor, newcomer)
    load(newcomer, sponsor)
    expect(newcomer.takeLocalChange()).toBeUndefined()
  })

  test('refuses what is not a change, and does not change', () => {
    const set = new SharedSet('anna')
    set.add('word')
    const bad = [
      '',
      'null',
      '{"remove":["anna-0"],"add":5}',
      '{"add":[["t","w"]]}',
      '{"add":[5],"remove":[]}',
    ]
    for (const text of bad) {
      expect(set.apply(new TextEncoder().encode(text))).toBe('not a change of a set')
      expect(set.loadPiece(new TextEncoder().encode(text))).toBe('not a change of a set')
    }
    expect(set.words).toEqual(['word'])
  })
})
