import type { Lane } from '@tidemark/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chunkBytes, encodeChunk, encodeFarewell, Reassembler, type Taken } from '../src/link/chunking.js'
import { testBytes } from './replica.js'

const megabyte = 1024 * 1024

function chunksOf(message: Uint8Array, lane: Lane): Uint8Array[] {
  const chunks: Uint8Array[] = []
  let offset = 0
  do {
    const { chunk, end } = encodeChunk(message, offset, lane)
    chunks.push(chunk)
    offset = end
  } while (offset < message.byteLength)
  return chunks
}

function messagesOf(taken: Taken[]): Uint8Array[] {
  return taken.flatMap((each) => (each.kind === 'message' ? [each.bytes] : []))
}

const lengths = fc.oneof(
  fc.integer({ min: 0, max: 40 }),
  fc.integer({ min: chunkBytes - 10, max: chunkBytes + 10 }),
  fc.integer({ min: 0, max: 300_000 }),
)

describe('chunking', () => {
  it('never makes a chunk above the limit, nor more of them than needed', () => {
    const expected = { 0: 1, 1: 1, 16381: 1, 16382: 2, 16384: 2, 300000: 19 }
    for (const [length, count] of Object.entries(expected)) {
      const chunks = chunksOf(testBytes(Number(length)), 'bulk')
      expect(Math.max(...chunks.map((chunk) => chunk.byteLength))).toBeLessThanOrEqual(chunkBytes)
      expect(chunks.length).toBe(count)
    }
  })

  it('gives back any messages of two lanes, however their chunks alternate', () => {
    const lists = fc.array(lengths, { maxLength: 6 })
    fc.assert(
      fc.property(lists, lists, fc.infiniteStream(fc.boolean()), (urgent, bulk, coin) => {
        const sent = {
          urgent: urgent.map((length, i) => testBytes(length, i + 1)),
          bulk: bulk.map((length, i) => testBytes(length, i + 100)),
        }
        const left = {
          urgent: sent.urgent.flatMap((message) => chunksOf(message, 'urgent')),
          bulk: sent.bulk.flatMap((message) => chunksOf(message, 'bulk')),
        }
        const received: Record<Lane, Uint8Array[]> = { urgent: [], bulk: [] }
        const reassembler = new Reassembler(megabyte)
        while (left.urgent.length + left.bulk.length > 0) {
          const lane =
            left.bulk.length === 0 || (left.urgent.length > 0 && coin.next().value) ? 'urgent' : 'bulk'
          const taken = reassembler.take(left[lane].shift() ?? new Uint8Array())
          received[lane].push(...messagesOf([taken]))
          expect(['part', 'message']).toContain(taken.kind)
        }
        for (const lane of ['urgent', 'bulk'] as const) {
          expect(received[lane].length).toBe(sent[lane].length)
          received[lane].forEach((bytes, i) => {
            expect(Buffer.compare(bytes, sent[lane][i] ?? new Uint8Array())).toBe(0)
          })
        }
        expect(reassembler.heldBytes).toBe(0)
      }),
      { numRuns: 60 },
    )
  })

  it('carries the reason of a farewell, cut to a line or two', () => {
    const take = (chunk: Uint8Array) => new Reassembler(megabyte).take(chunk)
    expect(take(encodeFarewell('schluß 🌊'))).toEqual({ kind: 'farewell', reason: 'schluß 🌊' })
    expect(take(encodeFarewell(''))).toEqual({ kind: 'farewell', reason: 'no reason given' })
    expect(take(encodeFarewell('\ud800'))).toEqual({ kind: 'farewell', reason: '\ufffd' })
    expect(encodeFarewell('x'.repeat(100_000)).byteLength).toBe(201)
    expect(take(new Uint8Array(10_000).fill(65).fill(4, 0, 1))).toMatchObject({ reason: 'A'.repeat(200) })
  })
})

