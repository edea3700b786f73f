import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { History, type Retention } from '../../src/causality/history.js'
import { advance, NO_BASE } from '../../src/compaction/base.js'
import { compareOperations, type Operation } from '../../src/index.js'
import { bytes, join, leave, update, vector } from '../operations.js'

const LIMITS = { maxOperations: 100, maxBytes: 100_000 }
const BODY = { kind: 'update', payload: bytes(7) } as const

function historyOf(
  self: string,
  members: readonly string[] = [self],
  retention: Retention = 'drop',
): History {
  const history = new History(self, LIMITS, retention)
  for (const member of members) history.admit(member)
  return history
}

/** Receives, and applies what became ready. @returns what was applied. */
function take(history: History, ...operations: Operation[]): Operation[] {
  const applied: Operation[] = []
  for (const operation of operations) history.receive(operation, 0)
  for (let next = history.takeReady(); next; next = history.takeReady()) {
    history.record(next)
    applied.push(next)
  }
  return applied
}

describe('authoring', () => {
  test('[OP1] names operations by author and seq, and logs the very thing', () => {
    const history = historyOf('anna')
    const first = history.author(BODY)
    const second = history.author({ kind: 'leave', who: 'anna' })
    expect(first).toEqual(update('anna', 1, 1, {}, bytes(7)))
    expect(second).toEqual(leave('anna', 2, 2))
    expect(history.log.operations).toEqual([first, second])
    expect(new Map(history.applied)).toEqual(vector({ anna: 2 }))
  })

  test('[OP3] takes one more than the largest clock seen, of operations and of reports in effect', () => {
    const history = historyOf('anna', ['anna', 'bert'])
    take(history, update('bert', 1, 41))
    expect(history.author(BODY).clock).toBe(42)
    history.witness(99)
    history.witness(50)
    expect(history.author(BODY).clock).toBe(100)
  })

  test.each([
    ['[OP3] whose clock contradicts what it follows', update('bert', 2, 41, { anna: 0 })],
    ['[LE1] that its author makes after it has left', update('bert', 2, 50)],
  ])('an operation %s is not applied, and is news once', (_, operation) => {
    const history = historyOf('anna', ['anna', 'bert'])
    take(history, leave('bert', 1, 42))
    expect(history.receive(operation, 0)).toBe('new')
    expect(history.takeReady()).toBeUndefined()
    expect(history.receive(operation, 0)).toBe('known')
    expect(history.applied.get('bert')).toBe(1)
  })

  test('[OP3] an operation that still waits is not seen yet', () => {
    const history = historyOf('anna', ['anna', 'bert'])
    take(history, update('bert', 2, 41))
    expect(history.author(BODY).clock).toBe(1)
  })

  test('[OP5] names as dependencies exactly what changed since the operation before', () => {
    const history = historyOf('anna', ['anna', 'bert', 'cleo'])
    take(history, update('bert', 1, 1), update('cleo', 1, 2))
    expect(history.author(BODY).deps).toEqual(vector({ bert: 1, cleo: 1 }))
    expect(history.author(BODY).deps).toEqual(vector({}))
    take(history, update('bert', 2, 9), update('bert', 3, 10))
    expect(history.author(BODY).deps).toEqual(vector({ bert: 3 }))
  })

  test('[OP4] extends causality: what an author had applied comes before what it makes', () => {
    const names = ['anna', 'bert', 'cleo']
    const step = fc.record({ at: fc.nat(2), author: fc.boolean(), count: fc.nat(5) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const histories = names.map((name) => historyOf(name, names))
        const made: Operation[] = []
        for (const { at, author, count } of steps) {
          const history = histories[at] as History
          if (!author) {
            take(history, ...made.slice(0, count * 3))
            continue
          }
          const before = [...history.log.operations]
          const operation = history.author(BODY)
          made.push(operation)
          for (const earlier of before) expect(compareOperations(earlier, operation)).toBeLessThan(0)
        }
        for (const history of histories) take(history, ...made)
        const orders = histories.map(({ log }) => log.operations)
        expect(orders[1]).toEqual(orders[0])
        expect(orders[2]).toEqual(orders[0])
      }),
    )
  })
})

