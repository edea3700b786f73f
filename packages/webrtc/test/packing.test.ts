import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maxPackedBytes, Packer, Unpacker } from '../src/link/packing.js'
import { testBytes } from './replica.js'

/** @returns the sizes of the steps. */
function exchange(messages: readonly Uint8Array[]): number[] {
  const packer = new Packer()
  const unpacker = new Unpacker()
  return messages.map((message) => {
    const { like, steps } = packer.pack(message)
    const unpacked = unpacker.unpack(like, steps)
    if (!unpacked.ok) throw new Error(unpacked.reason)
    expect(Buffer.compare(unpacked.message, message)).toBe(0)
    return steps.byteLength
  })
}

/** As an operation of one letter looks: names that stay, numbers that count up, the letter. */
function keystroke(author: number, count: number): Uint8Array {
  const name = testBytes(16, author)
  const letter = 97 + ((count * 7) % 26)
  return Uint8Array.of(
    1,
    2,
    1,
    ...name,
    count,
    count + 3,
    0,
    1,
    20,
    ...name,
    count + 9,
    4,
    count,
    1,
    letter,
    0,
    0,
  )
}

describe('packing', () => {
  it('[WI7] gives back any messages, whatever came before them', () => {
    const noise = fc.uint8Array({ maxLength: maxPackedBytes })
    const few = fc.array(fc.constantFrom(1, 2, 3), { maxLength: 80 }).map((bytes) => Uint8Array.from(bytes))
    const typed = fc.tuple(fc.nat({ max: 30 }), fc.nat({ max: 90 })).map(([a, n]) => keystroke(a, n))
    fc.assert(
      fc.property(fc.array(fc.oneof(noise, few, typed), { maxLength: 120 }), (messages) => {
        exchange(messages)
      }),
      { numRuns: 200 },
    )
  })

  it('goes on when it has forgotten the beginning, at every size of what it remembers', () => {
    for (const length of [1, 63, 64, 1000, maxPackedBytes]) {
      const messages = Array.from({ length: Math.ceil(50_000 / length) }, (_, i) => testBytes(length, i % 40))
      exchange(messages)
    }
  })

  it('[WI7] says of a keystroke what is new in it', () => {
    const sizes = exchange(Array.from({ length: 100 }, (_, i) => keystroke(1, i)))
    expect(sizes[0]).toBeGreaterThan(40)
    expect(Math.max(...sizes.slice(1))).toBeLessThanOrEqual(12)
  })

  it('finds each of many authors again', () => {
    const authors = 20
    const sizes = exchange(
      Array.from({ length: 400 }, (_, i) => keystroke(i % authors, Math.floor(i / authors))),
    )
    expect(Math.max(...sizes.slice(authors))).toBeLessThanOrEqual(20)
  })

  it('costs hardly anything where nothing is like anything', () => {
    const sizes = exchange(Array.from({ length: 50 }, (_, i) => testBytes(200, i + 1)))
    expect(Math.max(...sizes)).toBeLessThanOrEqual(204)
  })
})

describe('unpacking what strangers send', () => {
  const refusal = (like: number, ...steps: number[]) => {
    const unpacker = new Unpacker()
    unpacker.unpack(0, Uint8Array.of(0x30, 1, 2, 3))
    return unpacker.unpack(like, Uint8Array.from(steps))
  }

  it('[WI3, WI7] refuses what breaks the format, and says why', () => {
    expect(refusal(0, 0x03)).toEqual({ ok: true, message: Uint8Array.of(1, 2, 3) })
    expect(refusal(1, 0x03)).toEqual({
      ok: false,
      reason: 'a packed message that names a message that was not sent',
    })
    const copies = { ok: false, reason: 'a packed message that copies what was not sent' }
    expect(refusal(0, 0x04)).toEqual(copies)
    expect(refusal(0, 0x21, 7, 7, 0x01)).toEqual(copies)
    expect(refusal(0, 0x81, 4)).toEqual(copies)
    expect(refusal(0, 0x82, 1)).toEqual(copies)
    const broken = { ok: false, reason: 'a packed message that does not parse' }
    expect(refusal(0, 0x20, 7)).toEqual(broken)
    expect(refusal(0, 0x81)).toEqual(broken)
    expect(refusal(0, 0x0f, 0x80)).toEqual(broken)
    expect(refusal(0, 0x70, 0x80, 0x80, 1)).toEqual(broken)
    expect(refusal(0, 0x0f, 0xff, 0x7f)).toEqual({ ok: false, reason: 'a packed message that is too long' })
  })

  it('can not be made to hold more than the limit by copying again and again', () => {
    const unpacker = new Unpacker()
    const whole = new Uint8Array(maxPackedBytes)
    const { like, steps } = new Packer().pack(whole)
    expect(unpacker.unpack(like, steps)).toMatchObject({ ok: true })
    const copyAll = [0x0f, 0xf1, 0x07]
    expect(unpacker.unpack(0, Uint8Array.from(copyAll))).toMatchObject({ ok: true })
    expect(unpacker.unpack(0, Uint8Array.from([...copyAll, 0x81, 1]))).toMatchObject({ ok: false })
  })

  it('answers any bytes with a value', () => {
    const message = fc.tuple(fc.nat({ max: 15 }), fc.uint8Array({ maxLength: 30 }))
    fc.assert(
      fc.property(fc.array(message, { maxLength: 30 }), (messages) => {
        const unpacker = new Unpacker()
        for (const [like, steps] of messages) {
          const unpacked = unpacker.unpack(like, steps)
          if (!unpacked.ok) return
          expect(unpacked.message.byteLength).toBeLessThanOrEqual(maxPackedBytes)
        }
      }),
      { numRuns: 3000 },
    )
  })
})
