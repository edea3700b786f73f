/**
 * All options of the server with their defaults. The defaults suit a small public server: roomy for an office
 * behind one address, tight enough that one address cannot use the server up.
 */
export interface SignalingServerOptions {
  /** Decides about a handshake. Throwing, rejecting and taking most of `connectTimeoutMs` mean no. */
  readonly authorize?: (
    token: string | undefined,
    origin: string | undefined,
  ) => boolean | PromiseLike<boolean>
  /**
   * Origins whose pages may connect, such as `https://example.org`; all if left out. Clients that send no
   * `Origin`, which no browser page can do over WebSocket, are up to `authorize`.
   */
  readonly origins?: readonly string[]
  /** How many reverse proxies in front append to `X-Forwarded-For`. Too high a number lets clients forge it. */
  readonly trustedProxies?: number
  /** Told about faults of the server or of `authorize`, not of clients. Writes to standard error if left out. */
  readonly onFault?: (fault: unknown) => void

  readonly claimMs?: number
  readonly graceMs?: number
  readonly seekerMs?: number
  readonly retryMs?: number
  readonly connectTimeoutMs?: number
  readonly pingIntervalMs?: number
  readonly pingTimeoutMs?: number

  readonly maxConnections?: number
  readonly maxConnectionsPerAddress?: number
  readonly maxConnectsPerAddressPerMinute?: number
  readonly maxRooms?: number
  readonly maxRoomsPerSocket?: number
  readonly maxGreetersPerRoom?: number
  /** A message counts once for each 4 KiB begun. */
  readonly maxMessagesPerSocketPer10s?: number
  readonly maxSeeksPerAddressPer10s?: number
  /** Refusals that are the client's own fault; one more ends the connection. */
  readonly maxOffencesPerSocketPer10s?: number
  /** A socket that does not read what it is sent is closed once this much waits for it. */
  readonly maxQueuedBytes?: number
}

export type ResolvedOptions = Required<Omit<SignalingServerOptions, 'origins'>> & {
  readonly origins: ReadonlySet<string> | 'all'
}

const defaults = {
  trustedProxies: 0,
  claimMs: 10_000,
  graceMs: 5_000,
  seekerMs: 60_000,
  retryMs: 500,
  connectTimeoutMs: 5_000,
  pingIntervalMs: 10_000,
  pingTimeoutMs: 10_000,
  maxConnections: 10_000,
  maxConnectionsPerAddress: 256,
  maxConnectsPerAddressPerMinute: 600,
  maxRooms: 20_000,
  maxRoomsPerSocket: 32,
  maxGreetersPerRoom: 16,
  maxMessagesPerSocketPer10s: 400,
  maxSeeksPerAddressPer10s: 1_000,
  maxOffencesPerSocketPer10s: 20,
  maxQueuedBytes: 1024 * 1024,
} as const satisfies SignalingServerOptions

export function resolveOptions(options: SignalingServerOptions): ResolvedOptions {
  const { origins, ...rest } = options
  const resolved: ResolvedOptions = {
    authorize: () => true,
    onFault: (fault) => console.error('tidemark-signaling:', fault),
    ...defaults,
    ...rest,
    origins: origins === undefined || origins.includes('*') ? 'all' : new Set(origins),
  }
  for (const name of Object.keys(defaults) as (keyof typeof defaults)[]) {
    const value = resolved[name]
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new Error(`The option ${name} must be a whole number and not negative, got ${String(value)}.`)
    }
  }
  return resolved
}
