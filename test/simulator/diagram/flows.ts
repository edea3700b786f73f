/**
 * Slanted lines from one replica to another: operations to where they are applied, messages to where they arrive. Where
 * there are too many to tell apart, those that lie beside each other become one line that says how many it stands for.
 */
import type { Chronicle } from '../oracle/chronicle.js'
import { type KindId, messageKind, messageName } from './kinds.js'
import { seconds } from './svg.js'
import type { TimeScale } from './time-scale.js'

/** Of one kind, so many are drawn at most. */
const MOST_LINES = 1600
/** More names than that say nothing. */
const MOST_NAMES = 6

export interface Flow {
  readonly kind: KindId
  readonly from: string
  readonly to: string
  readonly fromMs: number
  readonly toMs: number
  readonly what: string
  /** Number of the operation it carries. */
  readonly operation?: number
}

/** One line, for all flows that it stands for. */
export interface Bundle {
  readonly kind: KindId
  readonly from: string
  readonly to: string
  readonly fromMs: number
  readonly toMs: number
  readonly count: number
  readonly text: string
  readonly operations: readonly number[]
}

export interface OperationNumbers {
  of(name: string): number
}

/** From where an operation was made to where it was applied. */
export function applications({ events }: Chronicle, numbers: OperationNumbers): Flow[] {
  const made = new Map<string, { readonly by: string; readonly atMs: number }>()
  const flows: Flow[] = []
  for (const { who, atMs, mark } of events) {
    if (mark?.kind === 'makes') made.set(mark.operation, { by: who, atMs })
    if (mark?.kind !== 'applies') continue
    const source = made.get(mark.operation)
    if (!source) continue
    const { by: from, atMs: fromMs } = source
    const operation = numbers.of(mark.operation)
    flows.push({ kind: 'apply', from, to: who, fromMs, toMs: atMs, what: mark.operation, operation })
  }
  return flows
}

export function messages(chronicle: Chronicle): Flow[] {
  return chronicle.messages.flatMap(({ from, type, bytes, sentMs, arrivals }) =>
    arrivals.map(({ to, atMs }) => ({
      kind: messageKind(type),
      from,
      to,
      fromMs: sentMs,
      toMs: atMs,
      what: `${messageName(type)} (${bytes} bytes)`,
    })),
  )
}

/** By kind: as few bundles as it takes to stay readable. */
export function bundled(flows: readonly Flow[], scale: TimeScale): Bundle[] {
  const byKind = new Map<KindId, Flow[]>()
  for (const flow of flows) {
    const list = byKind.get(flow.kind) ?? []
    list.push(flow)
    byKind.set(flow.kind, list)
  }
  return [...byKind.values()].flatMap((list) => {
    let apartPx = 1
    let bundles = grouped(list, scale, apartPx)
    while (bundles.length > MOST_LINES) {
      apartPx *= 1.5
      bundles = grouped(list, scale, apartPx)
    }
    return bundles.map(bundleOf)
  })
}

function grouped(flows: readonly Flow[], scale: TimeScale, apartPx: number): Flow[][] {
  const groups = new Map<string, Flow[]>()
  for (const flow of flows) {
    const [x1, x2] = [flow.fromMs, flow.toMs].map((ms) => Math.round(scale.x(ms) / apartPx))
    const key = `${flow.from} ${flow.to} ${x1} ${x2}`
    const group = groups.get(key)
    if (group) group.push(flow)
    else groups.set(key, [flow])
  }
  return [...groups.values()]
}

function bundleOf(flows: readonly Flow[]): Bundle {
  const [first] = flows
  if (!first) throw new Error('a line for nothing')
  const { kind, from, to } = first
  const mean = (of: (flow: Flow) => number) => flows.reduce((sum, flow) => sum + of(flow), 0) / flows.length
  const [fromMs, toMs] = [mean((flow) => flow.fromMs), mean((flow) => flow.toMs)]
  const names = [...new Set(flows.map(({ what }) => what))]
  const shown = names.slice(0, MOST_NAMES).join(', ') + (names.length > MOST_NAMES ? ', …' : '')
  const count = flows.length
  const times = count === 1 ? '' : `${count} × `
  const text = `${from} → ${to}, ${seconds(fromMs)} → ${seconds(toMs)} (${Math.round(toMs - fromMs)} ms)\n${times}${shown}`
  const operations = flows.flatMap(({ operation }) => (operation === undefined ? [] : [operation]))
  return { kind, from, to, fromMs, toMs, count, text, operations }
}
