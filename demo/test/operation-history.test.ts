/** The strip shows every operation once, however looks at the log and news of it come in between each other. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type LoggedOperation, OperationHistory } from '../src/room/operation-history.js'

const step = fc.oneof(
  fc.record({ kind: fc.constant('append' as const), count: fc.integer({ min: 1, max: 5 }) }),
  // News comes when all of it has happened: several moves of the point may be told one after another.
  fc.record({
    kind: fc.constant('move' as const),
    moves: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
    looksBetween: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('look' as const) }),
)

function operation(clock: number): LoggedOperation {
  return { author: 'ada', seq: clock, clock, kind: 'update', bytes: 10 }
}

describe('the history of operations', () => {
  it('holds every operation once, in order', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const history = new OperationHistory()
        let clock = 0
        let point = 0
        const log = () => Array.from({ length: clock - point }, (_, i) => operation(point + 1 + i))
        for (const one of steps) {
          if (one.kind === 'append') clock += one.count
          else if (one.kind === 'look') history.look(log(), point)
          else {
            const told: { point: number; dropped: number }[] = []
            for (const wanted of one.moves) {
              const dropped = Math.min(wanted, clock - point)
              point += dropped
              told.push({ point, dropped })
            }
            for (const move of told) {
              if (one.looksBetween) history.look(log(), point)
              history.compacted(move.point, move.dropped, undefined)
            }
          }
        }
        history.look(log(), point)
        const shown = history.latest(1000)
        expect(shown.length).toBe(clock)
        expect(shown.map(({ index }) => index)).toEqual(shown.map((_, i) => i))
        for (const { clock: place, author, index } of shown) if (author !== '') expect(place).toBe(index + 1)
      }),
      { numRuns: 500 },
    )
  })
})
