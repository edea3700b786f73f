/**
 * A schedule as one drawing: a lane per device over virtual time, and between them what passes.
 *
 * Invariant: every event of a device is a sign at its place, or counted in the tip of the sign that stands for it.
 */
import type { Chronicle, Message } from '../oracle/chronicle.js'
import { applications, type Bundle, bundled, messages, type OperationNumbers } from './flows.js'
import { type Histories, historiesOf, type Tide } from './histories.js'
import { messageKind, messageName } from './kinds.js'
import { LANE_PX, Lane, LIFE_PX } from './lanes.js'
import { PATTERNS } from './signs.js'
import { element, escaped, seconds } from './svg.js'
import { TimeScale } from './time-scale.js'

/** Ruler, and what concerns everybody. */
export const RULER_PX = 44
const OUTAGE_PX = 30
/** Pixels for each thing drawn, on average; and the least and most for all of them. */
const PX_PER_EVENT = 2.2
const LEAST_PX = 1100
const MOST_PX = 7000
/** As the story names one. */
const OPERATION = /[a-z]{2}-d\d+-\d+:\d+@\d+/g
/** Marks of the ruler, for each range of magnification. */
const TICK_LEVELS_PX = [440, 110, 28, 7]

export interface Drawing {
  readonly svg: string
  readonly lanes: readonly string[]
  readonly width: number
  /** Where a moment stands. */
  readonly scale: TimeScale
  /** Devices and operations that the violation names. */
  readonly accused: { readonly devices: readonly string[]; readonly operations: readonly number[] }
}

export function draw(chronicle: Chronicle, virtualMs: number): Drawing {
  return new Draughtsman(chronicle, virtualMs).draw()
}

class Draughtsman {
  private readonly chronicle: Chronicle
  private readonly histories: Histories
  private readonly scale: TimeScale
  private readonly numbers = new Numbers()
  private readonly names: readonly string[]

  constructor(chronicle: Chronicle, virtualMs: number) {
    this.chronicle = chronicle
    const { events } = chronicle
    this.histories = historiesOf(chronicle, virtualMs)
    this.names = this.histories.devices.map(({ name }) => name)
    const talk = messages(chronicle).filter(({ kind }) => kind === 'm-join')
    const moments = [...events.map(({ atMs }) => atMs), ...talk.flatMap(({ fromMs, toMs }) => [fromMs, toMs])]
    const wanted = PX_PER_EVENT * (events.length + talk.length)
    this.scale = new TimeScale(moments, virtualMs, Math.min(MOST_PX, Math.max(LEAST_PX, wanted)))
  }

  draw(): Drawing {
    const { chronicle, histories, names, scale, numbers } = this
    const rooms = [...new Set(histories.devices.flatMap(({ stays }) => stays.map(({ lineage }) => lineage)))]
    const clocks = this.clocks()
    const context = { scale, numbers, rooms: this.inOrderOfFounding(rooms), clocks }
    const lanes = histories.devices.map((history) => new Lane(history, context))
    const flows = bundled([...applications(chronicle, numbers), ...messages(chronicle)], scale)
    const laneGroup = (content: string, index: number, layer: string) =>
      element(
        'g',
        { class: layer, 'data-lane': index, transform: `translate(0 ${this.top(index)})` },
        content,
      )
    const accused = this.accused()
    const height = this.top(lanes.length)
    const svg = element(
      'svg',
      { id: 'plot', class: 'plot', width: scale.width + 24, height, role: 'img', 'data-width': scale.width },
      element('defs', {}, PATTERNS),
      ...lanes.map((_, index) => laneGroup(this.ground(), index, 'ground')),
      this.ruler(height),
      ...lanes.map((lane, index) => laneGroup(lane.back, index, 'back')),
      element('g', { class: 'flows' }, ...flows.map((flow) => this.flow(flow, accused.operations))),
      ...lanes.map((lane, index) =>
        laneGroup(lane.front(chronicle.events) + this.lost(names[index] ?? ''), index, 'front'),
      ),
      this.violation(height, accused.devices),
      element('line', { id: 'cursor', x1: -10, x2: -10, y1: 0, y2: height, class: 'tall' }),
    )
    return { svg, lanes: names, width: scale.width, scale, accused }
  }

  private top(index: number): number {
    return RULER_PX + index * LANE_PX
  }

  private inOrderOfFounding(rooms: readonly string[]): string[] {
    const founded = this.chronicle.events.flatMap(({ mark }) =>
      mark?.kind === 'member' && mark.founds ? [mark.lineage] : [],
    )
    return [...new Set([...founded, ...rooms])].filter((room) => room !== '')
  }

  /** How the clock of each room rose, whoever was the first to see it. */
  private clocks(): Map<string, Tide['clocks']> {
    const clocks = new Map<string, Tide['clocks'][number][]>()
    for (const { tides } of this.histories.devices) {
      for (const { lineage, clocks: own } of tides)
        clocks.set(lineage, [...(clocks.get(lineage) ?? []), ...own])
    }
    return clocks
  }

  private ground(): string {
    return element('rect', { class: 'ground', x: 0, y: 0, width: this.scale.width, height: LANE_PX - 1 })
  }

  // ------------------------------------------------------------------ between the lanes

