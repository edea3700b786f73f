import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Fault } from '../src/call/call.js'
import { encodeEnd, encodeSignals } from '../src/call/negotiation.js'
import { Switchboard } from '../src/call/switchboard.js'
import { PeerChannel, type PeerSignal, type SimplePeerInstance } from '../src/link/peer-channel.js'
import { type ProvableChannel, Proving } from '../src/secret/proving.js'
import { deriveRoomKeys, type RoomSecret } from '../src/secret/room-keys.js'

/** A peer that makes its offer or answer as simple-peer does, and connects when a test says so. */
class ScriptedPeer implements SimplePeerInstance {
  destroyed = false
  readonly destroying = false
  readonly bufferSize = 0
  readonly _channel = { readyState: 'open', addEventListener: () => {} }
  _pc: SimplePeerInstance['_pc'] = null
  onSend: (bytes: Uint8Array) => void = () => {}
  readonly taken: PeerSignal[] = []
  readonly #listeners = new Map<string, (value: never) => void>()
  readonly #isCaller: boolean

  constructor(isCaller: boolean) {
    this.#isCaller = isCaller
    if (isCaller) queueMicrotask(() => this.emit('signal', { type: 'offer', sdp: 'offer' }))
  }

  on(event: string, listener: (value: never) => void): this {
    this.#listeners.set(event, listener)
    return this
  }

  emit(event: string, value?: unknown): void {
    this.#listeners.get(event)?.(value as never)
  }

