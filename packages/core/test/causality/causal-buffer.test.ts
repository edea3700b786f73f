import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CausalBuffer } from '../../src/causality/causal-buffer.js'
import { raise } from '../../src/causality/version-vector.js'
import type { Operation } from '../../src/index.js'
import { update, vector } from '../operations.js'

const WIDE = { maxOperations: 1000, maxBytes: 1_000_000 }

function takeAll(buffer: CausalBuffer, applied: Map<string, number>): Operation[] {
  const taken: Operation[] = []
  for (let next = buffer.takeReady(applied, 0); next; next = buffer.takeReady(applied, 0)) {
    raise(applied, next.author, next.seq)
    taken.push(next)
  }
  return taken
}

describe('the causal buffer', () => {
  test('[OP5] gives out an operation once everything it depends on is applied', () => {
    const buffer = new CausalBuffer(WIDE)
    const applied = vector({ anna: 0, bert: 0 })
    const answer = update('bert', 1, 2, { anna: 1 })
    buffer.add(answer)
    expect(buffer.takeReady(applied, 0)).toBeUndefined()
    expect(buffer.size).toBe(1)
    raise(applied, 'anna', 1)
    expect(buffer.takeReady(applied, 0)).toEqual(answer)
    expect(buffer.size).toBe(0)
  })

  test('[OV5] says whether the past of what comes next is here, or waits as well', () => {
    const buffer = new CausalBuffer(WIDE)
    const applied = vector({ anna: 0, bert: 0 })
    const missing = () => Object.fromEntries(buffer.missing(applied))
    expect(missing()).toEqual({})
    buffer.add(update('bert', 1, 2, { anna: 1 }))
    expect(missing()).toEqual({ 'anna 1': 'past' })
    buffer.add(update('anna', 3, 5))
    expect(missing()).toEqual({ 'anna 1': 'before' })
    buffer.add(update('anna', 1, 1))
    expect(missing()).toEqual({})
    // What nobody we know has made may never come.
    const strange = new CausalBuffer(WIDE)
    strange.add(update('bert', 1, 2, { stranger: 1 }))
    strange.add(update('stranger', 3, 2))
    expect(strange.missing(applied)).toEqual(new Map())
  })

  test('[OP5] gives everything out in a causal order, whatever the order of arrival', () => {
    // A chain that changes hands: each operation depends on the one before.
    const chain = Array.from({ length: 12 }, (_, i) => {
      const [author, other] = i % 2 === 0 ? ['anna', 'bert'] : ['bert', 'anna']
      const seq = Math.floor(i / 2) + 1
      const before = i % 2 === 0 ? seq - 1 : seq
      return update(author as string, seq, i + 1, before > 0 ? { [other as string]: before } : {})
    })
    fc.assert(
      fc.property(fc.shuffledSubarray(chain, { minLength: chain.length }), (arrivals) => {
        const buffer = new CausalBuffer(WIDE)
        for (const operation of arrivals) buffer.add(operation)
        expect(takeAll(buffer, vector({ anna: 0, bert: 0 }))).toEqual(chain)
        expect(buffer.size).toBe(0)
      }),
    )
  })

  test('keeps an operation of a later epoch, and says so, until that epoch is reached', () => {
    const buffer = new CausalBuffer(WIDE)
    const applied = vector({ anna: 0 })
    const ahead = { ...update('anna', 1, 2), epoch: 1 }
    buffer.add(ahead)
    expect(buffer.readyAbove(applied, 0)).toHaveLength(1)
    expect(buffer.takeReady(applied, 0)).toBeUndefined()
    expect(buffer.readyAbove(applied, 1)).toEqual([])
    expect(buffer.takeReady(applied, 1)).toEqual(ahead)
    expect(buffer.readyAbove(applied, 0)).toEqual([])
  })

  test('an operation of a later epoch whose past is missing waits for more than that epoch', () => {
    const buffer = new CausalBuffer(WIDE)
    const applied = vector({ anna: 0, bert: 0 })
    buffer.add({ ...update('anna', 1, 3, { bert: 1 }), epoch: 1 })
    expect(buffer.readyAbove(applied, 0)).toEqual([])
    raise(applied, 'bert', 1)
    expect(buffer.readyAbove(applied, 0)).toHaveLength(1)
  })

  test('gives out an operation of an earlier epoch', () => {
    const buffer = new CausalBuffer(WIDE)
    const late = update('anna', 1, 1)
    buffer.add(late)
    expect(buffer.takeReady(vector({ anna: 0 }), 1)).toEqual(late)
  })

  test('[EV6] knows whether a member is in the way, or nobody who could be asked', () => {
    const isMember = (author: string) => author === 'anna'
    const isInTheWay = (operation: Operation, applied: Map<string, number>) => {
      const buffer = new CausalBuffer(WIDE)
      buffer.add(operation)
      return buffer.waitsOnSomeOf(isMember, applied)
    }
    expect(isInTheWay(update('anna', 2, 2), vector({}))).toBe(true)
    expect(isInTheWay(update('bert', 1, 2, { anna: 1 }), vector({}))).toBe(true)
    expect(isInTheWay(update('bert', 1, 2, { anna: 1, cleo: 1 }), vector({ anna: 1 }))).toBe(false)
    expect(isInTheWay(update('bert', 1, 2, { cleo: 1 }), vector({ anna: 1 }))).toBe(false)
  })

  test('does not take the same operation twice', () => {
    const buffer = new CausalBuffer(WIDE)
    expect(buffer.add(update('anna', 2, 2))).toBe(true)
    expect(buffer.add(update('anna', 2, 2))).toBe(false)
    expect(buffer.has('anna', 2)).toBe(true)
    expect(buffer.has('anna', 1)).toBe(false)
    expect(buffer.size).toBe(1)
  })

  test('[OP5] holds no more operations than its limit', () => {
    const buffer = new CausalBuffer({ maxOperations: 2, maxBytes: 1000 })
    expect(buffer.add(update('anna', 2, 2))).toBe(true)
    expect(buffer.add(update('anna', 3, 3))).toBe(true)
    expect(buffer.add(update('anna', 4, 4))).toBe(false)
    expect(buffer.size).toBe(2)
    expect(buffer.has('anna', 4)).toBe(false)
  })

  test('[OP5] holds no more bytes than its limit, and has room again for what was taken out', () => {
    const buffer = new CausalBuffer({ maxOperations: 1000, maxBytes: 10 })
    const applied = vector({ anna: 1 })
    expect(buffer.add(update('anna', 2, 2, {}, new Uint8Array(6)))).toBe(true)
    expect(buffer.add(update('anna', 3, 3, {}, new Uint8Array(5)))).toBe(false)
    expect(buffer.add(update('anna', 3, 3, {}, new Uint8Array(4)))).toBe(true)
    expect(takeAll(buffer, applied)).toHaveLength(2)
    expect(buffer.add(update('anna', 5, 5, {}, new Uint8Array(10)))).toBe(true)
  })

  test('[OP5] always has room for an operation that waits for nothing', () => {
    const buffer = new CausalBuffer({ maxOperations: 1, maxBytes: 1 })
    buffer.add(update('anna', 2, 2))
    expect(buffer.add(update('anna', 1, 1, {}, new Uint8Array(100)), true)).toBe(true)
    expect(takeAll(buffer, vector({ anna: 0 }))).toHaveLength(2)
    expect(buffer.add(update('anna', 4, 4))).toBe(true)
  })

  test('has room again for what was discarded', () => {
    const buffer = new CausalBuffer({ maxOperations: 2, maxBytes: 10 })
    buffer.add(update('anna', 2, 2, {}, new Uint8Array(5)))
    buffer.add(update('bert', 2, 2, {}, new Uint8Array(5)))
    buffer.discard(({ author }) => author === 'anna')
    expect(buffer.size).toBe(1)
    expect(buffer.has('anna', 2)).toBe(false)
    expect(buffer.add(update('bert', 3, 3, {}, new Uint8Array(5)))).toBe(true)
  })
})
