import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { chunkBytes, encodeChunk, encodeFarewell, Reassembler } from '../src/link/chunking.js'
import { type ChunkChannel, Link } from '../src/link/link.js'
import { testBytes } from './replica.js'

/** A data channel that keeps what it is given until a test lets it go. */
class HeldChannel implements ChunkChannel {
  onChunk: (chunk: Uint8Array) => void = () => {}
  onClose: (reason: string) => void = () => {}
  readonly sent: Uint8Array[] = []
  bufferedBytes = 0
  maxBufferedBytes = 0
  isOpen = true
  isDestroyed = false
  #low: (() => void)[] = []

  send(chunk: Uint8Array): boolean {
    if (!this.isOpen) return false
    this.sent.push(chunk)
    this.bufferedBytes += chunk.byteLength
    this.maxBufferedBytes = Math.max(this.maxBufferedBytes, this.bufferedBytes)
    return true
  }

  whenLow(callback: () => void): void {
    this.#low.push(callback)
  }

  destroy(): void {
    this.isOpen = false
    this.isDestroyed = true
  }

  drain(): void {
    this.bufferedBytes = 0
    for (const callback of this.#low.splice(0)) callback()
  }
}

function openLink(maxMessageBytes = 10_000_000) {
  const channel = new HeldChannel()
  const heard = { messages: [] as Uint8Array[], downs: [] as string[], gone: 0 }
  const link = new Link(channel, {
    maxMessageBytes,
    message: (bytes) => heard.messages.push(bytes),
    down: (reason) => heard.downs.push(reason),
    gone: () => {
      heard.gone += 1
    },
  })
  return { channel, heard, link }
}

function lastFarewell(channel: HeldChannel): string | null {
  const taken = new Reassembler(1).take(channel.sent.at(-1) ?? new Uint8Array())
  return taken.kind === 'farewell' ? taken.reason : null
}

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

describe('feeding the channel', () => {
  it('stops far below what channels can take, and goes on when they run low', () => {
    const { channel, link } = openLink()
    link.send(testBytes(5_000_000), 'bulk')
    expect(channel.maxBufferedBytes).toBeGreaterThanOrEqual(256 * 1024)
    let drains = 0
    while (channel.bufferedBytes > 0) {
      channel.drain()
      drains += 1
    }
    expect(channel.maxBufferedBytes).toBeLessThanOrEqual(256 * 1024 + chunkBytes)
    expect(drains).toBeGreaterThan(15)
    expect(link.bytesSent).toBeGreaterThan(5_000_000)
  })

  it('sends urgent messages even while bulk must wait', () => {
    const { channel, link } = openLink()
    link.send(testBytes(5_000_000), 'bulk')
    const before = channel.sent.length
    link.send(testBytes(10), 'urgent')
    expect(channel.sent.length).toBe(before + 1)
    for (let i = 0; i < 200; i += 1) link.send(testBytes(16_000), 'urgent')
    expect(channel.maxBufferedBytes).toBeLessThanOrEqual(1024 * 1024 + chunkBytes)
  })

  it('gives up a peer that does not read', async () => {
    const { channel, heard, link } = openLink(1_000_000)
    for (let i = 0; i < 4; i += 1) link.send(testBytes(900_000), 'bulk')
    expect(heard.downs).toEqual([])
    await vi.advanceTimersByTimeAsync(0)
    expect(heard.downs).toEqual(['the other side reads too slowly'])
    expect(lastFarewell(channel)).toBe('the other side reads too slowly')
    await vi.advanceTimersByTimeAsync(2000)
    expect([channel.isDestroyed, heard.gone]).toEqual([true, 1])
  })

  it('leaves a channel alone that is closing', () => {
    const { channel, heard, link } = openLink()
    channel.isOpen = false
    link.send(testBytes(100_000), 'bulk')
    expect(heard.downs).toEqual([])
    channel.onClose('gone away')
    link.send(testBytes(1), 'bulk')
    expect([heard.downs, heard.gone, link.bytesSent]).toEqual([['gone away'], 1, 0])
  })
})

describe('ending a link', () => {
  it('by close sends what is queued and a farewell, and waits for the other side to hang up', () => {
    const { channel, heard, link } = openLink()
    link.send(testBytes(1_000_000), 'bulk')
    link.close('enough')
    expect(lastFarewell(channel)).toBeNull()
    while (channel.bufferedBytes > 0) channel.drain()
    expect(lastFarewell(channel)).toBe('enough')
    expect(channel.isDestroyed).toBe(false)
    channel.onClose('the connection ended')
    expect([heard.downs, heard.gone, vi.getTimerCount()]).toEqual([[], 1, 0])
  })

  it('by close goes on while it gets on, ten seconds at most', () => {
    const { channel, heard, link } = openLink(50_000_000)
    link.send(testBytes(20_000_000), 'bulk')
    link.close('enough')
    for (let seconds = 0; seconds < 9; seconds++) {
      vi.advanceTimersByTime(1000)
      expect(channel.isDestroyed).toBe(false)
      channel.drain()
    }
    vi.advanceTimersByTime(1000)
    expect([channel.isDestroyed, heard.gone, heard.downs]).toEqual([true, 1, []])
  })

  it('by close ends after two seconds without getting on', () => {
    const { channel, heard, link } = openLink()
    link.send(testBytes(1_000_000), 'bulk')
    link.close('enough')
    vi.advanceTimersByTime(1999)
    expect(channel.isDestroyed).toBe(false)
    vi.advanceTimersByTime(1)
    expect([channel.isDestroyed, heard.gone, heard.downs]).toEqual([true, 1, []])
  })

  it('hears nothing any more while closing', () => {
    const { channel, heard, link } = openLink()
    link.close('enough')
    channel.onChunk(encodeChunk(testBytes(3), 0, 'urgent').chunk)
    channel.onChunk(Uint8Array.from([99]))
    expect([heard.messages, heard.downs]).toEqual([[], []])
  })

  it('by the other side is told with its reason, once', () => {
    const { channel, heard } = openLink()
    channel.onChunk(encodeFarewell('bye'))
    channel.onChunk(encodeFarewell('bye'))
    channel.onClose('the connection ended')
    expect([heard.downs, heard.gone, channel.isDestroyed]).toEqual([
      ['closed by the other side: bye'],
      1,
      true,
    ])
  })

  it('by a broken chunk tells both sides why, and does not wait for what is queued', () => {
    const { channel, heard, link } = openLink()
    link.send(testBytes(5_000_000), 'bulk')
    channel.onChunk(Uint8Array.from([99]))
    const reason = 'the other side sent unknown chunk flags 99'
    expect(heard.downs).toEqual([reason])
    expect(lastFarewell(channel)).toBe(reason)
    vi.advanceTimersByTime(2000)
    expect([heard.downs.length, heard.gone, channel.isDestroyed]).toEqual([1, 1, true])
  })

  it('by destroy leaves neither a timer nor a word', () => {
    const { channel, heard, link } = openLink()
    link.close('enough')
    link.destroy()
    link.destroy()
    expect([heard.downs, heard.gone, vi.getTimerCount(), channel.isDestroyed]).toEqual([[], 1, 0, true])
  })
})
