/**
 * What people say about themselves through awareness: name, colour, replica id and links; and whoever has been here
 * longest says what plain Yjs would hold by now.
 *
 * Everything read here was written by strangers, so it is checked before it is shown.
 */
import type { TidemarkProvider } from 'tidemark'
import type { PlainFigures } from '../control/comparison.js'
import { type Identity, parseIdentity } from './identity.js'

export interface Presence {
  readonly identity: Identity | undefined
  readonly replica: string
  readonly peers: readonly string[]
  readonly plain: PlainFigures | undefined
}

const MAX_PEERS = 64

export function publishIdentity(provider: TidemarkProvider, identity: Identity): void {
  provider.awareness.setLocalStateField('user', { ...identity, colorLight: `${identity.color}33` })
}

/** Says where we are in the network, if that has changed. */
export function publishPlace(provider: TidemarkProvider): void {
  const { replicaId, peers } = provider
  if (replicaId === undefined) return
  const before: unknown = provider.awareness.getLocalState()?.['place']
  const place = { replica: replicaId, peers: [...peers].sort() }
  if (JSON.stringify(before) === JSON.stringify(place)) return
  provider.awareness.setLocalStateField('place', place)
}

/** Says what the control document here counts, if that has changed. */
export function publishPlainFigures(provider: TidemarkProvider, { bytes, tombstones }: PlainFigures): void {
  const before = parsePlainFigures(provider.awareness.getLocalState()?.['plain'])
  if (before?.bytes === bytes && before.tombstones === tombstones) return
  provider.awareness.setLocalStateField('plain', { bytes, tombstones })
}

export function readPresences(provider: TidemarkProvider): Map<string, Presence> {
  const presences = new Map<string, Presence>()
  for (const state of provider.awareness.getStates().values()) {
    const presence = parsePresence(state)
    if (presence) presences.set(presence.replica, presence)
  }
  return presences
}

function parsePresence(state: Record<string, unknown>): Presence | undefined {
  const place = state['place']
  if (typeof place !== 'object' || place === null) return undefined
  const { replica, peers } = place as { replica?: unknown; peers?: unknown }
  if (typeof replica !== 'string') return undefined
  const links = Array.isArray(peers) ? peers.filter((peer): peer is string => typeof peer === 'string') : []
  return {
    identity: parseIdentity(state['user']),
    replica,
    peers: links.slice(0, MAX_PEERS),
    plain: parsePlainFigures(state['plain']),
  }
}

function parsePlainFigures(value: unknown): PlainFigures | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { bytes, tombstones } = value as { bytes?: unknown; tombstones?: unknown }
  return isCount(bytes) && isCount(tombstones) ? { bytes, tombstones } : undefined
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
