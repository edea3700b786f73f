import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { encodeSignals } from '../../src/call/negotiation.js'
import { encodeUnreadable, type SecretMismatch, toldOnce } from '../../src/secret/mismatch.js'
import { Post, type PostOptions } from '../../src/secret/post.js'
import { deriveRoomKeys, type RoomSecret } from '../../src/secret/room-keys.js'

const [negotiation = ''] = encodeSignals('call-1', 'replica-a', [{ type: 'offer', sdp: 'v=0' }])

let ours: RoomSecret
let theirs: RoomSecret

beforeAll(async () => {
  ours = { room: 'room', keys: Promise.resolve(await deriveRoomKeys('ours', 'room')) }
  theirs = { room: 'room', keys: Promise.resolve(await deriveRoomKeys('theirs', 'room')) }
})

beforeEach(() => {
  carried.length = 0
})

/** Everything that a post gave to its carrier. */
const carried: { from: string; to: string; text: string }[] = []

function openPost(address: string, secret: RoomSecret | null, changes: Partial<PostOptions> = {}) {
  const record = {
    delivered: [] as { from: string; text: string }[],
    undeliverable: [] as string[],
    unreadable: [] as string[],
    mismatches: [] as SecretMismatch[],
  }
  const post = new Post({
    carrier: 'server',
    secret,
    ownAddress: () => address,
    transmit: (to, text) => carried.push({ from: address, to, text }),
    deliver: (from, text) => record.delivered.push({ from, text }),
    undeliverable: (to) => record.undeliverable.push(to),
    isCalling: () => true,
    unreadable: (from) => record.unreadable.push(from),
    mismatch: (mismatch) => record.mismatches.push(mismatch),
    ...changes,
  })
  return { post, ...record }
}

const until = (condition: () => boolean) => vi.waitFor(() => expect(condition()).toBe(true), 40_000)

/** What `from` seals for `to`. */
async function sealedBy(secret: RoomSecret, from = 'a', to = 'b', text = negotiation): Promise<string> {
  const before = carried.length
  openPost(from, secret).post.send(to, text)
  await until(() => carried.length > before)
  return carried.pop()?.text ?? ''
}

describe('[AC2] between members of one room', () => {
  it('texts arrive whole and in the order in which they were sent', async () => {
    const texts = Array.from({ length: 50 }, (_, index) =>
      JSON.stringify({ index, more: 'x'.repeat(index % 2 === 0 ? 9000 : 1) }),
    )
    const a = openPost('a', ours)
    const b = openPost('b', ours)
    for (const text of texts) a.post.send('b', text)
    await until(() => carried.length === texts.length)
    for (const { text } of carried) b.post.receive('a', text)
    await until(() => b.delivered.length === texts.length)
    expect(b.delivered).toEqual(texts.map((text) => ({ from: 'a', text })))
    expect([...a.mismatches, ...b.mismatches]).toEqual([])
  })

  it('without a password they travel as they are, at once', () => {
    const a = openPost('a', null)
    a.post.send('b', negotiation)
    a.post.receive('b', negotiation)
    expect(carried).toEqual([{ from: 'a', to: 'b', text: negotiation }])
    expect(a.delivered).toEqual([{ from: 'b', text: negotiation }])
  })

  it('nothing is sent under another address than the one it was sealed for', async () => {
    let address: string | null = 'a'
    const { post, undeliverable } = openPost('a', ours, { ownAddress: () => address })
    post.send('b', negotiation)
    address = 'a2'
    await until(() => undeliverable.length === 1)
    address = null
    post.send('b', negotiation)
    await until(() => undeliverable.length === 2)
    expect(carried).toEqual([])
  })

  it('nothing is sent or delivered once it is closed, or without keys', async () => {
    const a = openPost('a', ours)
    const text = await sealedBy(ours, 'b', 'a')
    a.post.send('b', negotiation)
    a.post.receive('b', text)
    a.post.close()
    const keys: RoomSecret['keys'] = Promise.reject(new Error('no cryptography today'))
    keys.catch(() => {})
    const c = openPost('c', { room: 'room', keys })
    c.post.send('b', negotiation)
    c.post.receive('b', text)
    await until(() => c.undeliverable.length === 1)
    expect([carried, a.delivered, c.delivered, c.mismatches]).toEqual([[], [], [], []])
  })
})

