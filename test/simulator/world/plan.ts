/**
 * What kind of schedule a seed names. Swarm testing (Groce et al. 2012): each schedule leaves most kinds of trouble
 * out and overdoes the others, which reaches states that an even mixture never does.
 */
import { DEFAULT_CONFIG, type ReplicaConfig } from '@tidemark/core'
import { FEATURES, type Feature } from '../models/model.js'
import { Random } from '../random.js'

/** Type bytes of the messages (the wire format fixes them). */
export const MESSAGE = {
  hello: 0,
  heartbeat: 1,
  gossip: 2,
  sync: 3,
  prune: 4,
  graft: 5,
  relay: 6,
  joinRequest: 7,
  welcome: 8,
  piece: 9,
  pieceReceived: 10,
  installed: 11,
  go: 12,
  no: 13,
  bye: 14,
  origins: 15,
  probe: 16,
  evicted: 17,
} as const

/** By which a newcomer comes in. */
export const HANDSHAKE: readonly number[] = [
  MESSAGE.joinRequest,
  MESSAGE.welcome,
  MESSAGE.piece,
  MESSAGE.installed,
  MESSAGE.go,
  MESSAGE.no,
]

export type Trouble =
  | 'join'
  | 'leave'
  | 'return'
  | 'crash'
  | 'crash sponsor'
  | 'leave as sponsor'
  | 'crash newcomer'
  | 'leave as newcomer'
  | 'cut sponsor'
  | 'cut link'
  | 'mute link'
  | 'partition'
  | 'heal'
  | 'outage'
  | 'sleep'
  | 'burst'
  | 'compact'
  | 'accuse'
  | 'restart'
  | Plot

/** Several troubles that belong together. */
export type Plot =
  | 'duel'
  | 'last words'
  | 'doomed sponsor'
  | 'one-way partition'
  | 'split after joins'
  | 'grow apart'
  | 'long sleep'
  | 'relapse'

/** What happens to messages of one type on top of what happens to all. */
export interface Meddling {
  readonly lossRate: number
  /** Share that is sent once more, up to `echoMs` later. */
  readonly echoRate: number
  readonly echoMs: number
  /** Share that is held back for up to `holdMs`. */
  readonly holdRate: number
  readonly holdMs: number
}

export interface Plan {
  readonly seed: number
  readonly structure: 'yjs' | 'tokens'
  readonly compaction: 'full' | 'log' | 'off'
  readonly features: ReadonlySet<Feature>
  /** The same is wanted in documents without compaction, to compare with. */
  readonly hasTwin: boolean
  readonly maxDevices: number
  /** How many of them start within the first second. */
  readonly early: number
  readonly activeMs: number
  readonly meanTurnMs: number
  /** Share of turns in which somebody edits; the others bring trouble. */
  readonly editShare: number
  readonly weights: Readonly<Record<Trouble, number>>
  readonly network: {
    readonly latencyMs: number
    readonly jitterMs: number
    readonly lossRate: number
    readonly duplicateRate: number
    readonly reorderRate: number
  }
  readonly meddling: ReadonlyMap<number, Meddling>
  /** Share of joins during which the sponsor or the newcomer is struck on purpose. */
  readonly ambushRate: number
  readonly ambushes: readonly Trouble[]
  /** A sponsor falls asleep for so long right after its welcome. */
  readonly napMs: number
  /** The application gathers edits for this long before it hands them over. */
  readonly batchMs: number
  /** Every replica takes up to this long to get to a message. */
  readonly slownessMs: number
  /** Whatever a replica puts off, it gets to after this long at the soonest: the steps of a cut take their time. */
  readonly taskMs: number
  /** Documents are stored, and a process may begin with one that is older than what it had when it crashed. */
  readonly isStored: boolean
  readonly config: Partial<ReplicaConfig>
}

export const UNTOUCHED: Meddling = { lossRate: 0, echoRate: 0, echoMs: 0, holdRate: 0, holdMs: 0 }

const AMBUSHES = [
  'crash sponsor',
  'crash newcomer',
  'leave as sponsor',
  'leave as newcomer',
  'cut sponsor',
] as const

const NO_PLOTS: Readonly<Record<Plot, number>> = {
  duel: 0,
  'last words': 0,
  'doomed sponsor': 0,
  'one-way partition': 0,
  'split after joins': 0,
  'grow apart': 0,
  'long sleep': 0,
  relapse: 0,
}

/** Many short schedules find more than few long ones. */
const MOST_TURNS = 150

