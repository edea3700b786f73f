import { beforeAll, describe, expect, it, vi } from 'vitest'
import { fingerprintsIn } from '../../src/secret/proof.js'
import { type ProvableChannel, Proving, type ProvingOptions } from '../../src/secret/proving.js'
import { deriveRoomKeys, type RoomSecret } from '../../src/secret/room-keys.js'
import { type Identity, newIdentity } from '../identity.js'

let secret: RoomSecret
let otherSecret: RoomSecret

beforeAll(async () => {
  secret = { room: 'room', keys: Promise.resolve(await deriveRoomKeys('secret', 'room')) }
  otherSecret = { room: 'room', keys: Promise.resolve(await deriveRoomKeys('other', 'room')) }
})

const describing = (digits: string) => `v=0\r\na=fingerprint:sha-256 ${digits}\r\nm=application\r\n`

/** One end of a connection, its certificate and what it takes for the other's. */
class End implements ProvableChannel {
  readonly descriptions: { local: string; remote: string }
  readonly sent: Uint8Array[] = []
  other: End | null = null
  onChunk: (chunk: Uint8Array) => void = () => {}
  outcome: string | null = null
  early: readonly Uint8Array[] = []
  peer: string | undefined

  constructor(local: string, remote: string) {
    this.descriptions = { local: describing(local), remote: describing(remote) }
  }

  send(chunk: Uint8Array): boolean {
    this.sent.push(chunk)
    queueMicrotask(() => this.other?.onChunk(chunk))
    return true
  }

  prove(isCaller: boolean, changes: Partial<ProvingOptions> = {}): Proving {
    return new Proving({
      secret,
      identity: null,
      call: 'call-1',
      isCaller,
      channel: this,
      proven: (early, peer) => {
        this.outcome = 'proven'
        this.early = early
        this.peer = peer
      },
      failed: (reason) => {
        this.outcome = reason
      },
      ...changes,
    })
  }
}

function connection(callerSees = 'BB', calleeSees = 'AA'): [End, End] {
  const caller = new End('AA', callerSees)
  const callee = new End('BB', calleeSees)
  caller.other = callee
  callee.other = caller
  return [caller, callee]
}

const outcomes = async (...ends: End[]) => {
  await vi.waitFor(() => expect(ends.every(({ outcome }) => outcome !== null)).toBe(true), 40_000)
  return ends.map(({ outcome }) => outcome)
}

const wrong = 'the other side gave a wrong proof of the password'
const notAProof = 'the other side sent something else than a proof of the password'

describe('[AC4] a connection', () => {
  it('is one once each side has proved to the other that it knows the password', async () => {
    const [caller, callee] = connection()
    caller.prove(true)
    callee.prove(false)
    expect(await outcomes(caller, callee)).toEqual(['proven', 'proven'])
    expect(caller.sent.map(({ byteLength }) => byteLength)).toEqual([33, 33])
  })

  it.each([
    ['another password', (end: End) => end.prove(false, { secret: otherSecret })],
    ['another call', (end: End) => end.prove(false, { call: 'call-2' })],
    ['the same side of the call', (end: End) => end.prove(true)],
  ])('with %s at its other end is none', async (_, answer) => {
    const [caller, callee] = connection()
    caller.prove(true)
    answer(callee)
    expect(await outcomes(caller, callee)).toEqual([wrong, wrong])
  })

  it.each([
    ['CC', 'AA'],
    ['BB', 'CC'],
    ['CC', 'CC'],
  ])('whose ends see other certificates (%s, %s) is none, though both know the password', async (...seen) => {
    const [caller, callee] = connection(...seen)
    caller.prove(true)
    callee.prove(false)
    expect(await outcomes(caller, callee)).toEqual([wrong, wrong])
  })

  it('without certificates is none', async () => {
    const [caller, callee] = connection()
    caller.descriptions.remote = 'v=0'
    caller.prove(true)
    callee.prove(false)
    expect(await outcomes(caller)).toEqual(['the connection shows no certificates'])
  })

  it('to somebody who sends back what it hears is none', async () => {
    const alone = new End('AA', 'AA')
    alone.other = alone
    alone.prove(true)
    expect(await outcomes(alone)).toEqual([wrong])
  })

  it('to somebody who replays the proof of another connection is none', async () => {
    const [caller, callee] = connection()
    caller.prove(true)
    callee.prove(false)
    await outcomes(caller, callee)
    // The same certificates, even the same call; the challenge alone is new.
    const again = new End('AA', 'BB')
    again.prove(true)
    for (const frame of callee.sent) again.onChunk(frame)
    expect(await outcomes(again)).toEqual([wrong])
  })

  it.each([
    ['nothing', new Uint8Array()],
    ['a proof before its challenge', new Uint8Array(33).fill(0x20)],
    ['a short challenge', new Uint8Array(32).fill(0x10)],
    ['a long challenge', new Uint8Array(34).fill(0x10)],
    ['a message of a link', new Uint8Array([2, 1, 7])],
  ])('on which the other side sends %s is none', async (_, chunk) => {
    const end = new End('AA', 'BB')
    end.prove(true)
    end.onChunk(chunk)
    expect(await outcomes(end)).toEqual([notAProof])
  })

  it('hands on what comes right behind the proof, in order', async () => {
    const [caller, callee] = connection()
    callee.send = (chunk) => {
      const isProof = chunk[0] === 0x20
      for (const each of isProof ? [chunk, new Uint8Array([2, 1, 7]), new Uint8Array([2, 1, 8])] : [chunk])
        queueMicrotask(() => caller.onChunk(each))
      return true
    }
    caller.prove(true)
    callee.prove(false)
    await outcomes(caller, callee)
    expect(caller.early).toEqual([new Uint8Array([2, 1, 7]), new Uint8Array([2, 1, 8])])
  })

  it('is given up when more comes than there is reason for', async () => {
    const end = new End('AA', 'BB')
    end.prove(true)
    for (let i = 0; i < 17; i += 1) end.onChunk(new Uint8Array(16 * 1024).fill(0x10))
    expect(await outcomes(end)).toEqual([
      'the other side sent too much before its proof of the password was checked',
    ])
  })

  it('that is stopped meanwhile is heard of no more', async () => {
    const [caller, callee] = connection()
    const proving = caller.prove(true)
    callee.prove(false)
    proving.stop()
    await vi.waitFor(() => expect(callee.sent.length).toBe(2), 40_000)
    expect([caller.outcome, caller.sent.length]).toEqual([null, 1])
  })
})