  private flow(bundle: Bundle, accused: readonly number[]): string {
    const { kind, from, to, fromMs, toMs, count, text, operations } = bundle
    const [a, b] = [this.names.indexOf(from), this.names.indexOf(to)]
    if (a < 0 || b < 0) return ''
    const x1 = this.scale.x(fromMs)
    const x2 = this.scale.x(toMs)
    const isAccused = operations.some((operation) => accused.includes(operation))
    return element('line', {
      class: `flow k-${kind}${isAccused ? ' accused' : ''}`,
      x1,
      x2,
      y1: this.top(a) + LIFE_PX,
      y2: this.top(b) + LIFE_PX,
      'data-a': a,
      'data-b': b,
      'stroke-width': 1 + 0.7 * Math.log2(count),
      'data-tip': text,
      'data-ops': operations.length > 0 ? operations.join(' ') : undefined,
    })
  }

  /** A message that never arrived: nobody knows on which lane it would have. */
  private lost(name: string): string {
    const spots = new Map<number, Message[]>()
    for (const message of this.chronicle.messages) {
      const isOfNote = messageKind(message.type) !== 'm-life'
      if (message.from !== name || message.arrivals.length > 0 || !isOfNote) continue
      const spot = Math.round(this.scale.x(message.sentMs) / 4)
      spots.set(spot, [...(spots.get(spot) ?? []), message])
    }
    return [...spots.values()]
      .map((list) => {
        const counts = new Map<string, number>()
        for (const { type } of list) counts.set(messageName(type), (counts.get(messageName(type)) ?? 0) + 1)
        const told = [...counts].map(([what, count]) => `${count} × ${what}`).join(', ')
        const sentMs = list[0]?.sentMs ?? 0
        const tip = `${name}, ${seconds(sentMs)}: never arrived\n${told}`
        return element('use', {
          href: '#s-lost',
          class: 'sign k-lost',
          x: this.scale.x(sentMs),
          y: LIFE_PX,
          'data-tip': tip,
        })
      })
      .join('')
  }

  // ------------------------------------------------------------------ for everybody

  private ruler(height: number): string {
    const { scale, histories } = this
    const levels = TICK_LEVELS_PX.map((apartPx, level) => {
      const ticks = scale.ticks(apartPx).map((atMs) => {
        const x = scale.x(atMs)
        const line = element('line', { class: 'tick tall', x1: x, x2: x, y1: 18, y2: height })
        return line + element('text', { class: 'time', x, y: 13 }, `${atMs / 1000} s`)
      })
      return element('g', { class: `ticks level${level}` }, ...ticks)
    })
    const quiets = scale.quiets.map(({ fromMs, toMs, x, width }) => {
      const tip = `nothing happens but heartbeats, ${seconds(fromMs)} to ${seconds(toMs)}`
      const about = { class: 'quiet tall', x, y: 18, width, height: height - 18, 'data-tip': tip }
      const label = `${((toMs - fromMs) / 1000).toFixed(1)} s`
      return (
        element('rect', about) +
        element('text', { class: 'time', x: x + width / 2, y: 13, 'data-room': width }, `⋯${label}⋯`)
      )
    })
    const outages = histories.outages.map(({ fromMs, toMs }) => {
      const x = scale.x(fromMs)
      const tip = `the rendezvous is away\n${seconds(fromMs)} to ${seconds(toMs)}`
      return element('rect', {
        class: 'k-rendezvous',
        x,
        y: OUTAGE_PX,
        width: Math.max(3, scale.x(toMs) - x),
        height: 8,
        'data-tip': tip,
      })
    })
    const peace = this.chronicle.events.find(({ mark }) => mark?.kind === 'peace')
    const peaceX = peace && scale.x(peace.atMs)
    const calm =
      peaceX === undefined
        ? ''
        : element('line', { class: 'peace tall', x1: peaceX, x2: peaceX, y1: 18, y2: height }) +
          element('text', { class: 'time', x: peaceX + 4, y: 27 }, 'left in peace')
    return [...levels, ...quiets, ...outages, calm].join('')
  }

  private violation(height: number, devices: readonly string[]): string {
    const found = this.chronicle.events.find(({ mark }) => mark?.kind === 'violation')
    if (!found) return ''
    const x = this.scale.x(found.atMs)
    const tip = `VIOLATION at ${seconds(found.atMs)}\n${found.text}`
    const rings = devices.map((name) => {
      const index = this.names.indexOf(name)
      return element('circle', {
        class: 'guilty',
        cx: x,
        cy: this.top(index) + LIFE_PX,
        r: 11,
        'data-at': index,
        'data-tip': tip,
      })
    })
    return element(
      'g',
      { class: 'violation' },
      element('line', { class: 'tall', x1: x, x2: x, y1: 0, y2: height, 'data-tip': tip }),
      ...rings,
      element('text', { x: x - 6, y: 27, 'text-anchor': 'end' }, escaped('violation ⚡')),
    )
  }

  /** Replica ids and operations that its message names. */
  private accused(): Drawing['accused'] {
    const text = this.chronicle.events.find(({ mark }) => mark?.kind === 'violation')?.text ?? ''
    const operations = [...text.matchAll(OPERATION)].map(([name]) => this.numbers.of(name))
    const rest = text.replaceAll(OPERATION, '')
    const devices = this.names.filter((name) => new RegExp(`(^|[^a-z0-9])${name}($|[^a-z0-9])`).test(rest))
    return { devices, operations }
  }
}

class Numbers implements OperationNumbers {
  private readonly known = new Map<string, number>()

  of(name: string): number {
    const number = this.known.get(name) ?? this.known.size
    this.known.set(name, number)
    return number
  }
}