describe('reassembly of what strangers send', () => {
  const take = (...chunks: number[][]) => {
    const reassembler = new Reassembler(megabyte)
    return chunks.map((chunk) => reassembler.take(Uint8Array.from(chunk))).at(-1)
  }

  it('refuses what breaks the format, and says why', () => {
    expect(take([])).toEqual({ kind: 'violation', reason: 'an empty chunk' })
    expect(take([16])).toEqual({ kind: 'violation', reason: 'unknown chunk flags 16' })
    expect(take([8 | 4])).toEqual({ kind: 'violation', reason: 'unknown chunk flags 12' })
    expect(take([2, 3, 7], [8, 0x10, 7])).toEqual({
      kind: 'violation',
      reason: 'a packed message inside of another',
    })
    expect(take([8 | (1 << 4), 0x10, 7])).toMatchObject({
      reason: 'a packed message that names a message that was not sent',
    })
    expect(take([4 | 2, 0])).toEqual({ kind: 'violation', reason: 'unknown chunk flags 6' })
    expect(take([2])).toEqual({ kind: 'violation', reason: 'a chunk whose length does not parse' })
    expect(take([2, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255])).toMatchObject({ kind: 'violation' })
    expect(take([2, 5])).toEqual({ kind: 'violation', reason: 'a chunk without payload' })
    expect(take([2, 1, 7, 7])).toEqual({ kind: 'violation', reason: 'a chunk beyond the declared length' })
    expect(take([2, 0, 7])).toEqual({ kind: 'violation', reason: 'a chunk beyond the declared length' })
    expect(take([2, 3, 7], [0, 7, 7, 7])).toMatchObject({ reason: 'a chunk beyond the declared length' })
    expect(take([0, 7])).toEqual({
      kind: 'violation',
      reason: 'a chunk of the urgent lane outside of any message',
    })
    expect(take([3, 3, 7], [0, 7])).toMatchObject({
      reason: 'a chunk of the urgent lane outside of any message',
    })
    expect(take([3, 3, 7], [1])).toEqual({ kind: 'violation', reason: 'a chunk without payload' })
    expect(take([3, 3, 7], [3, 3, 7])).toMatchObject({
      reason: 'a second message of the bulk lane inside of another',
    })
  })

  it('refuses a chunk and a message above their limits before looking further', () => {
    const reassembler = new Reassembler(megabyte)
    expect(reassembler.take(new Uint8Array(chunkBytes + 1))).toMatchObject({ kind: 'violation' })
    const declared = encodeChunk(new Uint8Array(megabyte + 1), 0, 'bulk').chunk
    expect(reassembler.take(declared)).toEqual({ kind: 'violation', reason: 'a message of 1048577 bytes' })
    expect(reassembler.heldBytes).toBe(0)
  })

  it('holds no more than about what has come in, whatever length was declared', () => {
    const message = testBytes(8 * megabyte)
    const reassembler = new Reassembler(8 * megabyte)
    let receivedBytes = 0
    for (const chunk of chunksOf(message, 'bulk').slice(0, -1)) {
      reassembler.take(chunk)
      receivedBytes += chunk.byteLength
      expect(reassembler.heldBytes).toBeLessThanOrEqual(Math.max(64 * 1024, 2 * receivedBytes))
    }
    // Chunks of a single byte are allowed, and cost no more than the byte.
    const tiny = new Reassembler(8 * megabyte)
    tiny.take(encodeChunk(message, 0, 'bulk').chunk)
    for (let i = 0; i < 10_000; i += 1) tiny.take(Uint8Array.from([1, 7]))
    expect(tiny.heldBytes).toBe(64 * 1024)
  })

  it('answers any bytes with a value', () => {
    const junk = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 })
    fc.assert(
      fc.property(junk, (chunks) => {
        const reassembler = new Reassembler(1000)
        for (const chunk of chunks) {
          const taken = reassembler.take(chunk)
          expect(reassembler.heldBytes).toBeLessThanOrEqual(2000)
          if (taken.kind === 'violation' || taken.kind === 'farewell') return
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('answers truncated and flipped chunks with a value, never with a message of another length', () => {
    const damage = fc.record({
      chunk: fc.nat(),
      cut: fc.option(fc.nat({ max: chunkBytes })),
      flip: fc.option(fc.record({ at: fc.nat({ max: 5 }), bit: fc.nat({ max: 7 }) })),
    })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60_000 }), damage, (length, { chunk, cut, flip }) => {
        const chunks = chunksOf(testBytes(length), 'urgent')
        const index = chunk % chunks.length
        const damaged = (chunks[index] ?? new Uint8Array()).slice(0, cut ?? undefined)
        if (flip !== null && flip.at < damaged.byteLength) {
          damaged[flip.at] = (damaged[flip.at] ?? 0) ^ (1 << flip.bit)
        }
        chunks[index] = damaged
        const reassembler = new Reassembler(megabyte)
        for (const each of chunks) {
          const taken = reassembler.take(each)
          if (taken.kind === 'violation' || taken.kind === 'farewell') return
          // A flipped length may declare less, but then what follows does not fit.
          if (taken.kind === 'message' && each !== damaged) expect(taken.bytes.byteLength).toBe(length)
        }
      }),
      { numRuns: 500 },
    )
  })
})
