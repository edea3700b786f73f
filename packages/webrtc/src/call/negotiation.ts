/**
 * The text that two sides of a call exchange before they have a link, whoever carries it. It is JSON, as the
 * offers and candidates in it are text anyway. The call's id keeps apart what belongs to different calls.
 *
 * Everything comes from strangers: what does not have exactly this shape is null, and only offers, answers and
 * candidates get through to simple-peer, which would do more than that if asked.
 */
import type { ReplicaId } from '@tidemark/core'
import type { PeerCandidate, PeerSignal } from '../link/peer-channel.js'

export interface Negotiation {
  readonly call: string
  /** The sender. */
  readonly from: ReplicaId
  readonly signals: readonly PeerSignal[]
  /** Why the sender has given up this call. */
  readonly end?: string
}

/** What a signaling server carries at most in one message. */
export const maxNegotiationBytes = 32 * 1024

/**
 * Leaves room for the frame around the signals, and for sealing, which makes four characters of three.
 * Texts of negotiation are ASCII, so characters count as bytes.
 */
const maxSignalsCharacters = 22 * 1024
const maxSignals = 64
/** Ten times what a candidate takes. */
const maxCandidateCharacters = 2048
const maxReasonCharacters = 200

/** As many texts as it takes. A single signal that is too large for any of them is left out. */
export function encodeSignals(call: string, from: ReplicaId, signals: readonly PeerSignal[]): string[] {
  const texts: string[] = []
  let batch: PeerSignal[] = []
  let characters = 0
  for (const signal of signals) {
    const signalCharacters = JSON.stringify(signal).length
    if (signalCharacters > maxSignalsCharacters) continue
    if (characters + signalCharacters > maxSignalsCharacters || batch.length === maxSignals) {
      texts.push(JSON.stringify({ call, from, signals: batch }))
      batch = []
      characters = 0
    }
    batch.push(signal)
    characters += signalCharacters
  }
  if (batch.length > 0) texts.push(JSON.stringify({ call, from, signals: batch }))
  return texts
}

export function encodeEnd(call: string, from: ReplicaId, reason: string): string {
  return JSON.stringify({ call, from, signals: [], end: reason.slice(0, maxReasonCharacters) })
}

export function decodeNegotiation(text: string): Negotiation | null {
  if (text.length > maxNegotiationBytes) return null
  const value = parse(text)
  if (!isRecord(value)) return null
  const { call, from, signals, end } = value
  if (!isName(call) || !isName(from) || !Array.isArray(signals) || signals.length > maxSignals) return null
  const known = signals.map(readSignal)
  if (!known.every((signal) => signal !== null)) return null
  if (end === undefined) return { call, from, signals: known }
  return typeof end === 'string'
    ? { call, from, signals: known, end: end.slice(0, maxReasonCharacters) }
    : null
}

function readSignal(value: unknown): PeerSignal | null {
  if (!isRecord(value)) return null
  const { type, sdp, candidate } = value
  if (type === 'offer' || type === 'answer') return typeof sdp === 'string' ? { type, sdp } : null
  if (type !== 'candidate') return null
  const known = readCandidate(candidate)
  return known === null ? null : { type, candidate: known }
}

function readCandidate(value: unknown): PeerCandidate | null {
  if (!isRecord(value)) return null
  const { candidate, sdpMid = null, sdpMLineIndex = null } = value
  if (typeof candidate !== 'string' || candidate.length > maxCandidateCharacters) return null
  if (sdpMid !== null && typeof sdpMid !== 'string') return null
  if (sdpMLineIndex !== null && typeof sdpMLineIndex !== 'number') return null
  return { candidate, sdpMid, sdpMLineIndex }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(value)
}