describe('receiving', () => {
  test('[OP2] applies the operations of one author in the order of seq', () => {
    const history = historyOf('anna', ['anna', 'bert'])
    expect(take(history, update('bert', 3, 3), update('bert', 2, 2))).toEqual([])
    expect(history.waiting.size).toBe(2)
    expect(take(history, update('bert', 1, 1)).map(({ seq }) => seq)).toEqual([1, 2, 3])
    expect(history.applied.get('bert')).toBe(3)
  })

  test('knows what is applied or waits already', () => {
    const history = historyOf('anna', ['anna', 'bert'])
    expect(history.receive(update('bert', 2, 2), 0)).toBe('new')
    expect(history.receive(update('bert', 2, 2), 0)).toBe('known')
    take(history, update('bert', 1, 1))
    expect(history.receive(update('bert', 1, 1), 0)).toBe('known')
    expect(history.receive(update('bert', 2, 2), 0)).toBe('known')
  })

  test('[OP7] keeps an operation of an unknown author until its join is applied', () => {
    const history = historyOf('anna', ['anna', 'bert'])
    const early = update('cleo', 1, 3, { bert: 1 })
    expect(take(history, early)).toEqual([])
    const applied = take(history, join('bert', 1, 2, 'cleo', 0))
    expect(applied.map(({ author }) => author)).toEqual(['bert'])
    history.admit('cleo')
    expect(take(history)).toEqual([early])
  })

  test('[OP5] says so when there is no room, and later takes the same operation again', () => {
    const history = new History('anna', { maxOperations: 1, maxBytes: 100 }, 'drop')
    history.admit('bert')
    expect(history.receive(update('bert', 2, 2), 0)).toBe('new')
    expect(history.receive(update('bert', 3, 3), 0)).toBe('no-room')
    expect(history.receive(update('bert', 1, 1), 0)).toBe('new')
    take(history)
    expect(history.receive(update('bert', 3, 3), 0)).toBe('new')
  })
})

describe('compaction', () => {
  test('[SP4] never goes back', () => {
    const history = historyOf('anna')
    history.author(BODY)
    history.compactThrough(1)
    expect(() => history.compactThrough(0)).toThrow('snapshot point went back from 1 to 0')
    expect(history.point).toBe(1)
  })

  test('[SP5] drops what lies at or below the point', () => {
    const history = historyOf('anna', ['anna', 'bert'])
    history.author(BODY)
    take(history, update('bert', 1, 2), update('bert', 2, 3))
    const passed = history.compactThrough(2)
    expect(passed.map(({ clock }) => clock)).toEqual([1, 2])
    expect(advance(NO_BASE, 2, passed).applied).toEqual(vector({ anna: 1, bert: 1 }))
    expect(history.log.length).toBe(1)
    expect(history.segment).toEqual([])
    expect(history.aboveBase).toEqual(history.log.operations)
    expect(new Map(history.applied)).toEqual(vector({ anna: 1, bert: 2 }))
  })

  test('[SP5] where history is cut, what leaves the log waits in the segment for the next cut', () => {
    const history = historyOf('anna', ['anna', 'bert'], 'until-cut')
    const own = history.author(BODY)
    const [first, second] = take(history, update('bert', 1, 2), update('bert', 2, 3))
    expect(history.compactThrough(1)).toEqual([own])
    expect(history.compactThrough(2)).toEqual([first])
    expect(history.segment).toEqual([own, first])
    expect(history.log.operations).toEqual([second])
    expect(history.aboveBase).toEqual([own, first, second])
    expect(history.upTo(2)).toEqual([own, first])
    expect(history.after(1)).toEqual([first, second])
    // Nobody lacks what lies in the segment, so nobody who asks gets it.
    expect(history.missingFrom(vector({}))).toEqual([second])
    expect(new Map(history.applied)).toEqual(vector({ anna: 1, bert: 2 }))
  })

  test('[SP6] takes an arrival at or below the point for a repetition, whoever made it', () => {
    const history = historyOf('anna', ['anna', 'bert'])
    take(history, update('bert', 1, 5))
    history.compactThrough(5)
    expect(history.receive(update('bert', 1, 5), 0)).toBe('known')
    expect(history.receive(update('gone', 3, 5), 0)).toBe('known')
    expect(history.receive(update('gone', 3, 6), 0)).toBe('new')
  })

  test('[SP6] lets go of what waits and turns out to be a repetition', () => {
    const history = historyOf('anna', ['anna', 'bert'])
    history.receive(update('gone', 3, 5), 0)
    expect(history.waiting.size).toBe(1)
    take(history, update('bert', 1, 5))
    history.compactThrough(5)
    expect(history.waiting.size).toBe(0)
  })

  test('[SP7] forgets authors whose leave is at or below the point, and not before', () => {
    const history = historyOf('anna', ['anna', 'bert'])
    take(history, update('bert', 1, 1), leave('bert', 2, 2))
    const first = history.compactThrough(1)
    expect(new Map(history.applied)).toEqual(vector({ anna: 0, bert: 2 }))
    const second = history.compactThrough(2)
    expect(new Map(history.applied)).toEqual(vector({ anna: 0 }))
    expect(advance(NO_BASE, 1, first).applied).toEqual(vector({ bert: 1 }))
    expect(advance(NO_BASE, 2, [...first, ...second]).applied).toEqual(vector({}))
  })

  test('[SP7] names no forgotten author in dependencies', () => {
    const history = historyOf('anna', ['anna', 'bert'])
    take(history, update('bert', 1, 1), leave('bert', 2, 2))
    history.compactThrough(2)
    expect(history.author(BODY).deps).toEqual(vector({}))
  })

  test('[SP7] applies an operation that depends on a forgotten author', () => {
    const history = historyOf('anna', ['anna', 'bert', 'cleo'])
    take(history, update('bert', 1, 1), leave('bert', 2, 2))
    history.compactThrough(2)
    expect(take(history, update('cleo', 1, 3, { bert: 2 }))).toHaveLength(1)
  })

  test('[SP7] forgets authors also where the log is kept, or vectors would differ for ever', () => {
    const history = historyOf('anna', ['anna', 'bert'], 'keep')
    take(history, update('bert', 1, 1), leave('bert', 2, 2))
    history.compactThrough(2)
    expect(new Map(history.applied)).toEqual(vector({ anna: 0 }))
    expect(history.log.length).toBe(2)
    // Whoever asks has it, whether its vector still names the author or not.
    expect(history.missingFrom(vector({}))).toEqual([])
  })

  test('drops nothing where the log is kept, and still moves the point', () => {
    const history = historyOf('anna', ['anna'], 'keep')
    const operation = history.author(BODY)
    expect(history.compactThrough(1)).toEqual([operation])
    expect(history.log.operations).toEqual([operation])
    expect(history.segment).toEqual([])
    expect(history.aboveBase).toEqual([operation])
    expect(history.point).toBe(1)
  })
})

