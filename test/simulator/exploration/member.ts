/**
 * One replica of a small room with what belongs to it, and the timing under which nothing happens by itself.
 */
import { Replica, type ReplicaConfig } from '@tidemark/core'
import { makeNumberedSet } from '../models/numbered-set-model.js'
import { makeTokenSet } from '../models/token-set.js'
import type { Token, TokenBook } from '../models/tokens.js'
import type { Coverage } from '../oracle/coverage.js'
import { Holder } from '../oracle/holder.js'
import type { Oracle } from '../oracle/oracle.js'
import { Random } from '../random.js'

export interface Member {
  readonly name: string
  readonly replica: Replica
  readonly holder: Holder
  readonly links: Map<number, Member>
  /** What it will have typed, in this order: the same token whoever types first. */
  readonly plan: readonly Token[]
  now: number
  isDead: boolean
  /** It has left, or its identity has ended. */
  isGone: boolean
  /** Why its identity ended, if another one is to follow. */
  outReason: string | undefined
  hasReturned: boolean
  /** It is on its device: otherwise it has not begun, or somebody else has. */
  isOnDevice: boolean
  reports: number
  edits: number
  hasCut: boolean
  /** Whom it has accused. */
  readonly accused: Set<string>
}

/** Long before any link seems silent or idle. */
const NEVER_MS = 1e12
export const REPORT_MS = 2
/** Longer than anything else takes: heartbeats come only when all is over. */
export const HEARTBEAT_MS = 1e9
export const JOIN_TIMEOUT_MS = 1e6
export const RESEND_MS = 1001
const MIN_ID_LENGTH = 4

export function makeHolder(
  name: string,
  isCut: boolean,
  book: TokenBook,
  oracle: Oracle,
  coverage: Coverage,
): Holder {
  const make = isCut ? makeNumberedSet : makeTokenSet
  const model = make(new Random(1), {
    compaction: isCut ? 'full' : 'fixed',
    features: new Set(),
    hasTwin: false,
    isStored: false,
    onLocalChange() {},
    onOrphaned() {},
    onError() {},
  })
  return new Holder(name, model, book, oracle.snapshots, oracle, coverage)
}

export function makeMember(
  name: string,
  holder: Holder,
  plan: readonly Token[],
  config: Partial<ReplicaConfig> = {},
): Member {
  const replica = new Replica(name.padEnd(MIN_ID_LENGTH, '_'), holder, {
    heartbeatIntervalMs: HEARTBEAT_MS,
    linkTimeoutMs: NEVER_MS,
    seekIntervalMs: NEVER_MS,
    reportIntervalMs: REPORT_MS,
    joinTimeoutMs: JOIN_TIMEOUT_MS,
    // Cuts come when they are asked for.
    cutMinBytes: Number.POSITIVE_INFINITY,
    idleCutMs: NEVER_MS,
    ...config,
  })
  listParts(replica)
  return {
    name,
    replica,
    holder,
    links: new Map(),
    plan,
    now: 0,
    isDead: false,
    isGone: false,
    outReason: undefined,
    hasReturned: false,
    isOnDevice: true,
    reports: 0,
    edits: 0,
    hasCut: false,
    accused: new Set(),
  }
}

/** What a newcomer is sent, one part after the other. */
interface PartMaker {
  parts(brought: unknown): Iterator<unknown, undefined>
}

/**
 * Where a generator stands can not be gone back to, where a list is read can. States are small enough here to be in the
 * first part, which leaves as soon as it is asked for: so making all parts at once changes nothing.
 */
function listParts(replica: Replica): void {
  const { lettingIn } = replica as unknown as { lettingIn: PartMaker }
  const make = lettingIn.parts.bind(lettingIn)
  lettingIn.parts = (brought) => new List(make(brought))
}

class List<T> implements Iterator<T, undefined> {
  private readonly items: T[] = []
  private at = 0

  constructor(items: Iterator<T, undefined>) {
    for (let next = items.next(); !next.done; next = items.next()) this.items.push(next.value)
  }

  next(): IteratorResult<T, undefined> {
    const value = this.items[this.at++]
    return value === undefined ? { value: undefined, done: true } : { value, done: false }
  }
}