describe('[AC5] strangers', () => {
  it('with another password are told so, and reported', async () => {
    const { post, delivered, mismatches } = openPost('b', ours)
    post.receive('a', await sealedBy(theirs))
    await until(() => mismatches.length === 1)
    expect([mismatches, delivered]).toEqual([['other'], []])
    expect(carried).toEqual([{ from: 'b', to: 'a', text: encodeUnreadable(true) }])
  })

  it('without a password are told so, and reported', async () => {
    const { post, delivered, mismatches } = openPost('b', ours)
    post.receive('a', negotiation)
    expect([mismatches, delivered]).toEqual([['missing'], []])
    expect(carried).toEqual([{ from: 'b', to: 'a', text: encodeUnreadable(true) }])
  })

  it('with a password where we have none are told so, and reported', async () => {
    const { post, delivered, mismatches } = openPost('b', null)
    post.receive('a', await sealedBy(theirs))
    expect([mismatches, delivered]).toEqual([['unexpected'], []])
    expect(carried).toEqual([{ from: 'b', to: 'a', text: encodeUnreadable(false) }])
  })

  it.each([
    ['sealed', true, 'other'],
    ['sealed', false, 'missing'],
    ['plain', true, 'unexpected'],
  ] as const)(
    '%s, we hear that ours could not be read there (sealed: %s)',
    (own, isSealedThere, mismatch) => {
      const a = openPost('a', own === 'sealed' ? ours : null)
      a.post.receive('b', encodeUnreadable(isSealedThere))
      expect([a.mismatches, a.unreadable, carried]).toEqual([[mismatch], ['b'], []])
    },
  )

  it('that we have not called can not say so, nor whoever understands us', () => {
    const a = openPost('a', ours, { isCalling: () => false })
    a.post.receive('b', encodeUnreadable(true))
    const plain = openPost('a', null)
    plain.post.receive('b', encodeUnreadable(false))
    expect([a.mismatches, a.unreadable, plain.mismatches, plain.delivered]).toEqual([[], [], [], []])
  })

  it('do not make us talk without end', async () => {
    const { post, mismatches } = openPost('b', ours)
    for (let i = 0; i < 100; i += 1) post.receive('a', negotiation)
    expect([mismatches.length, carried.length]).toEqual([100, 8])
    vi.useFakeTimers({ now: Date.now() + 6000 })
    post.receive('a', negotiation)
    vi.useRealTimers()
    expect(carried.length).toBe(9)
  })

  it('that send more than can be looked at do not use up memory, and keep nobody from being heard', async () => {
    const opened = vi.spyOn(crypto.subtle, 'decrypt')
    const { post, mismatches } = openPost('b', ours)
    const text = await sealedBy(theirs)
    for (let i = 0; i < 10_000; i += 1) post.receive('a', text)
    post.send('c', negotiation)
    await until(() => mismatches.length === 256)
    expect(opened).toHaveBeenCalledTimes(256)
    opened.mockRestore()
    expect(carried.filter(({ to }) => to === 'c').length).toBe(1)
    const friend = openPost('b', ours)
    friend.post.receive('a', await sealedBy(ours))
    await until(() => friend.delivered.length === 1)
  })

  it('that send junk are no news', () => {
    const { post, mismatches } = openPost('b', ours)
    for (const junk of ['', '{}', 'null', '\ud800', '{"unreadable":"x"}']) post.receive('a', junk)
    expect([mismatches, carried]).toEqual([[], []])
  })

  it('are reported once for each kind', () => {
    const told: SecretMismatch[] = []
    const tell = toldOnce((mismatch) => told.push(mismatch))
    for (const mismatch of ['other', 'other', 'missing', 'other'] as const) tell(mismatch)
    expect(told).toEqual(['other', 'missing'])
  })
})