describe('going on where another replica stands', () => {
  function sponsor(retention: Retention = 'drop'): History {
    const history = historyOf('anna', ['anna', 'bert'], retention)
    history.author(BODY)
    take(history, update('bert', 1, 2), update('bert', 2, 3))
    history.compactThrough(2)
    return history
  }

  test.each(['drop', 'until-cut', 'keep'] as const)(
    '[JO2] takes over vector, clock, point, base and operations (%s)',
    (retention) => {
      const source = sponsor(retention)
      const state = source.export()
      expect(state).toEqual({ applied: vector({ anna: 1, bert: 2 }), clock: 3, epoch: 0, point: 2 })
      const history = historyOf('cleo', [], retention)
      history.import(state, { through: 0, hash: '' }, source.aboveBase)
      expect(history.export()).toEqual(state)
      expect(history.baseThrough).toBe(0)
      expect(history.log.operations).toEqual(source.log.operations)
      expect(history.segment).toEqual(source.segment)
      expect(history.aboveBase).toHaveLength(retention === 'drop' ? 1 : 3)
    },
  )

  test('[JO2] takes over epoch and base where a cut was executed', () => {
    const source = sponsor('until-cut')
    source.author({ kind: 'cut', through: 2 })
    const cut = source.nextCut
    if (!cut) throw new Error('the cut does not count')
    source.enterNextEpoch(cut, 'hash')
    source.author(BODY)
    const history = historyOf('cleo', [], 'until-cut')
    history.import(source.export(), { through: source.baseThrough, hash: 'hash' }, source.aboveBase)
    expect(history.export()).toEqual(source.export())
    expect([history.epoch, history.baseThrough, history.point]).toEqual([1, 2, 4])
    expect(history.segment.map(({ clock }) => clock)).toEqual([3, 4])
    expect(history.log.operations).toEqual(source.log.operations)
    expect(history.log.length).toBe(1)
    expect(history.nextCut).toBeUndefined()
  })

  test('[JO2] what was exported does not change with its source', () => {
    const source = sponsor()
    const [state, operations] = [source.export(), source.aboveBase]
    source.author(BODY)
    source.compactThrough(4)
    expect(operations.map(({ clock }) => clock)).toEqual([3])
    expect(state).toEqual({ applied: vector({ anna: 1, bert: 2 }), clock: 3, epoch: 0, point: 2 })
  })

  test('[OP6] the first operation depends on all that changed since', () => {
    const history = historyOf('cleo', [])
    const source = sponsor()
    history.import(source.export(), { through: 0, hash: '' }, source.aboveBase)
    take(history, join('anna', 2, 4, 'cleo', 2, { bert: 2 }))
    history.admit('cleo')
    expect(history.author(BODY)).toMatchObject({ seq: 1, clock: 5, deps: vector({ anna: 2 }) })
  })
})

