import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NO_BASE } from '../../src/compaction/base.js'
import { Joining } from '../../src/membership/joining.js'
import type { Piece, Welcome } from '../../src/wire/messages.js'
import { update } from '../operations.js'

const LIMITS = { joinTimeoutMs: 1000, pieceWindow: 4 }

const WELCOME: Welcome = {
  type: 'welcome',
  nonce: 7,
  lineage: 'anna',
  clock: 0,
  epoch: 0,
  point: 0,
  floor: 0,
  applied: new Map(),
  namings: [],
  base: NO_BASE,
  members: [],
  electorate: new Map(),
  former: [],
  stage: 0,
  decided: [],
  cutOffs: new Map(),
}

function piece(index: number, last = false, nonce = 7): Piece {
  return { type: 'piece', nonce, index, last, permille: 500, bytes: Uint8Array.of(index), operations: [] }
}

function welcomed(now = 0): Joining {
  const joining = new Joining(1, now, LIMITS)
  joining.welcomed(WELCOME, now)
  return joining
}

const indices = (pieces: readonly Piece[]) => pieces.map(({ index }) => index)

describe('pieces', () => {
  test('[JO2] are loaded in order and once, in whatever order and however often they arrive', () => {
    const arrivals = fc.shuffledSubarray([0, 0, 1, 1, 2, 2, 3, 3], { minLength: 8 })
    fc.assert(
      fc.property(arrivals, (order) => {
        const joining = welcomed()
        const loaded = order.flatMap((index) => joining.received(piece(index, index === 3), 0))
        expect(indices(loaded)).toEqual([0, 1, 2, 3])
        expect(joining.isInstalled).toBe(true)
      }),
    )
  })

  test('[JO2] may hold operations above the base: they are kept in the order of their pieces, and once', () => {
    const parts: Piece[] = [1, 2, 3].map((seq) => {
      const operations = [update('anna', 2 * seq - 1, 2 * seq - 1), update('anna', 2 * seq, 2 * seq)]
      return { ...piece(seq - 1, seq === 3), operations }
    })
    const joining = welcomed()
    for (const index of [2, 0, 0, 1, 2]) joining.received(parts[index] as Piece, 0)
    expect(joining.operations).toEqual(parts.flatMap(({ operations }) => operations))
    expect(joining.isInstalled).toBe(true)
  })

  test('[JO2] wait for their welcome', () => {
    const joining = new Joining(1, 0, LIMITS)
    expect(joining.received(piece(0), 0)).toEqual([])
    expect(joining.received(piece(1, true), 0)).toEqual([])
    joining.welcomed(WELCOME, 0)
    expect(indices(joining.loadable(0))).toEqual([0, 1])
  })

  test('[JO4] of another welcome are not loaded', () => {
    const early = new Joining(1, 0, LIMITS)
    early.received(piece(0, true, 6), 0)
    early.welcomed(WELCOME, 0)
    expect(early.loadable(0)).toEqual([])
    expect(welcomed().received(piece(0, true, 6), 0)).toEqual([])
  })

  test('[JO2] beyond the window are not kept', () => {
    const joining = welcomed()
    expect(joining.received(piece(4), 0)).toEqual([])
    for (const index of [1, 2, 3]) joining.received(piece(index), 0)
    expect(indices(joining.received(piece(0), 0))).toEqual([0, 1, 2, 3])
  })
})

describe('acknowledging', () => {
  test('[JO4] names the nonce of the welcome: the pieces loaded, then the whole', () => {
    const joining = welcomed()
    expect(new Joining(1, 0, LIMITS).acknowledgement(0)).toEqual([])
    joining.received(piece(0), 0)
    expect(joining.acknowledgement(0)).toEqual([{ type: 'piece-received', nonce: 7, count: 1 }])
    joining.received(piece(1, true), 0)
    expect(joining.acknowledgement(0)).toEqual([{ type: 'installed', nonce: 7 }])
  })

  test('[JO6] is repeated until the answer comes', () => {
    const joining = welcomed()
    joining.received(piece(0, true), 0)
    joining.acknowledgement(0)
    expect(joining.resend(999)).toEqual([])
    expect(joining.resend(1000)).toEqual([{ type: 'installed', nonce: 7 }])
    expect(joining.resend(1500)).toEqual([])
    expect(joining.resend(2000)).toEqual([{ type: 'installed', nonce: 7 }])
  })

  test('[JO6] go is believed only with our nonce, and after everything is loaded', () => {
    const joining = welcomed()
    const go = (nonce: number) => joining.accepts({ type: 'go', nonce, operations: [] })
    expect(go(7)).toBe(false)
    joining.received(piece(0, true), 0)
    expect(go(6)).toBe(false)
    expect(go(7)).toBe(true)
  })

  test('[JO4] a refusal counts if it is about this attempt, or about nobody in particular', () => {
    expect(welcomed().isRefusedBy(7)).toBe(true)
    expect(welcomed().isRefusedBy(0)).toBe(true)
    expect(welcomed().isRefusedBy(6)).toBe(false)
  })
})

describe('time', () => {
  test('[JO7] an attempt is over when nothing moves for too long', () => {
    const joining = new Joining(1, 100, LIMITS)
    expect(joining.nextDeadline).toBe(1100)
    expect(joining.isExpired(1099)).toBe(false)
    expect(joining.isExpired(1100)).toBe(true)
  })

  test('[JO7] welcome and pieces renew it, repetitions do not', () => {
    const joining = new Joining(1, 0, LIMITS)
    joining.welcomed(WELCOME, 500)
    expect(joining.nextDeadline).toBe(1500)
    joining.received(piece(0), 900)
    expect(joining.nextDeadline).toBe(1900)
    expect(joining.welcomed({ ...WELCOME, nonce: 8 }, 1000)).toBe(false)
    joining.received(piece(0), 1200)
    joining.received(piece(2), 1200)
    expect(joining.nextDeadline).toBe(1900)
    expect(joining.welcome?.nonce).toBe(7)
  })
})