/** @param evicts whether members that are silent are suspected, and evicted. */
export function drawPlan(seed: number, evicts = true): Plan {
  const random = new Random(seed)
  const drawn = drawAnyPlan(seed, random)
  const plan = random.chance(0.12) ? misunderstood(drawn, random) : drawn
  return evicts
    ? withSuspicion(plan, new Random(seed, 2))
    : { ...plan, config: { ...plan.config, suspectAfterMs: Number.POSITIVE_INFINITY } }
}

/** Some are quick to suspect, some accuse anybody at any time; safety depends on neither. */
function withSuspicion(plan: Plan, random: Random): Plan {
  const { linkTimeoutMs = DEFAULT_CONFIG.linkTimeoutMs } = plan.config
  const suspectAfterMs = linkTimeoutMs * random.magnitude(0.5, 2)
  const forkAfterMs = random.magnitude(1000, 60_000)
  const accuse = random.chance(0.25) ? random.magnitude(0.05, 1) : 0
  const restart = random.chance(0.6) ? random.magnitude(0.1, 2) : 0
  const weights = { ...plan.weights, accuse, restart }
  const suspicious = { ...plan, weights, config: { ...plan.config, suspectAfterMs, forkAfterMs } }
  return random.chance(0.2) ? contested(suspicious, random) : suspicious
}

/** Several who accuse each other at once, while people come, die and are not heard: agreements that are hard to reach. */
function contested(plan: Plan, random: Random): Plan {
  const maxDevices = random.between(3, 6)
  const weight = () => random.magnitude(0.3, 3)
  const weights = {
    ...plan.weights,
    join: random.magnitude(0.5, 3),
    accuse: random.magnitude(1, 5),
    crash: random.chance(0.5) ? random.magnitude(0.1, 0.5) : 0,
    restart: 1,
    'mute link': weight(),
    partition: random.magnitude(0.2, 1.5),
    heal: weight(),
  }
  const network = {
    ...plan.network,
    latencyMs: random.magnitude(1, 100),
    jitterMs: random.magnitude(10, 1500),
  }
  const reportIntervalMs = random.magnitude(20, 400)
  return {
    ...plan,
    maxDevices,
    early: maxDevices,
    activeMs: random.magnitude(8000, 30_000),
    meanTurnMs: random.magnitude(60, 300),
    editShare: 0.4,
    weights,
    network,
    config: { ...plan.config, reportIntervalMs, joinTimeoutMs: DEFAULT_CONFIG.joinTimeoutMs },
  }
}

/**
 * Sponsor and newcomer lose sight of where the other stands: the sponsor nods off and gives up before the
 * acknowledgement comes, is not heard, and is asked again. Too much of a coincidence to wait for.
 */
function misunderstood(plan: Plan, random: Random): Plan {
  const joinTimeoutMs = random.between(400, 1000)
  const often = () => 0.5 + 0.5 * random.real()
  const meddling = new Map(plan.meddling)
  meddling.set(MESSAGE.joinRequest, { ...UNTOUCHED, echoRate: often(), echoMs: 2 * joinTimeoutMs })
  meddling.set(MESSAGE.piece, { ...UNTOUCHED, holdRate: often(), holdMs: joinTimeoutMs })
  meddling.set(MESSAGE.installed, { ...UNTOUCHED, holdRate: 0.5, holdMs: joinTimeoutMs })
  meddling.set(MESSAGE.no, { ...UNTOUCHED, lossRate: often() })
  const network = { ...plan.network, latencyMs: random.magnitude(0.5, 50), jitterMs: 0 }
  const config = { ...plan.config, joinTimeoutMs, pieceBytes: 4096, pieceWindow: 16 }
  const napMs = joinTimeoutMs * (1 + random.real())
  return { ...plan, maxDevices: Math.max(plan.maxDevices, 4), napMs, meddling, network, config }
}

