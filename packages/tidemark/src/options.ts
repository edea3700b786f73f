/**
 * What an application may set, and what it gets if it does not.
 */
import type { Milliseconds, ReplicaConfig, Scheduler, Transport } from '@tidemark/core'
import { type SecretMismatch, webrtcTransport } from '@tidemark/webrtc'
import type { Awareness } from 'y-protocols/awareness'
import type { DocumentStorage } from './storage/storage.js'

/**
 * - `full`: what is deleted leaves the document itself, and it becomes as small as its content. Types, observers,
 *   undo (see `trackUndo`) and cursors go on working. No other provider may store or send the same document.
 * - `log`: operations below the snapshot point are dropped; the document's own ids stay as they are, so that
 *   other providers may work on the same document.
 * - `off`: every operation is kept.
 *
 * All members of a room either choose `full`, or none of them.
 */
export type CompactionMode = 'full' | 'log' | 'off'

export interface TidemarkOptions {
  /** Join at once. Default true. */
  readonly connect?: boolean
  /** URL of a signaling server, or several that are tried in turn. Needed unless `transport` is given. */
  readonly signaling?: string | readonly string[]
  /** Handed to the signaling server, which may ask for it. */
  readonly token?: string | (() => string | Promise<string>)
  /**
   * A secret of the room: keeps out whoever does not know it, the signaling server included. All members give the
   * same. Whoever listens there can try guesses, so take a long one, best a random one of 20 characters or more.
   */
  readonly password?: string
  /**
   * Gives every member a key, so that nobody can speak for another one: what a member says of itself is signed, ids are public
   * keys, and both ends of a link prove whose they are. All members of a room have identities, or none. Costs 7 kB of code
   * (gzip, fetched when needed) and some milliseconds of signing per second while people edit. Default false.
   */
  readonly identities?: boolean
  /** An Awareness of your own; otherwise one is made for the document. */
  readonly awareness?: Awareness
  /** Replaces WebRTC altogether. */
  readonly transport?: Transport
  /** Default `'full'`. */
  readonly compaction?: CompactionMode
  /** With `'full'`: compact once this share of the document is history that nobody needs. Default 1/3. */
  readonly compactionShare?: number
  /** With `'full'`: less than so many bytes of such history wait until nobody edits. Default 65536. */
  readonly compactionMinBytes?: number
  /** With `'full'`: what was deleted within this time is kept, so that it can be undone. Default 60000. */
  readonly undoHorizonMs?: Milliseconds
  /** Keeps the document: it opens and can be edited without the room, and comes back there with what was changed. */
  readonly storage?: DocumentStorage
  readonly iceServers?: readonly RTCIceServer[]
  /** Handed to simple-peer; in Node it must bring `wrtc`. */
  readonly peerOptions?: object
  /** Links that this replica keeps at most by its own choice. Rooms of that size are fully meshed. Default 8. */
  readonly maxConnections?: number
  /** Silence after which a link is given up, and a member that is waited for is suspected of being gone. Default 5000. */
  readonly suspectAfterMs?: Milliseconds
  /** A side of the room that has no majority goes on by itself after this time, and merges later. Default 60000. */
  readonly forkAfterMs?: Milliseconds
  /** Reports about what this replica has applied come at most this often, and more rarely while people edit. Default 500. */
  readonly reportIntervalMs?: Milliseconds
  /** The first change leaves at once, those of the next so many milliseconds together. Default 16. */
  readonly batchMs?: Milliseconds
  /** For tests: where time comes from. */
  readonly scheduler?: Scheduler
}

/** Half a second after the last keystroke everybody reports anyway; before, reports would be most of what is sent. */
const BUSY_REPORT_INTERVALS = 8

export function transportFor(
  options: TidemarkOptions,
  onSecretMismatch: (mismatch: SecretMismatch) => void,
): Transport {
  const { signaling, token, password, iceServers, peerOptions } = options
  if (options.transport) {
    if (password === undefined) return options.transport
    throw new Error('tidemark: a password protects WebRTC; a transport of your own has to do that by itself')
  }
  if (signaling === undefined || signaling.length === 0) {
    throw new Error(
      "tidemark: give a signaling server ({ signaling: 'https://…' }) or a transport of your own",
    )
  }
  return webrtcTransport({
    signaling: typeof signaling === 'string' ? signaling : [...signaling],
    ...(token !== undefined && { token }),
    ...(password !== undefined && { password }),
    onSecretMismatch,
    ...(iceServers !== undefined && { iceServers: [...iceServers] }),
    ...(peerOptions !== undefined && { peerOptions }),
  })
}

export function compactionModeOf({ compaction = 'full' }: TidemarkOptions): CompactionMode {
  if (compaction === 'full' || compaction === 'log' || compaction === 'off') return compaction
  throw new Error(`tidemark: compaction is 'full', 'log' or 'off', not '${String(compaction)}'`)
}

/** The least of each that makes sense; below, a room would be busy with itself, or never meet. */
const LEAST = {
  maxConnections: 1,
  suspectAfterMs: 100,
  forkAfterMs: 100,
  reportIntervalMs: 10,
  batchMs: 0,
  undoHorizonMs: 0,
  compactionShare: 0,
  compactionMinBytes: 0,
} as const satisfies Partial<Record<keyof TidemarkOptions, number>>

/** A mistake of the program throws where it was made; it would show as a room in which nobody meets. */
function checkNumbers(options: TidemarkOptions): void {
  for (const [name, least] of Object.entries(LEAST)) {
    const value = options[name as keyof typeof LEAST]
    if (value === undefined || value >= least) continue
    throw new Error(`tidemark: ${name} is a number of ${least} or more, not ${String(value)}`)
  }
}

/** @throws if a number makes no sense. */
export function configFor(options: TidemarkOptions): Partial<ReplicaConfig> {
  checkNumbers(options)
  const { maxConnections, suspectAfterMs, forkAfterMs, reportIntervalMs } = options
  const { compactionShare, compactionMinBytes, undoHorizonMs } = options
  return {
    keepLog: compactionModeOf(options) === 'off',
    busyReportIntervals: BUSY_REPORT_INTERVALS,
    ...(compactionShare !== undefined && { cutShare: compactionShare }),
    ...(compactionMinBytes !== undefined && { cutMinBytes: compactionMinBytes }),
    ...(undoHorizonMs !== undefined && { undoHorizonMs }),
    ...(maxConnections !== undefined && { maxConnections }),
    ...(reportIntervalMs !== undefined && { reportIntervalMs }),
    ...(forkAfterMs !== undefined && { forkAfterMs }),
    ...(suspectAfterMs !== undefined && {
      suspectAfterMs,
      linkTimeoutMs: suspectAfterMs,
      heartbeatIntervalMs: suspectAfterMs / 3,
    }),
  }
}