  signal(signal: PeerSignal): void {
    this.taken.push(signal)
    if (signal.type === 'offer' && !this.#isCaller) this.emit('signal', { type: 'answer', sdp: 'answer' })
  }

  send(bytes: Uint8Array): void {
    this.onSend(bytes)
  }

  destroy(error?: Error): void {
    if (this.destroyed) return
    this.destroyed = true
    if (error !== undefined) this.emit('error', error)
    this.emit('close')
  }
}

function openSwitchboard(self: string, options: { refusal?: string; secret?: RoomSecret } = {}) {
  const record = {
    peers: [] as ScriptedPeer[],
    sent: [] as { to: string; text: string }[],
    connected: [] as string[],
    chunks: [] as Uint8Array[],
    failed: [] as { address: string; reason: string }[],
    faults: [] as Fault[],
    ended: { times: 0 },
    unproven: [] as string[],
  }
  const board = new Switchboard({
    self,
    connectTimeoutMs: 15_000,
    secret: options.secret ?? null,
    identity: null,
    createChannel: (isCaller) => {
      const peer = new ScriptedPeer(isCaller)
      record.peers.push(peer)
      return new PeerChannel(peer)
    },
    transmit: (to, text) => record.sent.push({ to, text }),
    refuses: () => options.refusal ?? null,
    connected: (address, channel) => {
      record.connected.push(address)
      channel.onChunk = (chunk) => record.chunks.push(chunk)
    },
    failed: (address, reason, fault) => {
      record.failed.push({ address, reason })
      record.faults.push(fault)
    },
    ended: () => {
      record.ended.times += 1
    },
    unproven: (channel, reason) => {
      record.unproven.push(reason)
      channel.destroy()
    },
  })
  return { board, ...record }
}

const offerOf = (call: string, from: string) =>
  encodeSignals(call, from, [{ type: 'offer', sdp: 'o' }])[0] ?? ''
const answerOf = (call: string, from: string) =>
  encodeSignals(call, from, [{ type: 'answer', sdp: 'a' }])[0] ?? ''
const candidateOf = (call: string, from: string) => {
  const candidate = { candidate: 'c', sdpMid: '0', sdpMLineIndex: 0 }
  return encodeSignals(call, from, [{ type: 'candidate', candidate }])[0] ?? ''
}
const callOf = (text: string | undefined): string => JSON.parse(text ?? '{}').call
const typesTaken = (peer: ScriptedPeer | undefined) => peer?.taken.map(({ type }) => type)

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

describe('placing a call', () => {
  it('makes an offer, takes the answer, and hands over the connection', async () => {
    const { board, peers, sent, connected } = openSwitchboard('bbbb')
    board.place('x')
    board.place('x')
    await vi.advanceTimersByTimeAsync(20)
    expect(sent.length).toBe(1)
    board.receive('x', answerOf(callOf(sent[0]?.text), 'aaaa'))
    peers[0]?.emit('connect')
    expect([connected, board.size, peers.length, vi.getTimerCount()]).toEqual([['x'], 0, 1, 0])
  })

  it('fails after a third of the time if nobody answers, and tells the other side', async () => {
    const { board, peers, sent, failed } = openSwitchboard('bbbb')
    board.place('x')
    await vi.advanceTimersByTimeAsync(4_999)
    expect(failed).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(failed).toEqual([{ address: 'x', reason: 'no answer came' }])
    expect(JSON.parse(sent.at(-1)?.text ?? '')).toMatchObject({ end: 'no answer came' })
    expect([peers[0]?.destroyed, board.size, vi.getTimerCount()]).toEqual([true, 0, 0])
  })

  it('fails after the time-out, tells the other side, and leaves nothing', async () => {
    const { board, peers, sent, failed } = openSwitchboard('bbbb')
    board.place('x')
    await vi.advanceTimersByTimeAsync(20)
    board.receive('x', answerOf(callOf(sent[0]?.text), 'aaaa'))
    await vi.advanceTimersByTimeAsync(14_979)
    expect(failed).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(failed).toEqual([{ address: 'x', reason: 'timed out' }])
    expect(JSON.parse(sent.at(-1)?.text ?? '')).toMatchObject({ end: 'timed out' })
    expect([peers[0]?.destroyed, board.size, vi.getTimerCount()]).toEqual([true, 0, 0])
  })

  it('fails when the other side ends it or the carrier finds nobody', async () => {
    const { board, sent, failed, faults } = openSwitchboard('bbbb')
    board.place('x')
    await vi.advanceTimersByTimeAsync(20)
    board.receive('x', encodeEnd(callOf(sent[0]?.text), 'aaaa', 'busy'))
    board.place('y')
    board.fail('y', 'gone', true)
    expect(faults).toEqual(['busy', 'peer'])
    expect(failed).toEqual([
      { address: 'x', reason: 'ended by the other side: busy' },
      { address: 'y', reason: 'gone' },
    ])
  })

  it('outlives the carrier once it is answered, unless the other side is gone', async () => {
    const { board, sent, failed, faults } = openSwitchboard('bbbb')
    board.place('x')
    board.place('y')
    await vi.advanceTimersByTimeAsync(20)
    board.receive('x', answerOf(callOf(sent[0]?.text), 'aaaa'))
    board.fail('x', 'rate limited', false)
    board.failUnanswered('server lost')
    expect(failed).toEqual([{ address: 'y', reason: 'server lost' }])
    board.fail('x', 'gone', true)
    expect(failed.length).toBe(2)
    expect(faults).toEqual(['carrier', 'peer'])
  })

  it('fails when the connection breaks before it is one', async () => {
    const { board, peers, failed } = openSwitchboard('bbbb')
    board.place('x')
    peers[0]?.destroy(new Error('Ice connection failed.'))
    expect(failed).toEqual([{ address: 'x', reason: 'Ice connection failed.' }])
  })
})

describe('answering', () => {
  it('tells when a call that nobody here wanted is over, however it ends', async () => {
    const { board, peers, failed, ended } = openSwitchboard('bbbb')
    board.receive('x', offerOf('call-1', 'aaaa'))
    board.receive('x', encodeEnd('call-1', 'aaaa', 'changed my mind'))
    board.receive('y', offerOf('call-2', 'cccc'))
    peers[1]?.destroy(new Error('Ice connection failed.'))
    board.receive('z', offerOf('call-3', 'dddd'))
    await vi.advanceTimersByTimeAsync(15_000)
    expect([ended.times, failed, board.size]).toEqual([3, [], 0])
  })

  it('takes the offer and the candidates of that call only', async () => {
    const { board, peers, sent } = openSwitchboard('bbbb')
    board.receive('x', offerOf('call-1', 'aaaa'))
    board.receive('x', candidateOf('call-2', 'aaaa'))
    board.receive('y', candidateOf('call-1', 'aaaa'))
    board.receive('x', candidateOf('call-1', 'aaaa'))
    board.receive('x', offerOf('call-1', 'aaaa'))
    board.receive('x', answerOf('call-1', 'aaaa'))
    await vi.advanceTimersByTimeAsync(20)
    expect([peers.length, typesTaken(peers[0])]).toEqual([1, ['offer', 'candidate']])
    expect(sent.map(({ text }) => callOf(text))).toEqual(['call-1'])
  })

  it('finds candidates again that came before their offer', () => {
    const { board, peers } = openSwitchboard('bbbb')
    board.receive('x', candidateOf('call-1', 'aaaa'))
    board.receive('x', candidateOf('call-1', 'aaaa'))
    expect(peers.length).toBe(0)
    board.receive('x', offerOf('call-1', 'aaaa'))
    expect(typesTaken(peers[0])).toEqual(['offer', 'candidate', 'candidate'])
  })

  it('takes no endless stream of candidates, nor an answer where an offer is due', () => {
    const { board, peers } = openSwitchboard('bbbb')
    board.receive('x', answerOf('call-1', 'aaaa'))
    board.receive('x', offerOf('call-1', 'aaaa'))
    for (let i = 0; i < 1000; i += 1) board.receive('x', candidateOf('call-1', 'aaaa'))
    expect(typesTaken(peers[0])?.slice(0, 2)).toEqual(['offer', 'candidate'])
    expect(peers[0]?.taken.length).toBe(256)
  })

  it('does not start an ended call again, whatever straggles in', () => {
    const { board, peers, failed } = openSwitchboard('bbbb')
    board.receive('x', offerOf('call-1', 'aaaa'))
    board.receive('x', encodeEnd('call-1', 'aaaa', 'changed my mind'))
    board.receive('x', offerOf('call-1', 'aaaa'))
    board.receive('x', candidateOf('call-1', 'aaaa'))
    expect([board.size, peers.length, peers[0]?.destroyed, failed]).toEqual([0, 1, true, []])
  })

  it('leaves an older call of the same caller for a newer one', () => {
    const { board, peers } = openSwitchboard('bbbb')
    board.receive('x', offerOf('call-1', 'aaaa'))
    board.receive('x', offerOf('call-2', 'aaaa'))
    board.receive('x', candidateOf('call-1', 'aaaa'))
    board.receive('x', candidateOf('call-2', 'aaaa'))
    expect([board.size, peers[0]?.destroyed, peers[1]?.destroyed]).toEqual([1, true, false])
    expect(typesTaken(peers[1])).toEqual(['offer', 'candidate'])
  })

  it('refuses with a reason, and takes no more than a few calls at once', () => {
    const shut = openSwitchboard('bbbb', { refusal: 'not greeting' })
    shut.board.receive('x', offerOf('call-1', 'aaaa'))
    expect(JSON.parse(shut.sent[0]?.text ?? '')).toMatchObject({ call: 'call-1', end: 'not greeting' })
    const { board, sent } = openSwitchboard('bbbb')
    for (let i = 0; i < 40; i += 1) board.receive(`x${i}`, offerOf(`call-${i}`, 'aaaa'))
    expect(board.size).toBe(16)
    expect(JSON.parse(sent.at(-1)?.text ?? '')).toMatchObject({ call: 'call-39', end: 'busy' })
  })

  it('keeps a bounded memory of calls that never began', () => {
    const { board, peers } = openSwitchboard('bbbb')
    for (let i = 0; i < 40; i += 1) board.receive('x', candidateOf(`call-${i}`, 'aaaa'))
    board.receive('x', offerOf('call-0', 'aaaa'))
    board.receive('x', offerOf('call-39', 'aaaa'))
    expect(peers.map(typesTaken)).toEqual([['offer'], ['offer', 'candidate']])
  })
})

describe('calls of both sides at once', () => {
  it('leave the one of the smaller replica id, on its own side', () => {
    const { board, peers } = openSwitchboard('aaaa')
    board.place('x')
    board.receive('x', offerOf('theirs', 'bbbb'))
    expect([peers.length, peers[0]?.destroyed, board.size]).toEqual([1, false, 1])
  })

  it('leave the one of the smaller replica id, on the other side, which still hears of a failure', async () => {
    const { board, peers, sent, failed } = openSwitchboard('bbbb')
    board.place('x')
    board.receive('x', offerOf('theirs', 'aaaa'))
    expect([peers[0]?.destroyed, peers[1]?.destroyed, board.size]).toEqual([true, false, 1])
    await vi.advanceTimersByTimeAsync(20)
    expect(sent.map(({ text }) => callOf(text))).toEqual(['theirs'])
    await vi.advanceTimersByTimeAsync(15_000)
    expect(failed).toEqual([{ address: 'x', reason: 'timed out' }])
  })

  it('are one call if the second is placed while the first is being answered', () => {
    const { board, peers, failed } = openSwitchboard('bbbb')
    board.receive('x', offerOf('theirs', 'aaaa'))
    board.place('x')
    expect(peers.length).toBe(1)
    board.receive('x', encodeEnd('theirs', 'aaaa', 'timed out'))
    expect(failed).toEqual([{ address: 'x', reason: 'ended by the other side: timed out' }])
  })
})

describe('[AC4] in a room with a password', () => {
  const secret: RoomSecret = { room: 'room', keys: deriveRoomKeys('secret', 'room') }

  it('a connection that no proof comes over is given up, and both sides hear of it', async () => {
    const { board, peers, sent, connected, failed, unproven } = openSwitchboard('bbbb', { secret })
    board.place('x')
    await vi.advanceTimersByTimeAsync(20)
    board.receive('x', answerOf(callOf(sent[0]?.text), 'aaaa'))
    await vi.advanceTimersByTimeAsync(14_000)
    peers[0]?.emit('connect')
    await vi.advanceTimersByTimeAsync(4999)
    expect([failed, board.size]).toEqual([[], 1])
    await vi.advanceTimersByTimeAsync(1)
    const reason = 'no proof of the password came'
    expect([connected, failed, unproven]).toEqual([[], [{ address: 'x', reason }], [reason]])
    expect(JSON.parse(sent.at(-1)?.text ?? '')).toMatchObject({ end: reason })
    expect([peers[0]?.destroyed, board.size, vi.getTimerCount()]).toEqual([true, 0, 0])
  })

  it('what the other side sends at once, as it was quicker, reaches the link', async () => {
    vi.useRealTimers()
    const { board, peers, sent, connected, chunks } = openSwitchboard('bbbb', { secret })
    board.place('x')
    await vi.waitFor(() => expect(sent.length).toBe(1), 40_000)
    const [ours, theirs] = ['AA', 'BB'].map((digits) => ({ sdp: `a=fingerprint:sha-256 ${digits}` }))
    const [peer] = peers
    if (!peer || !ours || !theirs) throw new Error('no call was placed')
    peer._pc = { localDescription: ours, remoteDescription: theirs }
    const hello = new Uint8Array([2, 1, 7])
    const other: ProvableChannel = {
      descriptions: { local: theirs.sdp, remote: ours.sdp },
      onChunk: () => {},
      send: (chunk) => {
        peer.emit('data', chunk)
        if (chunk[0] === 0x20) peer.emit('data', hello)
        return true
      },
    }
    peer.onSend = (bytes) => queueMicrotask(() => other.onChunk(bytes))
    peer.emit('connect')
    const call = callOf(sent[0]?.text)
    const ends = { proven: () => {}, failed: () => {} }
    new Proving({ secret, identity: null, call, isCaller: false, channel: other, ...ends })
    await vi.waitFor(() => expect(connected).toEqual(['x']), 40_000)
    expect(chunks).toEqual([hello])
  })

  it('a connection that ends before it is proved is an ordinary failure', async () => {
    const { board, peers, failed, unproven } = openSwitchboard('bbbb', { secret })
    board.place('x')
    peers[0]?.emit('connect')
    peers[0]?.destroy(new Error('gone'))
    expect([failed, unproven, vi.getTimerCount()]).toEqual([[{ address: 'x', reason: 'gone' }], [], 0])
  })
})

it('[AC3] takes no call from itself: somebody has sent its own words back', async () => {
  const { board, peers, sent } = openSwitchboard('bbbb')
  board.receive('x', offerOf('call-1', 'bbbb'))
  expect([board.size, peers.length, sent]).toEqual([0, 0, []])
})

it('an offer waits for nothing, and candidates for each other', async () => {
  const { board, peers, sent } = openSwitchboard('bbbb')
  board.place('x')
  await Promise.resolve()
  expect(sent.map(({ text }) => JSON.parse(text).signals.length)).toEqual([1])
  for (let i = 0; i < 3; i++) {
    const candidate = { candidate: `candidate ${i}`, sdpMid: null, sdpMLineIndex: null }
    peers[0]?.emit('signal', { type: 'candidate', candidate })
  }
  expect(sent).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(5)
  expect(sent.map(({ text }) => JSON.parse(text).signals.length)).toEqual([1, 3])
})

it('destroyed, leaves neither a timer nor a word', async () => {
  const { board, peers, sent, failed } = openSwitchboard('bbbb')
  board.place('x')
  board.receive('y', offerOf('call-1', 'aaaa'))
  const said = [...sent]
  board.destroy()
  await vi.advanceTimersByTimeAsync(20_000)
  expect([sent, failed, vi.getTimerCount()]).toEqual([said, [], 0])
  expect(peers.every(({ destroyed }) => destroyed)).toBe(true)
})
