import fc from 'fast-check'
import * as encoding from 'lib0/encoding'
import { describe, expect, test } from 'vitest'
import { BASE_HASH_BYTES } from '../../src/compaction/base.js'
import { MAX_ROUND } from '../../src/eviction/acceptor-state.js'
import { FORMER_LENGTH, MAX_FORMER } from '../../src/eviction/electorates.js'
import { decodeMessage, encodeMessage } from '../../src/wire/codec.js'
import {
  MAX_LINEAGE_LENGTH,
  MAX_PRESENCE_BYTES,
  MAX_REASON_LENGTH,
  MAX_RELAY_BYTES,
} from '../../src/wire/limits.js'
import type { Gossip, Message } from '../../src/wire/messages.js'
import { anyMessage, MESSAGES_BY_TYPE } from '../messages.js'
import { bytes, cut, join, update } from '../operations.js'

const TYPES = {
  heartbeat: 1,
  gossip: 2,
  sync: 3,
  prune: 4,
  relay: 6,
  'join-request': 7,
  go: 12,
} as const
const EMPTY_GOSSIP: Gossip = { type: 'gossip', operations: [], reports: [], presences: [], answer: false }

/** A frame written by hand. */
function frame(type: keyof typeof TYPES, write: (out: encoding.Encoder) => void): Uint8Array {
  return encoding.encode((out) => {
    encoding.writeVarUint(out, 1)
    encoding.writeVarUint(out, TYPES[type])
    write(out)
  })
}

const reasonFor = (bytes: Uint8Array) => {
  const decoded = decodeMessage(bytes)
  return decoded.ok ? 'accepted' : decoded.reason
}

/** How many values a message holds: what its decoding must have allocated, text and bytes by their length. */
function weight(value: unknown): number {
  if (value instanceof Uint8Array) return value.length
  if (typeof value === 'string') return value.length
  if (value instanceof Map) return weight([...value.values()])
  if (typeof value !== 'object' || value === null) return 1
  return Object.values(value).reduce((sum: number, part) => sum + 1 + weight(part), 0)
}

