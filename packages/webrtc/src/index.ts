/** Links over WebRTC data channels: negotiated by a signaling server for newcomers, by members for all others. */
import type { ReplicaId, Transport, TransportEvents } from '@tidemark/core'
import { resolveOptions, type WebrtcTransportOptions } from './options.js'
import { rememberSecrets } from './secret/room-keys.js'
import { WebrtcSession } from './session.js'

export interface WebrtcTransport extends Transport {
  open(room: string, self: ReplicaId, events: TransportEvents): WebrtcSession
}

/** Loads nothing and connects to nothing before a session is opened, so it may be called on a server. */
export function webrtcTransport(options: WebrtcTransportOptions): WebrtcTransport {
  const settings = resolveOptions(options)
  const secretOf = rememberSecrets(settings.password)
  return { open: (room, self, events) => new WebrtcSession(room, self, events, settings, secretOf(room)) }
}

export type { WebrtcTransportOptions } from './options.js'
export type { SecretMismatch } from './secret/mismatch.js'
export type { WebrtcSession } from './session.js'
