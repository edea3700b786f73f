import { describe, expect, test } from 'vitest'
import type { EvictOperation, Operation } from '../../src/causality/operation.js'
import { isGrounded } from '../../src/eviction/grounds.js'
import { type Entries, join, leave, update, vector } from '../operations.js'

const fence = (author: string, seq: number, clock: number, deps: Entries, stage = 1): Operation => {
  const head = { author, seq, clock, deps: vector(deps), epoch: 0 }
  return { ...head, kind: 'fence', stage, decided: [['dora']] }
}

function evict(
  deps: Entries,
  cutOffs: Entries,
  { author = 'anna', seq = 2, stage = 1 } = {},
): EvictOperation {
  return {
    author,
    seq,
    clock: 50,
    deps: vector(deps),
    epoch: 0,
    kind: 'evict',
    stage,
    cutOffs: vector(cutOffs),
  }
}

/** Dora has made three operations of which one is below the point; bert has seen two more, anna only one. */
const HELD = [
  update('dora', 2, 10),
  update('dora', 3, 11),
  fence('anna', 1, 20, { dora: 2 }),
  fence('bert', 1, 21, { dora: 3 }),
  fence('cleo', 1, 22, {}),
]
const MEMBERS = ['anna', 'bert', 'cleo', 'dora']
/** Their joins lie below the snapshot point. */
const BEFORE: readonly string[] = MEMBERS
const FENCES = { bert: 1, cleo: 1 }

function grounded(
  evictOperation: EvictOperation,
  held: readonly Operation[] = HELD,
  members = MEMBERS,
  below: Entries = {},
): boolean {
  const applied = new Map(held.map(({ author, seq }) => [author, seq]))
  const joinedAt = (member: string) => held.find((made) => made.kind === 'join' && made.who === member)?.clock
  return isGrounded(evictOperation, {
    held,
    members: new Map(
      members.map((member) => [member, BEFORE.includes(member) ? 0 : (joinedAt(member) ?? 0)]),
    ),
    appliedOf: (replica) => applied.get(replica) ?? (members.includes(replica) ? 0 : undefined),
    stageBelow: (member) => below[member] ?? 0,
    decided: new Set(evictOperation.stage >= 1 ? ['dora'] : []),
  })
}

describe('[ID8] [EV5] the grounds of an eviction', () => {
  test('are the fences of all others, in its past, which say how far those have come', () => {
    expect(grounded(evict(FENCES, { dora: 3 }))).toBe(true)
  })

  test.each([
    ['less than they have seen', evict(FENCES, { dora: 2 })],
    ['more than they have seen', evict(FENCES, { dora: 4 })],
    ['nobody', evict(FENCES, {})],
    ['somebody besides', evict(FENCES, { dora: 3, cleo: 1 })],
    ['on fences that it does not name', evict({ cleo: 1 }, { dora: 2 })],
    ['at a stage with nobody in it', evict({}, { dora: 3 }, { stage: 0 })],
  ])('are missing if it evicts %s', (_, operation) => {
    expect(grounded(operation)).toBe(false)
  })

  test('are missing as long as a fence is', () => {
    const held = HELD.filter(({ author }) => author !== 'cleo')
    expect(grounded(evict({ bert: 1 }, { dora: 3 }), held)).toBe(false)
  })

  test('may lie below the snapshot point, whatever a fencer has fenced since', () => {
    const held = [...HELD.slice(0, 3), fence('bert', 2, 30, {}, 2), ...HELD.slice(4)]
    expect(grounded(evict({ cleo: 1 }, { dora: 2 }), held, MEMBERS, { bert: 1 })).toBe(true)
    expect(grounded(evict({ cleo: 1 }, { dora: 2 }), held, MEMBERS)).toBe(false)
  })

  test('are no second joins of members', () => {
    const again = { ...join('anna', 2, 30, 'bert', 5), stage: 1 } as Operation
    const held = [...HELD.filter(({ author }) => author !== 'bert'), again]
    expect(grounded(evict({ cleo: 1 }, { dora: 2 }, { seq: 3 }), held)).toBe(false)
  })

  test('do not depend on who comes or leaves at the same moment', () => {
    const held = [...HELD, leave('bert', 2, 30), join('cleo', 2, 31, 'emil', 5)]
    const members = ['anna', 'cleo', 'dora', 'emil']
    expect(grounded(evict(FENCES, { dora: 3 }), held, members)).toBe(true)
    expect(grounded(evict({ cleo: 1 }, { dora: 2 }), held, members)).toBe(false)
  })

  test('need no fence of whoever was let in with it', () => {
    const emil = { ...join('bert', 2, 30, 'emil', 5), stage: 1 } as Operation
    const members = [...MEMBERS, 'emil']
    expect(grounded(evict({ bert: 2, cleo: 1 }, { dora: 3 }), [...HELD, emil], members)).toBe(true)
    const late = join('bert', 2, 30, 'emil', 5)
    expect(grounded(evict({ bert: 2, cleo: 1 }, { dora: 3 }), [...HELD, late], members)).toBe(false)
  })

  test('nobody who has left before is evicted', () => {
    const held = [...HELD, leave('dora', 4, 23)]
    const operation = evict({ ...FENCES, dora: 4 }, { dora: 4 })
    expect(grounded(operation, held, ['anna', 'bert', 'cleo'])).toBe(false)
    expect(grounded(evict({ ...FENCES, dora: 4 }, {}), held, ['anna', 'bert', 'cleo'])).toBe(true)
  })

  test('of one that says again what another one has done are as good', () => {
    const first = evict(FENCES, { dora: 3 })
    const members = ['anna', 'bert', 'cleo']
    const again = (deps: Entries) => evict(deps, { dora: 3 }, { author: 'bert', seq: 2 })
    expect(grounded(again({ anna: 1, cleo: 1 }), [...HELD, first], members)).toBe(true)
    expect(grounded(again({ cleo: 1 }), [...HELD, first], members)).toBe(false)
    expect(grounded(evict(FENCES, { gone: 7 }), HELD.slice(2), members)).toBe(true)
  })
})
