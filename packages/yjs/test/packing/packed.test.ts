/** Packing gives back what was packed, and takes no more memory than it may, whatever somebody sends. */
import { deflateSync } from 'fflate'
import * as encoding from 'lib0/encoding'
import { describe, expect, test } from 'vitest'
import { Packer, pack, Unpacker, unpack } from '../../src/packing/packed.js'
import { packInSteps, packLong, unpackedBytes, unpackLong } from '../../src/packing/packed-long.js'
import { randomFrom } from '../renumbering/simulation.js'

const LIMIT = 2 ** 28
const TEXT = new TextEncoder().encode('it is a truth universally acknowledged, '.repeat(200))

function randomBytes(length: number): Uint8Array {
  const random = randomFrom(length)
  return Uint8Array.from({ length }, () => Math.floor(random() * 256))
}

function claiming(length: number, smaller: Uint8Array): Uint8Array {
  const out = encoding.createEncoder()
  encoding.writeUint8(out, 1)
  encoding.writeVarUint(out, length)
  encoding.writeUint8Array(out, smaller)
  return encoding.toUint8Array(out)
}

describe('what is packed', () => {
  test.each([
    ['nothing', new Uint8Array()],
    ['a byte', Uint8Array.of(7)],
    ['text', TEXT],
    ['noise', randomBytes(5000)],
    ['zeros', new Uint8Array(100_000)],
  ])('comes back: %s', (_, bytes) => {
    const packed = pack(bytes)
    expect(packed.length).toBeLessThanOrEqual(bytes.length + 1)
    expect(unpack(packed, bytes.length)).toEqual(bytes)
  })

  test('is small where it says the same again', () => {
    expect(pack(TEXT).length).toBeLessThan(TEXT.length / 20)
  })

  test('leans on what was packed before, and is of no use without it', () => {
    const first = randomBytes(20_000)
    const parts = [
      first,
      TEXT,
      Uint8Array.from([...first.subarray(5000), ...TEXT]),
      randomBytes(70_000),
      first,
    ]
    const packer = new Packer()
    const packed = parts.map((part) => packer.pack(part))
    expect(packed[2]?.length).toBeLessThan(500)
    const unpacker = new Unpacker()
    for (const [at, part] of packed.entries()) expect(unpacker.unpack(part, LIMIT)).toEqual(parts[at])
    expect(new Unpacker().unpack(packed[2] as Uint8Array, LIMIT)).toBeTypeOf('string')
  })
})

describe('[WI8] what somebody else sends', () => {
  test('is refused if it says that it is larger than it may be', () => {
    expect(unpack(pack(TEXT), TEXT.length - 1)).toMatch(/too much/)
    expect(unpack(pack(randomBytes(100)), 99)).toMatch(/too much/)
  })

  test('is refused before anything is allocated if it would grow beyond measure', () => {
    const zeros = new Uint8Array(2 ** 25)
    const bomb = deflateSync(zeros, { level: 9 })
    expect(bomb.length).toBeLessThan(2 ** 16)
    expect(unpack(claiming(zeros.length, bomb), LIMIT)).toMatch(/too much/)
    expect(unpack(claiming(LIMIT, bomb), LIMIT)).toMatch(/too much/)
  })

  test('an honest page may write as much of the same as it likes', () => {
    const zeros = new Uint8Array(2 ** 25)
    expect(unpack(pack(zeros), LIMIT)).toHaveLength(zeros.length)
  })

  test('is refused if more or less comes out than it says', () => {
    const smaller = deflateSync(TEXT)
    expect(unpack(claiming(TEXT.length, smaller), LIMIT)).toEqual(TEXT)
    expect(unpack(claiming(TEXT.length - 1, smaller), LIMIT)).toMatch(/another length|can not be unpacked/)
    expect(unpack(claiming(TEXT.length + 1, smaller), LIMIT)).toMatch(/another length|can not be unpacked/)
    expect(unpack(claiming(1, new Uint8Array()), LIMIT)).toMatch(/another length|can not be unpacked/)
  })

  test('damaged in any byte never throws', () => {
    const packed = pack(TEXT)
    for (let at = 0; at < packed.length; at++) {
      const damaged = packed.slice()
      damaged[at] = (damaged[at] ?? 0) ^ 0x15
      const found = unpack(damaged, LIMIT)
      if (typeof found !== 'string') expect(found.length).toBeLessThanOrEqual(TEXT.length + packed.length)
    }
    for (let end = 0; end < packed.length; end++) {
      expect(unpack(packed.subarray(0, end), LIMIT)).toBeTypeOf('string')
    }
  })
})

describe('what is long', () => {
  const long = Uint8Array.from([...TEXT, ...randomBytes(40_000), ...TEXT])

  test.each([
    ['nothing', new Uint8Array()],
    ['text', TEXT],
    ['more than one part', long],
  ])('comes back: %s', (_, bytes) => {
    const packed = packLong(bytes)
    expect(unpackedBytes(packed)).toBe(bytes.length)
    expect(unpackLong(packed, bytes.length)).toEqual(bytes)
    if (bytes.length > 0) expect(unpackLong(packed, bytes.length - 1)).toMatch(/too much/)
  })

  test('is packed in steps', () => {
    expect([...packInSteps(long)]).toHaveLength(Math.ceil(long.length / 2 ** 14))
  })

  test('may be as much of the same as somebody likes', () => {
    const zeros = new Uint8Array(2 ** 25)
    const packed = packLong(zeros)
    expect(packed.length).toBeLessThan(2 ** 20)
    expect(unpackLong(packed, LIMIT)).toHaveLength(zeros.length)
  })

  test('[WI8] is refused before anything is allocated if it would grow beyond measure, or says less than comes', () => {
    const out = encoding.createEncoder()
    encoding.writeVarUint(out, 2 ** 27)
    const part = pack(new Uint8Array(2 ** 14))
    for (let left = 0; left < 2 ** 13; left++) encoding.writeVarUint8Array(out, part)
    expect(unpackLong(encoding.toUint8Array(out), LIMIT)).toMatch(/too much/)
    const short = packLong(long)
    expect(unpackLong(Uint8Array.from([TEXT.length & 127, ...short.subarray(3)]), LIMIT)).toMatch(/too much/)
  })

  test('damaged in any byte never throws', () => {
    const packed = packLong(TEXT)
    for (let at = 0; at < packed.length; at++) {
      const damaged = packed.slice()
      damaged[at] = (damaged[at] ?? 0) ^ 0x15
      expect([undefined, TEXT.length]).toContain(
        ((found) => (typeof found === 'string' ? undefined : found.length))(unpackLong(damaged, TEXT.length)),
      )
    }
    for (let end = 0; end < packed.length; end++) {
      expect(unpackLong(packed.subarray(0, end), LIMIT)).toBeTypeOf('string')
    }
  })
})
