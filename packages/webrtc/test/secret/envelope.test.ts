import { beforeAll, describe, expect, it, vi } from 'vitest'
import { encodeSignals, maxNegotiationBytes } from '../../src/call/negotiation.js'
import { isSealed, open, type Route, seal } from '../../src/secret/envelope.js'
import { deriveRoomKeys, type RoomKeys, rememberSecrets } from '../../src/secret/room-keys.js'

const route: Route = { room: 'room', carrier: 'server', from: 'socket-a', to: 'socket-b' }
const text = '{"call":"c","from":"replica-a","signals":[]}'

let keys: RoomKeys

beforeAll(async () => {
  keys = await deriveRoomKeys('secret', 'room')
})

describe('[AC1] the keys of a room', () => {
  it('follow from password and room name alone', async () => {
    const sealed = await seal(keys.sealing, route, text)
    const opens = async (password: string, room: string) =>
      (await open((await deriveRoomKeys(password, room)).sealing, route, sealed)) !== null
    expect(await opens('secret', 'room')).toBe(true)
    expect(await opens('Secret', 'room')).toBe(false)
    expect(await opens('secret', 'room2')).toBe(false)
    expect(await opens('secret room', '')).toBe(false)
  })

  it('do not depend on how a keyboard composes a letter', async () => {
    const sealed = await seal((await deriveRoomKeys('caf\u00e9', 'room')).sealing, route, text)
    expect(await open((await deriveRoomKeys('cafe\u0301', 'room')).sealing, route, sealed)).toBe(text)
  })

  it('are derived once for all sessions, with as many rounds as a guess is to cost, and can not be taken out', async () => {
    const derive = vi.spyOn(crypto.subtle, 'deriveBits')
    const secretOf = rememberSecrets('secret')
    const [first, again] = [secretOf('room'), secretOf('room')]
    const derived = await first?.keys
    await again?.keys
    expect(derive.mock.calls.map(([algorithm]) => algorithm)).toEqual([
      expect.objectContaining({ name: 'PBKDF2', hash: 'SHA-256', iterations: 600_000 }),
    ])
    derive.mockRestore()
    expect([derived?.sealing.extractable, derived?.proving.extractable]).toEqual([false, false])
    expect(rememberSecrets(undefined)('room')).toBeNull()
  })
})

describe('[AC2] an envelope', () => {
  it('opens where it was sent, and shows nothing of what it holds', async () => {
    const sealed = await seal(keys.sealing, route, text)
    expect(await open(keys.sealing, route, sealed)).toBe(text)
    expect([isSealed(sealed), isSealed(text)]).toEqual([true, false])
    expect(atob(sealed.slice(sealed.indexOf(':') + 1))).not.toContain('replica-a')
    expect(await seal(keys.sealing, route, text)).not.toBe(sealed)
  })

  it('opens nowhere else', async () => {
    const sealed = await seal(keys.sealing, route, text)
    const elsewhere: Partial<Route>[] = [
      { room: 'rooms' },
      { carrier: 'members' },
      { from: 'socket-c' },
      { to: 'socket-c' },
      { from: 'socket-b', to: 'socket-a' },
      { from: 'socket-as', to: 'ocket-b' },
    ]
    for (const change of elsewhere)
      expect(await open(keys.sealing, { ...route, ...change }, sealed)).toBeNull()
    const { sealing } = await deriveRoomKeys('other', 'room')
    expect(await open(sealing, route, sealed)).toBeNull()
  })

  it('does not open once a single bit of it has changed, or when it is no envelope at all', async () => {
    const sealed = await seal(keys.sealing, route, text)
    const [mark = '', content = ''] = sealed.split(':')
    const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0))
    for (let index = 0; index < bytes.length; index += 13) {
      const changed = bytes.slice()
      changed[index] = (changed[index] ?? 0) ^ (1 << (index % 8))
      expect(await open(keys.sealing, route, `${mark}:${btoa(String.fromCharCode(...changed))}`)).toBeNull()
    }
    const junk = [
      '',
      text,
      `${mark}:`,
      `${mark}:!`,
      `${mark}:AAAA`,
      sealed.slice(0, -4),
      `${sealed}AAAA`,
      `${mark}:\ud800`,
    ]
    for (const other of junk) expect(await open(keys.sealing, route, other)).toBeNull()
  })

  it('is as large as another one, whatever kind of signal it holds', async () => {
    const candidate = { candidate: 'candidate:1 1 udp 1 127.0.0.1 9 typ host', sdpMid: '0', sdpMLineIndex: 0 }
    const [small = ''] = encodeSignals('call', 'replica', [{ type: 'candidate', candidate }])
    const [larger = ''] = encodeSignals('call', 'replica', [{ type: 'offer', sdp: 'x'.repeat(800) }])
    const [one, two] = await Promise.all([small, larger].map((each) => seal(keys.sealing, route, each)))
    expect(one?.length).toBe(two?.length)
  })

  it('fits what a signaling server carries, however much is to be said', async () => {
    const signals = Array.from({ length: 5 }, () => ({ type: 'offer' as const, sdp: 'x'.repeat(11_200) }))
    const large = [...signals, { type: 'offer' as const, sdp: 'x'.repeat(22_450) }]
    const texts = encodeSignals('c'.repeat(64), 'r'.repeat(64), large)
    expect(Math.max(...texts.map(({ length }) => length))).toBeGreaterThan(22_000)
    for (const each of texts)
      expect((await seal(keys.sealing, route, each)).length).toBeLessThanOrEqual(maxNegotiationBytes)
  })
})
