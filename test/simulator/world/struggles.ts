/**
 * Schedules in which it matters who may decide: rooms of a few members that accuse each other while some of them are
 * heard by some others only, are slow, come, sleep for days or die. Evictions there are hard to agree on and to carry out.
 */
import { DEFAULT_CONFIG } from '@tidemark/core'
import { Random } from '../random.js'
import { drawPlan, type Plan, type Plot } from './plan.js'

/** One schedule in four. Others are named by the same seeds as before there were any of these. */
const STRUGGLES_EVERY = 4
/** @param n from 1 on. */
export const nthStruggle = (n: number): number => STRUGGLES_EVERY * n - 1
const isStruggle = (seed: number): boolean => seed % STRUGGLES_EVERY === STRUGGLES_EVERY - 1

const MS_PER_DEVICE = 100

const PLOTS: readonly Plot[] = [
  'duel',
  'last words',
  'doomed sponsor',
  'one-way partition',
  'split after joins',
  'grow apart',
]

/** @param evicts as for `drawPlan`; where nobody is evicted there is nothing to struggle for. */
export function planOf(seed: number, evicts: boolean): Plan {
  if (!evicts || !isStruggle(seed)) return drawPlan(seed, evicts)
  return struggling(drawPlan(seed, false), new Random(seed, 3))
}

function struggling(plan: Plan, random: Random): Plan {
  const maxDevices = random.between(4, 8)
  const early = random.between(3, Math.min(5, maxDevices))
  const weight = (probability: number) => (random.chance(probability) ? random.magnitude(0.3, 3) : 0)
  const plots = Object.fromEntries(PLOTS.map((plot) => [plot, weight(0.5)])) as Record<Plot, number>
  const favourite = random.pick(PLOTS)
  if (favourite) plots[favourite] = 5
  const isStored = plan.structure === 'yjs' && random.chance(0.6)
  const weights = {
    ...plan.weights,
    join: random.magnitude(0.3, 2),
    return: random.magnitude(0.1, 1),
    leave: weight(0.2) / 3,
    'crash sponsor': 0,
    'crash newcomer': 0,
    crash: weight(0.3) / 6,
    restart: random.magnitude(0.2, 2),
    sleep: weight(0.3) / 3,
    outage: 0,
    accuse: weight(0.3),
    partition: 0,
    ...plots,
    relapse: isStored ? random.magnitude(0.2, 2) : 0,
    'long sleep': random.chance(0.3) ? random.magnitude(0.1, 1) : 0,
  }
  const network = {
    ...plan.network,
    latencyMs: random.magnitude(2, 150),
    jitterMs: random.chance(0.5) ? random.magnitude(5, 800) : 0,
    lossRate: random.chance(0.2) ? random.magnitude(0.005, 0.1) : 0,
  }
  // In half of the rooms hardly anybody is suspected but by accusation: every eviction is one that was plotted.
  const suspectAfterMs = random.chance(0.5) ? random.magnitude(2000, 8000) : random.magnitude(15_000, 60_000)
  // Each sends to all others: more would be most of what happens.
  const heartbeatIntervalMs = Math.max(
    MS_PER_DEVICE * maxDevices,
    random.magnitude(200, DEFAULT_CONFIG.heartbeatIntervalMs),
  )
  const config = {
    ...plan.config,
    heartbeatIntervalMs,
    linkTimeoutMs: random.magnitude(3.1, 8) * heartbeatIntervalMs,
    seekIntervalMs: random.magnitude(300, DEFAULT_CONFIG.seekIntervalMs),
    suspectAfterMs,
    forkAfterMs: random.magnitude(5000, 60_000),
    reportIntervalMs: random.magnitude(50, 800),
    joinTimeoutMs: DEFAULT_CONFIG.joinTimeoutMs,
    maxConnections: 8,
  }
  return {
    ...plan,
    maxDevices,
    early,
    activeMs: random.magnitude(8000, 40_000),
    meanTurnMs: random.magnitude(100, 800),
    editShare: random.magnitude(0.2, 0.7),
    weights,
    network,
    meddling: random.chance(0.2) ? plan.meddling : new Map(),
    ambushRate: 0,
    slownessMs: random.chance(0.2) ? random.magnitude(10, 500) : 0,
    taskMs: random.chance(0.2) ? random.magnitude(1, 60) : 0,
    isStored,
    config,
  }
}
