/** Links over WebRTC data channels: negotiated by a signaling server for newcomers, by members for all others. */
import type { ReplicaId, Signatures, Transport, TransportEvents } from '@tidemark/core'
import { resolveOptions, type WebrtcTransportOptions } from './options.js'
import { rememberSecrets } from './secret/room-keys.js'
import { WebrtcSession } from './session.js'

export interface WebrtcTransport extends Transport {
  /** @param signatures with them both ends of each link prove who they are; all members of a room have some, or none. */
  open(room: string, self: ReplicaId, events: TransportEvents, signatures?: Signatures): WebrtcSession
}

/** Loads nothing and connects to nothing before a session is opened, so it may be called on a server. */
export function webrtcTransport(options: WebrtcTransportOptions): WebrtcTransport {
  const settings = resolveOptions(options)
  const secretOf = rememberSecrets(settings.password)
  return {
    open: (room, self, events, signatures) =>
      new WebrtcSession(room, self, events, settings, secretOf(room), signatures),
  }
}

export type { WebrtcTransportOptions } from './options.js'
export type { SecretMismatch } from './secret/mismatch.js'
export type { WebrtcSession } from './session.js'
