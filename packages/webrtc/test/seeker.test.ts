import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { SeekAnswer } from '../src/rendezvous/answer.js'
import { readAnswer, readSeekAnswer } from '../src/rendezvous/answer.js'
import { Seeker } from '../src/rendezvous/seeker.js'

function createSeeker(respond: (not: readonly string[]) => SeekAnswer | Promise<SeekAnswer>) {
  const record = { asked: [] as string[][], called: [] as string[], refusals: [] as string[], foundings: 0 }
  const server = { isReachable: true, isGreeting: false }
  const seeker = new Seeker({
    canAsk: () => server.isReachable,
    isGreeting: () => server.isGreeting,
    ask: async (not) => {
      record.asked.push([...not])
      return respond(not)
    },
    call: (peer) => record.called.push(peer),
    alone: () => {
      record.foundings += 1
    },
    refused: (reason) => record.refusals.push(reason),
  })
  return { seeker, record, server }
}

const begin = async (seeker: Seeker) => {
  seeker.start()
  seeker.ask()
  await vi.advanceTimersByTimeAsync(0)
}

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

describe('seeking', () => {
  it('ends with the first call that succeeds', async () => {
    const { seeker, record } = createSeeker(() => ({ kind: 'peer', peer: 'p1' }))
    await begin(seeker)
    seeker.ask()
    expect(seeker.callSucceeded('somebody else')).toBe(false)
    expect([record.called, seeker.isSeeking]).toEqual([['p1'], true])
    expect(seeker.callSucceeded('p1')).toBe(true)
    expect([seeker.isSeeking, vi.getTimerCount()]).toEqual([false, 0])
  })

  it('leaves out who could not be linked, for as long as it is told, while there are others', async () => {
    const peers = ['p1', 'p2', 'p3']
    const { seeker, record } = createSeeker((not) => {
      const peer = peers.find((each) => !not.includes(each))
      return peer === undefined ? { kind: 'wait', waitMs: 500 } : { kind: 'peer', peer }
    })
    await begin(seeker)
    seeker.callFailed('p1', 60_000)
    await vi.advanceTimersByTimeAsync(200)
    seeker.callFailed('p2', 60_000)
    await vi.advanceTimersByTimeAsync(50_000)
    seeker.callFailed('p3', 0)
    await vi.advanceTimersByTimeAsync(1000)
    expect([record.called, record.asked.at(-1)]).toEqual([
      ['p1', 'p2', 'p3', 'p3'],
      ['p1', 'p2'],
    ])
    await vi.advanceTimersByTimeAsync(12_000)
    seeker.callFailed('p3', 0)
    await vi.advanceTimersByTimeAsync(2000)
    expect(record.called.at(-1)).toBe('p1')
  })

  it('calls the only one to be had again, ever more rarely up to what it is told', async () => {
    const { seeker, record } = createSeeker((not) =>
      not.includes('p1') ? { kind: 'wait', waitMs: 1000 } : { kind: 'peer', peer: 'p1' },
    )
    await begin(seeker)
    const pauses: number[] = []
    for (let call = 1; call <= 8; call += 1) {
      expect(record.called.length).toBe(call)
      seeker.callFailed('p1', 60_000)
      const failedMs = Date.now()
      while (record.called.length === call) await vi.advanceTimersByTimeAsync(100)
      pauses.push(Math.floor((Date.now() - failedMs) / 1000))
    }
    // Each is spread by a half, and the question takes its time too.
    for (const [at, seconds] of pauses.entries()) {
      const least = Math.min(60, 2 ** (at + 1))
      expect(seconds).toBeGreaterThanOrEqual(least)
      expect(seconds).toBeLessThan(1.5 * least + 7)
    }
    expect(record.refusals).toEqual([])
  })

  it('asks no more often than it is told because somebody who may be called again is not to be had', async () => {
    let isThere = true
    const { seeker, record } = createSeeker((not) =>
      isThere && not.length === 0 ? { kind: 'peer', peer: 'p1' } : { kind: 'wait', waitMs: 1000 },
    )
    await begin(seeker)
    seeker.callFailed('p1', 60_000)
    isThere = false
    const before = record.asked.length
    await vi.advanceTimersByTimeAsync(100_000)
    expect(record.asked.length - before).toBeGreaterThan(50)
    expect(record.asked.length - before).toBeLessThan(210)
  })

  it('never names more peers than a server takes, and then the latest', async () => {
    let next = 0
    const { seeker, record } = createSeeker(() => ({ kind: 'peer', peer: `p${next++}` }))
    await begin(seeker)
    for (let i = 0; i < 20; i += 1) {
      const calling = record.called.at(-1) ?? ''
      seeker.callFailed(calling, 60_000)
      // Not so long that the first are forgotten by time.
      vi.setSystemTime(0)
      while (record.called.at(-1) === calling) await vi.advanceTimersByTimeAsync(100)
    }
    expect(record.asked.at(-1)?.length).toBe(16)
    expect(record.asked.at(-1)?.at(-1)).toBe('p19')
  })

  it('calls again whom nothing was wrong with', async () => {
    const { seeker, record } = createSeeker(() => ({ kind: 'peer', peer: 'p1' }))
    await begin(seeker)
    seeker.callFailed('p1', 0)
    await vi.advanceTimersByTimeAsync(200)
    expect([record.called, record.asked]).toEqual([
      ['p1', 'p1'],
      [[], []],
    ])
  })

  it('looks once where others find us', async () => {
    const { seeker, record, server } = createSeeker(() => ({ kind: 'wait', waitMs: 500 }))
    server.isGreeting = true
    await begin(seeker)
    await vi.advanceTimersByTimeAsync(10_000)
    expect([record.asked.length, seeker.isSeeking, vi.getTimerCount()]).toEqual([1, false, 0])
    await begin(seeker)
    expect(record.asked.length).toBe(2)
  })

  it('waits as long as it is told, give or take a half', async () => {
    const { seeker, record } = createSeeker(() => ({ kind: 'wait', waitMs: 1000 }))
    await begin(seeker)
    await vi.advanceTimersByTimeAsync(499)
    expect(record.asked.length).toBe(1)
    await vi.advanceTimersByTimeAsync(1001)
    expect(record.asked.length).toBeGreaterThanOrEqual(2)
    seeker.stop()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('asks a server that refuses ever more rarely, and says why it refuses', async () => {
    const { seeker, record } = createSeeker(() => ({ kind: 'refused', reason: 'busy' }))
    await begin(seeker)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(record.refusals[0]).toBe('busy')
    expect(record.asked.length).toBeGreaterThan(8)
    expect(record.asked.length).toBeLessThan(40)
  })

  it('rests while no server is within reach, and ignores an answer of the connection before', async () => {
    let answer: (value: SeekAnswer) => void = () => {}
    const { seeker, record, server } = createSeeker(() => new Promise((resolve) => (answer = resolve)))
    await begin(seeker)
    const late = answer
    seeker.pause()
    server.isReachable = false
    late({ kind: 'found' })
    await vi.advanceTimersByTimeAsync(60_000)
    expect([record.asked.length, record.foundings, vi.getTimerCount()]).toEqual([1, 0, 0])
    server.isReachable = true
    seeker.ask()
    answer({ kind: 'found' })
    await vi.advanceTimersByTimeAsync(0)
    expect([record.foundings, seeker.isSeeking]).toEqual([1, false])
  })

  it('stopped while it waits for an answer, hears none', async () => {
    let answer: (value: SeekAnswer) => void = () => {}
    const { seeker, record } = createSeeker(() => new Promise((resolve) => (answer = resolve)))
    await begin(seeker)
    seeker.stop()
    answer({ kind: 'found' })
    await vi.advanceTimersByTimeAsync(0)
    expect([record.foundings, vi.getTimerCount()]).toEqual([0, 0])
  })
})

it('answers of a server are taken for what they are, or for a refusal', () => {
  const read = (value: unknown) => readSeekAnswer(readAnswer(value))
  expect(read({ ok: true, peer: 'p1' })).toEqual({ kind: 'peer', peer: 'p1' })
  expect(read({ ok: true, found: true })).toEqual({ kind: 'found' })
  expect(read({ ok: true, waitMs: 1e12 })).toEqual({ kind: 'wait', waitMs: 60_000 })
  expect(read({ ok: false, error: { code: 'busy', message: 'Too busy.' } })).toEqual({
    kind: 'refused',
    reason: 'Too busy.',
  })
  const senseless = [
    undefined,
    null,
    'ok',
    {},
    { ok: 1 },
    { ok: true },
    { ok: true, peer: 7 },
    { ok: true, waitMs: -1 },
  ]
  for (const value of [...senseless, { ok: true, waitMs: Number.NaN }])
    expect(read(value).kind).toBe('refused')
  expect(readAnswer({ ok: false, error: 'no' })).toEqual({ ok: false, code: 'refused', message: 'refused' })
})