describe('[ID7] a connection of members with identities', () => {
  const anna = newIdentity()
  const bert = newIdentity()
  const as = ({ id, signatures }: Identity, room = 'room') => ({ room, self: id, signatures })
  const notHeld = 'the other side does not hold the id that it goes by'

  it.each([
    ['with a password', () => secret],
    ['without one', () => null],
  ])('%s is one once each side has proved who it is', async (_, secretOf) => {
    const [caller, callee] = connection()
    caller.prove(true, { secret: secretOf(), identity: as(anna) })
    callee.prove(false, { secret: secretOf(), identity: as(bert) })
    expect(await outcomes(caller, callee)).toEqual(['proven', 'proven'])
    expect([caller.peer, callee.peer]).toEqual([bert.id, anna.id])
  })

  it.each([
    ['that one side has no key for', { ...as(bert), self: anna.id }, {}],
    ['that is no key', { ...as(bert), self: 'bert' }, {}],
    ['for another room', as(bert, 'another'), {}],
    ['for another call', as(bert), { call: 'call-2' }],
  ])('under an id %s is none', async (_, identity, changes) => {
    const [caller, callee] = connection()
    caller.prove(true, { secret: null, identity: as(anna) })
    callee.prove(false, { secret: null, identity, ...changes })
    expect(await outcomes(caller)).toEqual([notHeld])
  })

  it('with somebody in between, who passes on what each side proves, is none', async () => {
    const [caller, callee] = connection('CC', 'CC')
    caller.prove(true, { secret: null, identity: as(anna) })
    callee.prove(false, { secret: null, identity: as(bert) })
    expect(await outcomes(caller, callee)).toEqual([notHeld, notHeld])
  })

  it('to somebody who sends back what it hears is none', async () => {
    const alone = new End('AA', 'AA')
    alone.other = alone
    alone.prove(true, { secret: null, identity: as(anna) })
    expect(await outcomes(alone)).toEqual([notHeld])
  })

  it('of whom one has none is none', async () => {
    const [caller, callee] = connection()
    callee.send = (chunk) => {
      caller.onChunk(chunk)
      // The other side takes the connection for a link now.
      if (chunk[0] === 0x20) caller.onChunk(new Uint8Array([2, 1, 7]))
      return true
    }
    caller.prove(true, { identity: as(anna) })
    callee.prove(false)
    expect(await outcomes(caller)).toEqual(['the other side sent something else than a proof of who it is'])
  })

  it('shows no id to whoever does not know the password', async () => {
    const [caller, callee] = connection()
    caller.prove(true, { identity: as(anna) })
    callee.prove(false, { secret: otherSecret, identity: as(bert) })
    expect(await outcomes(caller, callee)).toEqual([wrong, wrong])
    expect([...caller.sent, ...callee.sent].filter(([kind]) => kind === 0x30)).toEqual([])
  })
})

it('[AC4] all certificates that a description allows are found, in one spelling', () => {
  const sdp = [
    'v=0',
    'a=fingerprint:SHA-256 ab:cd',
    'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
    'a=fingerprint:sha-256 AB:CD',
    'a=fingerprint:sha-1 01:02 ',
    'a=fingerprints:sha-1 03',
  ]
  expect(fingerprintsIn(sdp.join('\r\n'))).toEqual(['sha-1 01:02', 'sha-256 AB:CD'])
  expect(fingerprintsIn('v=0\n')).toEqual([])
})
