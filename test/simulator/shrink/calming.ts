/**
 * Troubles that a whole schedule can be spared, one by one: what is left when it still fails is what matters.
 */
import { MESSAGE, type Plan } from '../world/plan.js'

type Calming = (plan: Plan) => Plan

const network =
  (change: Partial<Plan['network']>): Calming =>
  (plan) => ({ ...plan, network: { ...plan.network, ...change } })

/** Messages of one type are left alone. */
function untouched(type: number): Calming {
  return (plan) => {
    const meddling = new Map(plan.meddling)
    meddling.delete(type)
    return { ...plan, meddling }
  }
}

const MEDDLINGS = Object.entries(MESSAGE).map(([name, type]): [string, Calming] => [
  `meddling-${name}`,
  untouched(type),
])

export const CALMINGS: ReadonlyMap<string, Calming> = new Map<string, Calming>([
  ['loss', network({ lossRate: 0 })],
  ['repeats', network({ duplicateRate: 0 })],
  ['overtaking', network({ reorderRate: 0 })],
  ['jitter', network({ jitterMs: 0 })],
  ['latency', network({ latencyMs: 1 })],
  ...MEDDLINGS,
  ['slowness', (plan) => ({ ...plan, slownessMs: 0 })],
  ['tasks', (plan) => ({ ...plan, taskMs: 0 })],
  ['batches', (plan) => ({ ...plan, batchMs: 0 })],
  ['ambushes', (plan) => ({ ...plan, ambushRate: 0 })],
  ['naps', (plan) => ({ ...plan, napMs: 0 })],
  ['twin', (plan) => ({ ...plan, hasTwin: false })],
])

/** Troubles end with the last turn that is left. Not a matter of the plan: the world looks for it. */
export const SOON = 'soon'

/** Those that would change something. */
export function calmingsFor(plan: Plan): string[] {
  const told = (of: Plan) => JSON.stringify({ ...of, meddling: [...of.meddling] })
  return [...CALMINGS].filter(([, calm]) => told(calm(plan)) !== told(plan)).map(([name]) => name)
}

export function calmed(plan: Plan, names: ReadonlySet<string>): Plan {
  return [...names].reduce((calmer, name) => CALMINGS.get(name)?.(calmer) ?? calmer, plan)
}