describe('every message', () => {
  test.each(MESSAGES_BY_TYPE)('[WI1] %s comes back as it was sent', (_type, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, (message) => {
        expect(decodeMessage(encodeMessage(message))).toEqual({ ok: true, message })
      }),
    )
  })

  test('[WI1] begins with the version and its type', () => {
    expect([
      ...encodeMessage({ type: 'join-request', namings: [], origins: [], base: '', insists: false }),
    ]).toEqual([1, 7, 0, 0, 0, 0])
    expect([...encodeMessage({ type: 'heartbeat', digest: 5 })]).toEqual([1, 1, 5])
  })

  test('[WI1] is refused with a byte behind it', () => {
    fc.assert(
      fc.property(anyMessage, fc.nat(255), (message, extra) => {
        expect(decodeMessage(bytes(...encodeMessage(message), extra)).ok).toBe(false)
      }),
    )
  })

  test('[WI1] is refused if anything is missing at its end, whatever lies behind it in the same memory', () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        const whole = encodeMessage(message)
        for (let length = 0; length < whole.length; length++) {
          expect(decodeMessage(whole.slice(0, length)).ok).toBe(false)
          expect(decodeMessage(whole.subarray(0, length)).ok).toBe(false)
        }
      }),
    )
  })

  test('[WI3] with flipped bits is refused or is another message of no more than its size, and never throws', () => {
    const flips = fc.array(fc.tuple(fc.nat(), fc.nat(7)), { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(anyMessage, flips, (message, changes) => {
        const flipped = encodeMessage(message)
        for (const [place, bit] of changes) {
          const at = place % flipped.length
          flipped[at] = (flipped[at] ?? 0) ^ (1 << bit)
        }
        const decoded = decodeMessage(flipped)
        // An id of 32 characters is written once per frame; each further mention of it takes a byte.
        if (decoded.ok) expect(weight(decoded.message)).toBeLessThanOrEqual(34 * flipped.length + 40)
      }),
      { numRuns: 2000 },
    )
  })

  test('[WI3] any bytes are answered with a value', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(15), (body, type) => {
        for (const candidate of [body, bytes(1, type, ...body)]) {
          const decoded = decodeMessage(candidate)
          if (!decoded.ok) expect(decoded.reason).not.toBe('')
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('a frame is refused', () => {
  test('[WI1] if it is empty, or has another version or an unknown type', () => {
    expect(reasonFor(bytes())).toBe('frame does not parse')
    expect(reasonFor(bytes(2, 7))).toBe('unknown wire version 2')
    expect(reasonFor(bytes(1))).toBe('frame does not parse')
    expect(reasonFor(bytes(1, 99))).toBe('unknown type of message')
    expect(reasonFor(bytes(1, 7, 0, 0, 0, 0))).toBe('accepted')
    expect(reasonFor(bytes(1, 7, 0, 0, 0, 0, 0))).toBe('trailing bytes')
  })

  test('[WI2] if it takes more ids for used than are remembered, or more of one', () => {
    const [, welcomes = anyMessage] = MESSAGES_BY_TYPE.find(([type]) => type === 'welcome') ?? []
    const [welcome] = fc.sample(welcomes, { numRuns: 1, seed: 1 })
    if (welcome?.type !== 'welcome') throw new Error('no welcome')
    const reason = (former: readonly string[]) => reasonFor(encodeMessage({ ...welcome, former }))
    expect(reason(Array.from({ length: MAX_FORMER }, () => 'x'))).toBe('accepted')
    expect(reason(Array.from({ length: MAX_FORMER + 1 }, () => 'x'))).toBe('list too long')
    expect(reason(['x'.repeat(FORMER_LENGTH + 1)])).toBe('text too long')
  })

  test('[WI2] if it counts more than has arrived, before anything is allocated', () => {
    const huge = 2 ** 40
    const cases = [
      frame('prune', (out) => encoding.writeVarUint(out, huge)),
      frame('sync', (out) => encoding.writeVarUint(out, huge)),
      frame('gossip', (out) => encoding.writeVarUint(out, huge)),
      frame('join-request', (out) => encoding.writeVarUint(out, huge)),
    ]
    for (const bytes of cases) expect(reasonFor(bytes)).toBe('list longer than the frame')
    const relay = frame('relay', (out) => {
      for (const [number, id] of [
        [0, 'anna'],
        [1, 'bert'],
      ] as const) {
        encoding.writeVarUint(out, number)
        encoding.writeVarString(out, id)
      }
      encoding.writeVarUint(out, 0)
      encoding.writeVarUint(out, huge)
    })
    expect(reasonFor(relay)).toBe('bytes beyond the end')
  })

  test('[WI2] if an id is malformed', () => {
    const hello = (replica: string) =>
      encodeMessage({ type: 'hello', replica, lineage: '', renumbers: false, signs: false, digest: 0 })
    for (const id of ['anna', 'a-b_C9', 'x'.repeat(43)]) expect(reasonFor(hello(id))).toBe('accepted')
    for (const id of ['', 'abc', 'an na', 'änna', 'anna\n', '__proto__!']) {
      expect(reasonFor(hello(id))).toBe('malformed id')
    }
    expect(reasonFor(hello('x'.repeat(44)))).toBe('text too long')
  })

  test('[WI2] if it uses an id by a number that was not given', () => {
    const prune = frame('prune', (out) => {
      encoding.writeVarUint(out, 1)
      encoding.writeVarUint(out, 3)
    })
    expect(reasonFor(prune)).toBe('unknown id number')
  })

  test('[WI2] if a vector names an id twice', () => {
    const sync = frame('sync', (out) => {
      encoding.writeVarUint(out, 2)
      encoding.writeVarUint(out, 0)
      encoding.writeVarString(out, 'anna')
      for (const value of [1, 0, 2]) encoding.writeVarUint(out, value)
    })
    expect(reasonFor(sync)).toBe('id twice in a vector')
  })

  test('[WI2] if text, negotiation or presence exceed their limits', () => {
    const relay = (length: number): Message => {
      return { type: 'relay', from: 'anna', to: 'bert', hops: 0, bytes: new Uint8Array(length) }
    }
    const presence = (length: number): Message => {
      return { ...EMPTY_GOSSIP, presences: [{ replica: 'anna', n: 1, bytes: new Uint8Array(length) }] }
    }
    const hello = (length: number): Message => {
      return {
        type: 'hello',
        replica: 'anna',
        lineage: 'x'.repeat(length),
        renumbers: false,
        signs: false,
        digest: 0,
      }
    }
    const naming = (length: number): Message => {
      return {
        type: 'join-request',
        namings: [{ lineage: 'x'.repeat(length), epoch: 0 }],
        origins: [],
        base: '',
        insists: false,
      }
    }
    const bye = (length: number): Message => ({ type: 'bye', reason: 'x'.repeat(length) })
    const cases: [(length: number) => Message, number][] = [
      [relay, MAX_RELAY_BYTES],
      [presence, MAX_PRESENCE_BYTES],
      [hello, MAX_LINEAGE_LENGTH],
      [naming, MAX_LINEAGE_LENGTH],
      [bye, MAX_REASON_LENGTH],
    ]
    for (const [message, limit] of cases) {
      expect(reasonFor(encodeMessage(message(limit)))).toBe('accepted')
      expect(reasonFor(encodeMessage(message(limit + 1)))).not.toBe('accepted')
    }
  })

  test('[WI2] if a number is beyond what counts exactly', () => {
    const heartbeat = bytes(1, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01)
    expect(reasonFor(heartbeat)).toBe('frame does not parse')
  })

  test('[OP1] if an operation can not be: no seq, a clock below its seq, its author among what it depends on', () => {
    const gossip = (operation: ReturnType<typeof update>) =>
      reasonFor(encodeMessage({ ...EMPTY_GOSSIP, operations: [operation] }))
    expect(gossip(join('anna', 3, 3, 'bert', 0))).toBe('accepted')
    expect(gossip(update('anna', 0, 3))).toBe('operation numbers out of range')
    expect(gossip(update('anna', 3, 2))).toBe('operation numbers out of range')
    expect(gossip(update('anna', 3, 3, { anna: 2 }))).toBe('operation depends on its author')
  })

  test('[CU1] if a cut can not be: one that holds more than came before it', () => {
    const gossip = (operation: ReturnType<typeof cut>) =>
      reasonFor(encodeMessage({ ...EMPTY_GOSSIP, operations: [operation] }))
    expect(gossip(cut('anna', 3, 5, 0))).toBe('accepted')
    expect(gossip(cut('anna', 3, 5, 5))).toBe('accepted')
    expect(gossip(cut('anna', 3, 5, 6))).toBe('cut above its own clock')
    expect(gossip(cut('anna', 3, 2, 1))).toBe('operation numbers out of range')
  })

  test('[WI2] if it names a base by a hash of another length', () => {
    const request = (bytes: number) =>
      frame('join-request', (out) => {
        encoding.writeVarUint(out, 0)
        encoding.writeVarUint(out, 0)
        encoding.writeVarUint8Array(out, new Uint8Array(bytes))
        encoding.writeUint8(out, 0)
      })
    for (const bytes of [0, BASE_HASH_BYTES]) expect(reasonFor(request(bytes))).toBe('accepted')
    for (const bytes of [1, BASE_HASH_BYTES - 1])
      expect(reasonFor(request(bytes))).toBe('hash of another length')
    expect(reasonFor(request(BASE_HASH_BYTES + 1))).toBe('too many bytes')
  })

  test('[WI2] if it has more namings than any document goes through', () => {
    const request = (...counts: number[]) =>
      frame('join-request', (out) => {
        for (const count of counts) {
          encoding.writeVarUint(out, count)
          for (let i = 0; i < count; i++) {
            encoding.writeVarString(out, 'anna')
            encoding.writeVarUint(out, i)
          }
        }
        encoding.writeVarUint(out, 0)
        encoding.writeUint8(out, 0)
      })
    expect(reasonFor(request(64, 64))).toBe('accepted')
    expect(reasonFor(request(65, 0))).toBe('too many namings')
    expect(reasonFor(request(0, 65))).toBe('too many namings')
  })

  test('[WI1] a sender with more namings than that says the newest', () => {
    const namings = Array.from({ length: 70 }, (_, i) => ({ lineage: `lineage-${i}`, epoch: i }))
    const message = { type: 'join-request', base: '', insists: false } as const
    const newest = namings.slice(0, 64)
    expect(decodeMessage(encodeMessage({ ...message, namings, origins: namings }))).toEqual({
      ok: true,
      message: { ...message, namings: newest, origins: newest },
    })
  })

  test('[EV2] if it promises more ballots than there can have been', () => {
    const promising = (round: number) => {
      const agreement = { stage: 0, promised: { round, proposer: 'bert' }, accepted: undefined, decided: [] }
      const report = { replica: 'bert', n: 1, seq: 1, clock: 1, epoch: 0, base: '', floor: 0, agreement }
      return reasonFor(encodeMessage({ ...EMPTY_GOSSIP, reports: [report] }))
    }
    expect(promising(MAX_ROUND)).toBe('accepted')
    expect(promising(MAX_ROUND + 1)).toContain('ballots')
  })

  test('[EV2] if it tells of evictions of nobody', () => {
    const fenced = (decided: string[][]) => {
      const body = { kind: 'fence', stage: 1000, decided } as const
      const fence = { author: 'anna', seq: 1, clock: 1, deps: new Map(), epoch: 0, ...body }
      return reasonFor(encodeMessage({ ...EMPTY_GOSSIP, operations: [fence] }))
    }
    expect(fenced([['bert']])).toBe('accepted')
    expect(fenced([['bert'], []])).toBe('an eviction of nobody')
  })

  test('[RE1] if a report can not be: number 0, or a floor above its clock', () => {
    const report = { replica: 'anna', n: 1, seq: 0, clock: 5, epoch: 0, base: '', floor: 5 }
    const gossip = (changes: Partial<typeof report>) =>
      reasonFor(encodeMessage({ ...EMPTY_GOSSIP, reports: [{ ...report, ...changes }] }))
    expect(gossip({})).toBe('accepted')
    expect(gossip({ n: 0 })).toBe('report numbers out of range')
    expect(gossip({ floor: 6 })).toBe('report numbers out of range')
  })
})

test('[WI2] a payload is a copy: it neither keeps nor shows the frame it came in', () => {
  const sent = encodeMessage({ type: 'relay', from: 'anna', to: 'bert', hops: 0, bytes: bytes(9, 9) })
  const decoded = decodeMessage(sent)
  sent.fill(0)
  if (!decoded.ok || decoded.message.type !== 'relay') throw new Error('does not decode')
  expect(decoded.message.bytes).toEqual(bytes(9, 9))
  expect(decoded.message.bytes.buffer.byteLength).toBe(2)
})
