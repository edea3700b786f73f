/** What an application may choose, and what it gets otherwise. */
import { type SecretMismatch, toldOnce } from './secret/mismatch.js'

export interface WebrtcTransportOptions {
  /** Address of a signaling server, or several, tried in turn. Everyone in a room must be given the same. */
  readonly signaling: string | readonly string[]
  /** Shown to the signaling server; a function is asked before each connection. */
  readonly token?: string | (() => string | Promise<string>) | undefined
  /**
   * Keeps out of the room whoever does not know it, the signaling server included. Everyone in a room must be given
   * the same. Needs a secure context: https, localhost or Node.
   */
  readonly password?: string | undefined
  /** Somebody does not share this password, or has one where we have none. Called once for each kind. */
  readonly onSecretMismatch?: ((mismatch: SecretMismatch) => void) | undefined
  /** STUN and TURN servers. An empty list keeps connections within the local network. */
  readonly iceServers?: RTCIceServer[] | undefined
  /** More options for simple-peer. In Node: `{ wrtc }`, an implementation of WebRTC. */
  readonly peerOptions?: object | undefined
  /** How long a call may take before it is given up; it is given up after a third of that if nobody answers. */
  readonly connectTimeoutMs?: number | undefined
  /** Longer messages are neither sent nor taken: the link ends. */
  readonly maxMessageBytes?: number | undefined
}

export interface Settings {
  readonly servers: readonly string[]
  readonly token: string | (() => string | Promise<string>) | undefined
  readonly password: string | undefined
  readonly secretMismatch: (mismatch: SecretMismatch) => void
  readonly peerOptions: object
  readonly connectTimeoutMs: number
  readonly maxMessageBytes: number
}

const defaultIceServers: RTCIceServer[] = [{ urls: 'stun:stun.l.google.com:19302' }]

export function resolveOptions(options: WebrtcTransportOptions): Settings {
  const { signaling, token, iceServers, peerOptions = {}, onSecretMismatch = () => {} } = options
  return {
    servers: typeof signaling === 'string' ? [signaling] : [...signaling],
    token,
    password: usable(options.password),
    secretMismatch: toldOnce(onSecretMismatch),
    peerOptions: withConfig(peerOptions, iceServers),
    connectTimeoutMs: positive('connectTimeoutMs', options.connectTimeoutMs ?? 15_000),
    maxMessageBytes: positive('maxMessageBytes', options.maxMessageBytes ?? 256 * 1024 * 1024),
  }
}

/** A mistake of the program, not of its surroundings: it throws where it was made. */
function positive(name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value <= 0) {
    throw new Error(`The option ${name} must be a whole number above zero, got ${value}`)
  }
  return value
}

/** Whoever asks for protection must not go without it, unnoticed. */
function usable(password: string | undefined): string | undefined {
  if (password === undefined) return undefined
  if (typeof password !== 'string' || password === '') {
    throw new Error('The option password must be a text of at least one character, or left out')
  }
  if (globalThis.crypto?.subtle === undefined) {
    throw new Error(
      'The option password needs cryptography, which pages have over https or from localhost only',
    )
  }
  return password
}

/** Links rely on one reliable, ordered channel of messages, negotiated step by step: that can not be chosen. */
function withConfig(peerOptions: { config?: object }, iceServers: RTCIceServer[] | undefined): object {
  const chosen = iceServers === undefined ? {} : { iceServers }
  const config = { iceServers: defaultIceServers, ...peerOptions.config, ...chosen }
  return { ...peerOptions, config, trickle: true, objectMode: true, channelConfig: {}, streams: [] }
}
