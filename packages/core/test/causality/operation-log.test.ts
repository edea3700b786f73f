import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { OperationLog } from '../../src/causality/operation-log.js'
import { compareOperations, type Operation } from '../../src/index.js'
import { bytes, join, update, vector } from '../operations.js'

const AUTHORS = ['anna', 'bert', 'cleo'] as const

function logOf(operations: readonly Operation[]): OperationLog {
  const log = new OperationLog()
  for (const operation of operations) log.insert(operation)
  return log
}

/** Each author's operations in the order of seq with rising clocks, the authors interleaved at random. */
const applicable = fc
  .array(fc.tuple(fc.constantFrom(...AUTHORS), fc.integer({ min: 1, max: 4 })), { maxLength: 30 })
  .map((steps) => {
    const last = new Map<string, { seq: number; clock: number }>()
    return steps.map(([author, step]) => {
      const before = last.get(author) ?? { seq: 0, clock: 0 }
      const next = { seq: before.seq + 1, clock: before.clock + step }
      last.set(author, next)
      return update(author, next.seq, next.clock, {}, new Uint8Array(step))
    })
  })

const bytesOf = (operations: readonly Operation[]) =>
  operations.reduce((sum, one) => sum + (one.kind === 'update' ? one.payload.length : 0), 0)

describe('the log', () => {
  test('[OP4] keeps the total order, whatever the order of arrival', () => {
    fc.assert(
      fc.property(applicable, (operations) => {
        const log = logOf(operations)
        expect(log.operations).toEqual([...operations].sort(compareOperations))
        expect(log.length).toBe(operations.length)
        expect(log.bytes).toBe(bytesOf(operations))
      }),
    )
  })

  test('[OP2] is not given an operation with a gap before it', () => {
    const log = logOf([update('anna', 1, 1)])
    expect(() => log.insert(update('anna', 3, 3))).toThrow('log gap: anna 3 after 1')
  })

  test('[OV6] tells what a replica lacks: exactly the rest of each author, in total order', () => {
    const entry = fc.integer({ min: 0, max: 12 })
    fc.assert(
      fc.property(applicable, entry, entry, entry, (operations, anna, bert, cleo) => {
        const have = vector({ anna, bert, cleo })
        const lacking = operations.filter(({ author, seq }) => seq > (have.get(author) ?? 0))
        expect(logOf(operations).missingFrom(have)).toEqual(lacking.sort(compareOperations))
      }),
    )
  })

  test('[SP5] gives up what lies at or below the point, in total order, and keeps the rest', () => {
    fc.assert(
      fc.property(applicable, fc.integer({ min: 0, max: 60 }), (operations, point) => {
        const log = logOf(operations)
        const below = operations.filter(({ clock }) => clock <= point).sort(compareOperations)
        const above = operations.filter(({ clock }) => clock > point).sort(compareOperations)
        expect(log.takeThrough(point)).toEqual(below)
        expect(log.operations).toEqual(above)
        expect(log.bytes).toBe(bytesOf(above))
        expect(log.missingFrom(new Map())).toEqual(above)
      }),
    )
  })

  test('[SP5] goes on after dropping, and serves those who lack more than it has', () => {
    const log = logOf([update('anna', 1, 1), join('anna', 2, 2, 'bert', 0), update('anna', 3, 3)])
    log.takeThrough(2)
    log.insert(update('anna', 4, 4, {}, bytes(1, 2)))
    expect(log.missingFrom(new Map()).map(({ seq }) => seq)).toEqual([3, 4])
    expect(log.missingFrom(vector({ anna: 3 })).map(({ seq }) => seq)).toEqual([4])
    expect(log.bytes).toBe(3)
  })
})
