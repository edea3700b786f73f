import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeNegotiation, encodeEnd, encodeSignals, maxNegotiationBytes } from '../src/call/negotiation.js'
import type { PeerSignal } from '../src/link/peer-channel.js'

const offer: PeerSignal = { type: 'offer', sdp: 'v=0' }
const candidate: PeerSignal = {
  type: 'candidate',
  candidate: { candidate: 'candidate:1 1 udp 1 127.0.0.1 9 typ host', sdpMid: '0', sdpMLineIndex: 0 },
}

describe('negotiation', () => {
  it('comes back as it was', () => {
    const [text = ''] = encodeSignals('call-1', 'replica-a', [offer, candidate])
    expect(decodeNegotiation(text)).toEqual({
      call: 'call-1',
      from: 'replica-a',
      signals: [offer, candidate],
    })
    expect(decodeNegotiation(encodeEnd('call-1', 'replica-a', 'busy'))).toEqual({
      call: 'call-1',
      from: 'replica-a',
      signals: [],
      end: 'busy',
    })
  })

  it('is split so that every text fits what a signaling server carries', () => {
    const large: PeerSignal = { type: 'offer', sdp: 'x'.repeat(20_000) }
    const signals = [large, ...Array.from({ length: 150 }, () => candidate), large]
    const texts = encodeSignals('call-1', 'replica-a', signals)
    expect(texts.every((text) => text.length <= maxNegotiationBytes)).toBe(true)
    expect(texts.flatMap((text) => decodeNegotiation(text)?.signals ?? [])).toEqual(signals)
    expect(encodeSignals('call-1', 'replica-a', [{ type: 'offer', sdp: 'x'.repeat(40_000) }])).toEqual([])
  })

  it('with anything else in it is nothing', () => {
    const good = { call: 'call-1', from: 'replica-a', signals: [offer] }
    const bad: unknown[] = [
      null,
      7,
      'text',
      [],
      {},
      { ...good, call: '' },
      { ...good, call: 'x'.repeat(65) },
      { ...good, call: '<script>' },
      { ...good, from: 7 },
      { ...good, signals: 'offer' },
      { ...good, signals: Array.from({ length: 65 }, () => offer) },
      { ...good, signals: [offer, null] },
      { ...good, signals: [{ type: 'offer' }] },
      { ...good, signals: [{ type: 'renegotiate', renegotiate: true }] },
      { ...good, signals: [{ type: 'transceiverRequest', transceiverRequest: { kind: 'audio' } }] },
      { ...good, signals: [{ type: 'candidate', candidate: 'candidate' }] },
      { ...good, signals: [{ type: 'candidate', candidate: { candidate: 'c', sdpMid: 7 } }] },
      { ...good, signals: [{ type: 'candidate', candidate: { candidate: 'c', sdpMLineIndex: '0' } }] },
      { ...good, signals: [{ type: 'candidate', candidate: { candidate: 'c'.repeat(3000) } }] },
      { ...good, end: { toString: 'x' } },
    ]
    for (const value of bad) expect(decodeNegotiation(JSON.stringify(value))).toBeNull()
    expect(decodeNegotiation('{"call":')).toBeNull()
    expect(decodeNegotiation(JSON.stringify({ ...good, more: 'x'.repeat(40_000) }))).toBeNull()
  })

  it('keeps only what is known of a signal', () => {
    const signals = [{ ...offer, renegotiate: true, transceiverRequest: { kind: 'audio' } }]
    expect(decodeNegotiation(JSON.stringify({ call: 'c', from: 'replica-a', signals }))?.signals).toEqual([
      offer,
    ])
  })

  it('takes any text without an exception', () => {
    const shaped = fc.record({ call: fc.json(), from: fc.string(), signals: fc.array(fc.jsonValue()) })
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          shaped.map((value) => JSON.stringify(value)),
        ),
        (text) => {
          decodeNegotiation(text)
        },
      ),
      { numRuns: 1000 },
    )
  })
})
