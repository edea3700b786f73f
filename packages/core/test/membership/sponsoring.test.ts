import { describe, expect, test } from 'vitest'
import { type Part, Sponsoring } from '../../src/membership/sponsoring.js'
import { update, vector } from '../operations.js'

const LIMITS = { joinTimeoutMs: 1000, pieceWindow: 2, maxJoinsAtOnce: 2 }

/** Every part holds an operation, too, so that both can be told to arrive. */
function* partsOf(count: number): Generator<Part, undefined> {
  for (let i = 1; i <= count; i++) {
    yield { bytes: Uint8Array.of(i), operations: [update('anna', i, i)], progress: i / count }
  }
  return undefined
}

function begin(sponsoring: Sponsoring, newcomer: string, floor = 5, pieces = 1, now = 0, link = 1) {
  return sponsoring.begin(newcomer, link, floor, vector({ anna: 3 }), partsOf(pieces), now)
}

/** Sends the whole state, however many pieces it has. */
function sendAll(sponsoring: Sponsoring, newcomer: string, nonce: number): void {
  for (let sent = 0; sponsoring.hasPieces; ) {
    sent += sponsoring.nextPieces().length
    sponsoring.pieceReceived(newcomer, nonce, sent, 0)
  }
}

describe('the cap', () => {
  test('[JO3] is the lowest floor of those in our care, and lifted when they are let in', () => {
    const sponsoring = new Sponsoring(LIMITS)
    expect(sponsoring.cap).toBe(Number.POSITIVE_INFINITY)
    const bert = begin(sponsoring, 'bert', 7)
    const cleo = begin(sponsoring, 'cleo', 4)
    expect(sponsoring.cap).toBe(4)
    sponsoring.nextPieces()
    sponsoring.acknowledge('cleo', cleo.nonce)
    expect(sponsoring.cap).toBe(7)
    sponsoring.acknowledge('bert', bert.nonce)
    expect(sponsoring.cap).toBe(Number.POSITIVE_INFINITY)
  })

  test('[JO7] is dropped with a newcomer that took too long, or whose link is gone', () => {
    const sponsoring = new Sponsoring(LIMITS)
    begin(sponsoring, 'bert', 7, 1, 0, 11)
    begin(sponsoring, 'cleo', 4, 1, 500, 12)
    expect(sponsoring.nextDeadline).toBe(1000)
    expect(sponsoring.expire(999)).toEqual([])
    expect(sponsoring.expire(1000).map(({ newcomer }) => newcomer)).toEqual(['bert'])
    expect(sponsoring.cap).toBe(4)
    sponsoring.linkDown(11)
    expect(sponsoring.newcomers).toEqual(['cleo'])
    sponsoring.linkDown(12)
    expect(sponsoring.cap).toBe(Number.POSITIVE_INFINITY)
    expect(sponsoring.nextDeadline).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('the state', () => {
  test('[JO2] goes out piece by piece, in order, the last one marked', () => {
    const sponsoring = new Sponsoring({ ...LIMITS, pieceWindow: 10 })
    const { nonce } = begin(sponsoring, 'bert', 5, 3)
    const sent = [1, 2, 3].flatMap(() => sponsoring.nextPieces())
    expect(
      sent.map(({ index, last, part }) => [index, last, part.bytes[0], part.operations[0]?.seq]),
    ).toEqual([
      [0, false, 1, 1],
      [1, false, 2, 2],
      [2, true, 3, 3],
    ])
    expect(sent.every((piece) => piece.nonce === nonce)).toBe(true)
    expect(sponsoring.hasPieces).toBe(false)
  })

  test('[JO2] is under flow control: no more pieces are on their way than the window', () => {
    const sponsoring = new Sponsoring(LIMITS)
    const { nonce } = begin(sponsoring, 'bert', 5, 5)
    sponsoring.nextPieces()
    sponsoring.nextPieces()
    expect(sponsoring.hasPieces).toBe(false)
    expect(sponsoring.nextPieces()).toEqual([])
    sponsoring.pieceReceived('bert', nonce, 1, 10)
    expect(sponsoring.nextPieces()).toHaveLength(1)
    expect(sponsoring.hasPieces).toBe(false)
  })

  test('[JO7] a piece that arrived renews the time, one that is claimed twice or was never sent does not', () => {
    const sponsoring = new Sponsoring(LIMITS)
    const { nonce } = begin(sponsoring, 'bert', 5, 5)
    sponsoring.nextPieces()
    sponsoring.pieceReceived('bert', nonce, 2, 100)
    sponsoring.pieceReceived('bert', nonce + 1, 1, 200)
    expect(sponsoring.nextDeadline).toBe(1000)
    sponsoring.pieceReceived('bert', nonce, 1, 300)
    sponsoring.pieceReceived('bert', nonce, 1, 400)
    expect(sponsoring.nextDeadline).toBe(1300)
  })

  test('one that ends before its last piece is a broken invariant', () => {
    const sponsoring = new Sponsoring(LIMITS)
    begin(sponsoring, 'bert', 5, 0)
    expect(() => sponsoring.nextPieces()).toThrow('encodeState ended without a last piece')
  })
})

describe('an acknowledgement', () => {
  test('[JO4] counts only with the nonce of the very welcome', () => {
    const sponsoring = new Sponsoring(LIMITS)
    const lapsed = begin(sponsoring, 'bert')
    sponsoring.expire(1000)
    const { nonce } = begin(sponsoring, 'bert', 5, 1, 1000)
    sponsoring.nextPieces()
    expect(nonce).not.toBe(lapsed.nonce)
    expect(sponsoring.acknowledge('bert', lapsed.nonce).verdict).toBe('no')
    expect(sponsoring.acknowledge('bert', nonce).verdict).toBe('admit')
  })

  test('[JO4] counts only once the whole state has been sent', () => {
    const sponsoring = new Sponsoring(LIMITS)
    const { nonce } = begin(sponsoring, 'bert', 5, 2)
    sponsoring.nextPieces()
    expect(sponsoring.acknowledge('bert', nonce).verdict).toBe('no')
    sponsoring.nextPieces()
    expect(sponsoring.acknowledge('bert', nonce).verdict).toBe('admit')
  })

  test('[JO6] repeated admits nobody twice, and is answered by what the first was answered with', () => {
    const sponsoring = new Sponsoring(LIMITS)
    const { nonce } = begin(sponsoring, 'bert', 5, 3)
    sendAll(sponsoring, 'bert', nonce)
    sponsoring.acknowledge('bert', nonce)
    const again = sponsoring.acknowledge('bert', nonce)
    expect(again).toEqual({ verdict: 'again', applied: vector({ anna: 3 }) })
    expect(sponsoring.acknowledge('bert', nonce + 1).verdict).toBe('no')
    sponsoring.forget('bert')
    expect(sponsoring.acknowledge('bert', nonce).verdict).toBe('no')
  })

  test('[JO7] that comes too late is answered no', () => {
    const sponsoring = new Sponsoring(LIMITS)
    const { nonce } = begin(sponsoring, 'bert')
    sponsoring.nextPieces()
    sponsoring.expire(1000)
    expect(sponsoring.acknowledge('bert', nonce).verdict).toBe('no')
  })
})

test('[JO1] an id that is in our care, or was let in, is known', () => {
  const sponsoring = new Sponsoring(LIMITS)
  expect(sponsoring.knows('bert')).toBe(false)
  const { nonce } = begin(sponsoring, 'bert')
  expect(sponsoring.knows('bert')).toBe(true)
  sponsoring.nextPieces()
  sponsoring.acknowledge('bert', nonce)
  expect(sponsoring.knows('bert')).toBe(true)
})

test('is busy with so many newcomers and no more', () => {
  const sponsoring = new Sponsoring(LIMITS)
  begin(sponsoring, 'bert')
  expect(sponsoring.isBusy).toBe(false)
  begin(sponsoring, 'cleo')
  expect(sponsoring.isBusy).toBe(true)
})

test('[LE2] who leaves lets everybody in its care go', () => {
  const sponsoring = new Sponsoring(LIMITS)
  begin(sponsoring, 'bert')
  begin(sponsoring, 'cleo')
  expect(sponsoring.abandonAll().map(({ newcomer }) => newcomer)).toEqual(['bert', 'cleo'])
  expect(sponsoring.newcomers).toEqual([])
})