function drawAnyPlan(seed: number, random: Random): Plan {
  const sometimes = (probability: number, draw: () => number) => (random.chance(probability) ? draw() : 0)
  const maxDevices = random.chance(0.8) ? random.between(1, 5) : random.between(6, 8)
  const meanTurnMs = random.magnitude(30, 600)
  const isCrashing = random.chance(0.25)
  const weight = (probability: number) => sometimes(probability, () => random.magnitude(0.1, 2))
  const isPartitioning = random.chance(0.3)
  const compaction = random.chance(0.8) ? 'full' : random.chance(0.8) ? 'log' : 'off'
  const structure = random.chance(0.45) ? 'yjs' : 'tokens'
  return {
    seed,
    structure,
    compaction,
    features: drawFeatures(random),
    hasTwin: structure === 'yjs' && random.chance(0.5),
    maxDevices,
    early: random.between(1, maxDevices),
    activeMs: Math.min(random.magnitude(3000, 30_000), Math.max(3000, MOST_TURNS * meanTurnMs)),
    meanTurnMs,
    editShare: random.between(3, 9) / 10,
    weights: {
      join: 2,
      leave: weight(0.5),
      return: weight(0.7),
      crash: isCrashing ? weight(0.7) : 0,
      'crash sponsor': isCrashing ? weight(0.6) : 0,
      'leave as sponsor': weight(0.3),
      'crash newcomer': isCrashing ? weight(0.4) : 0,
      'leave as newcomer': weight(0.2),
      'cut sponsor': weight(0.2),
      'cut link': weight(0.4),
      'mute link': weight(0.3),
      partition: isPartitioning ? random.magnitude(0.2, 1) : 0,
      heal: isPartitioning ? random.magnitude(0.2, 1) : 0,
      outage: weight(0.25),
      sleep: weight(0.25),
      burst: weight(0.3),
      compact: compaction === 'full' ? weight(0.6) : 0,
      accuse: 0,
      restart: 0,
      ...NO_PLOTS,
    },
    network: {
      latencyMs: random.magnitude(0.5, 200),
      jitterMs: sometimes(0.7, () => random.magnitude(1, 500)),
      lossRate: sometimes(0.35, () => random.magnitude(0.005, 0.3)),
      duplicateRate: sometimes(0.35, () => random.magnitude(0.005, 0.3)),
      reorderRate: sometimes(0.5, () => random.magnitude(0.01, 0.8)),
    },
    meddling: drawMeddling(random),
    ambushRate: sometimes(0.4, () => random.magnitude(0.05, 0.6)),
    ambushes: AMBUSHES.filter((trouble) => isCrashing || !trouble.startsWith('crash')),
    napMs: 0,
    batchMs: sometimes(0.6, () => random.magnitude(1, 1000)),
    taskMs: sometimes(0.4, () => random.magnitude(1, 60)),
    slownessMs: sometimes(0.25, () => random.magnitude(1, 300)),
    isStored: false,
    config: drawConfig(random, compaction),
  }
}

function drawMeddling(random: Random): ReadonlyMap<number, Meddling> {
  const meddling = new Map<number, Meddling>()
  const candidates = [...HANDSHAKE, MESSAGE.gossip, MESSAGE.sync]
  for (const type of candidates) {
    if (!random.chance(0.2)) continue
    const rate = () => (random.chance(0.5) ? random.magnitude(0.02, 0.7) : 0)
    meddling.set(type, {
      lossRate: rate(),
      echoRate: rate(),
      echoMs: random.magnitude(50, 8000),
      holdRate: rate(),
      holdMs: random.magnitude(50, 5000),
    })
  }
  return meddling
}

/** Some users do one thing only, some everything. */
function drawFeatures(random: Random): ReadonlySet<Feature> {
  const share = random.real()
  const features = new Set(FEATURES.filter(() => random.chance(share)))
  const roots: readonly Feature[] = ['text', 'list', 'map', 'xml']
  if (!roots.some((root) => features.has(root))) features.add(random.pick(roots) ?? 'text')
  return features
}

function drawConfig(random: Random, compaction: Plan['compaction']): Partial<ReplicaConfig> {
  const heartbeatIntervalMs = random.magnitude(700, DEFAULT_CONFIG.heartbeatIntervalMs)
  return {
    heartbeatIntervalMs,
    linkTimeoutMs: heartbeatIntervalMs * 3.1,
    reportIntervalMs: random.magnitude(20, 1500),
    joinTimeoutMs: random.magnitude(800, DEFAULT_CONFIG.joinTimeoutMs),
    seekIntervalMs: random.magnitude(500, DEFAULT_CONFIG.seekIntervalMs),
    pieceBytes: Math.round(random.magnitude(8, 4096)),
    pieceWindow: random.between(1, 16),
    maxJoinsAtOnce: random.between(1, 8),
    maxConnections: random.between(2, 8),
    greeters: random.between(1, 4),
    maxWaitingOperations: random.chance(0.2) ? random.between(1, 5) : DEFAULT_CONFIG.maxWaitingOperations,
    keepLog: compaction === 'off',
    cutShare: random.magnitude(0.01, 1),
    cutMinBytes: Math.round(random.magnitude(1, 1000)),
    idleCutMs: random.magnitude(50, 3000),
    undoHorizonMs: random.chance(0.3) ? 0 : random.magnitude(10, 10_000),
  }
}