describe('authors that are evicted', () => {
  const LITTLE = { maxOperations: 1, maxBytes: 100_000 }

  function evicting(): History {
    const history = new History('anna', LITTLE, 'drop')
    for (const member of ['anna', 'bert', 'cleo']) history.admit(member)
    history.isFenced = (author) => author === 'cleo'
    history.isHeld = ({ author }) => author === 'cleo' && ![...history.waiting.operations()].some(isByBert)
    return history
  }
  const isByBert = ({ author }: Operation) => author === 'bert'

  test('[EV3] there is room for an operation that waits only for what is held back until it comes', () => {
    const history = evicting()
    expect(history.receive(update('cleo', 1, 1), 0)).toBe('new')
    expect(history.takeReady()).toBeUndefined()
    expect(history.receive(update('bert', 1, 2, { cleo: 1 }), 0)).toBe('new')
    expect(take(history).map(({ author }) => author)).toEqual(['cleo', 'bert'])
  })

  test('[EV3] [OP5] and for no other one', () => {
    const history = evicting()
    expect(history.receive(update('cleo', 1, 1), 0)).toBe('new')
    expect(history.receive(update('cleo', 2, 2), 0)).toBe('no-room')
    expect(history.receive(update('bert', 2, 2, { cleo: 1 }), 0)).toBe('no-room')
  })

  test('[EV5] count up to their cut-off, whenever more arrives', () => {
    const history = historyOf('anna', ['anna', 'bert'])
    history.receive(update('bert', 3, 3), 0)
    expect(take(history, update('bert', 1, 1)).length).toBe(1)
    history.cutOff('bert', 1)
    expect(history.waiting.size).toBe(0)
    expect(history.receive(update('bert', 2, 2), 0)).toBe('known')
    expect(take(history)).toEqual([])
  })

  test('[EV7] whom only something beyond a cut-off has let in is cut off, too, and whom that one has let in', () => {
    const history = historyOf('anna', ['anna', 'bert'])
    history.receive(join('emil', 1, 3, 'fred', 0, { bert: 1 }), 0)
    history.receive(update('fred', 1, 4, { emil: 1 }), 0)
    history.receive(update('gina', 1, 3), 0)
    history.cutOff('bert', 0)
    expect([...history.cutOffs]).toEqual([['bert', 0]])
    expect([...history.unfounded]).toEqual([
      ['emil', 0],
      ['fred', 0],
    ])
    // Of whom that can not be told, the join may still come.
    expect([...history.waiting.operations()].map(({ author }) => author)).toEqual(['gina'])
    expect(history.receive(update('hans', 1, 9, { fred: 1 }), 0)).toBe('known')
    expect(history.receive(update('hans', 2, 9), 0)).toBe('known')
  })

  test('[EV7] somebody whom others have given up in vain counts once its join is here', () => {
    const history = historyOf('anna', ['anna', 'bert', 'cleo'])
    history.cutOff('bert', 0)
    // Anybody can say this in the name of a newcomer that we have not heard of yet.
    expect(history.receive(update('emil', 1, 9, { bert: 1 }), 0)).toBe('known')
    expect(history.isGivenUp('emil')).toBe(true)
    history.admit('emil')
    expect(history.isGivenUp('emil')).toBe(false)
    expect(history.receive(update('emil', 1, 9), 0)).toBe('new')
  })

  test('[EV7] whoever makes up authors that nobody let in pushes out no decision of the room', () => {
    const history = historyOf('anna', ['anna', 'bert'])
    history.cutOff('bert', 0)
    for (let i = 0; i < 1000; i++) history.receive(update(`author-${i}`, 1, 9, { bert: 1 }), 0)
    expect([...history.cutOffs]).toEqual([['bert', 0]])
    expect(history.unfounded.size).toBeLessThan(300)
    expect(history.receive(update('bert', 1, 9), 0)).toBe('known')
  })

  test('[EV7] no member is, whatever it claims to depend on', () => {
    const history = historyOf('anna', ['anna', 'bert', 'cleo'])
    history.cutOff('bert', 0)
    expect(history.receive(update('cleo', 1, 4, { bert: 1 }), 0)).toBe('new')
    expect([...history.cutOffs.keys()]).toEqual(['bert'])
  })
})

describe('an operation of two epochs ago', () => {
  const old = (author: string): Operation => ({ ...update(author, 1, 50), epoch: 0 })

  test('[CU6] is passed over if its author is unknown: who passed it on may be an epoch behind', () => {
    const history = historyOf('anna', ['anna', 'bert'], 'until-cut')
    history.epoch = 2
    expect(history.receive(old('zoe'), 0)).toBe('known')
    expect(history.waiting.size).toBe(0)
  })

  test('[CU6] comes from no member if its author is one', () => {
    const history = historyOf('anna', ['anna', 'bert'], 'until-cut')
    history.epoch = 2
    expect(history.receive(old('bert'), 0)).toBe('alien')
  })

  test('[CU6] nor does one of two epochs ahead, whoever made it', () => {
    const history = historyOf('anna', ['anna', 'bert'], 'until-cut')
    expect(history.receive({ ...update('zoe', 1, 50), epoch: 2 }, 0)).toBe('alien')
  })
})
