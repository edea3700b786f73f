/**
 * One replica's lane: its life as a line, above it the snapshot point as a tide that rises to the clock, below it what
 * its user does and whom it does not hear. What happens to it stands on the line as signs.
 */
import type { Chronicle, Event } from '../oracle/chronicle.js'
import type { OperationNumbers } from './flows.js'
import type { History, Span, Stay, Tide } from './histories.js'
import { type KindId, OPERATION_KINDS } from './kinds.js'
import { element, seconds } from './svg.js'
import type { TimeScale } from './time-scale.js'

export const LANE_PX = 108
/** Where its life runs, from the top of a lane. */
export const LIFE_PX = 60
const TIDE_TOP_PX = 10
const TIDE_PX = 36
const NAME_PX = LIFE_PX + 15
const EDIT_PX = LIFE_PX + 22
const DEAF_PX = LIFE_PX + 29
const DEAF_ROWS = 4
const DEAF_ROW_PX = 4.5

export interface LaneContext {
  readonly scale: TimeScale
  readonly numbers: OperationNumbers
  /** In order of their founding. */
  readonly rooms: readonly string[]
  /** How the clock of each room rose. */
  readonly clocks: ReadonlyMap<string, Tide['clocks']>
}

/** A sign on the line, for all events of one kind at one spot. */
interface Sign {
  readonly kind: KindId
  readonly sign: string
  readonly at: number
  readonly texts: string[]
  readonly operations: number[]
}

/** More lines of text than that nobody reads. */
const MOST_TEXTS = 8

export class Lane {
  private readonly history: History
  private readonly context: LaneContext

  constructor(history: History, context: LaneContext) {
    this.history = history
    this.context = context
  }

  /** What lies below the lines that come and go. */
  get back(): string {
    const { sides, sleeps, tides, name } = this.history
    return [
      ...sides.map((span) =>
        this.bar(span, 0, LANE_PX, `k-parted side${span.side}`, `${name}: all ${span.text}`),
      ),
      ...tides.map((tide) => this.tide(tide)),
      ...sleeps.map((span) => this.bar(span, LIFE_PX - 8, 16, 'k-sleep', `${name} sleeps`)),
    ].join('')
  }

  front(events: Chronicle['events']): string {
    const { stays, name } = this.history
    const own = events.filter(({ who }) => who === name)
    return [...stays.map((stay) => this.stay(stay)), this.deafnesses(), ...this.signs(own)].join('')
  }

  // ------------------------------------------------------------------ spans

  private bar(span: Span, y: number, height: number, className: string, text: string): string {
    const { scale } = this.context
    const x = scale.x(span.fromMs)
    const width = Math.max(1, scale.x(span.toMs) - x)
    const tip = `${text}\n${seconds(span.fromMs)} to ${seconds(span.toMs)}`
    return element('rect', { class: className, x, y, width, height, 'data-tip': tip })
  }

  private stay(stay: Stay): string {
    const { scale } = this.context
    const [x1, x2] = [scale.x(stay.fromMs), scale.x(stay.toMs)]
    const room = this.roomClass(stay.lineage)
    const line = element('line', { class: `life ${stay.as} ${room}`, x1, x2, y1: LIFE_PX, y2: LIFE_PX })
    if (stay.as !== 'member') return line
    const number = this.context.rooms.indexOf(stay.lineage) + 1
    const label = element('text', { class: 'id', x: x1, y: NAME_PX }, `${stay.id} · room ${number}`)
    return line + label
  }

  /** Rows, so that what overlaps in time does not in space. */
  private deafnesses(): string {
    const ends: number[] = []
    const { deafnesses, name } = this.history
    return deafnesses
      .map((span) => {
        const free = ends.findIndex((endMs) => endMs <= span.fromMs)
        const row = (free < 0 ? ends.length : free) % DEAF_ROWS
        ends[row] = span.toMs
        const text = `${name} hears nothing from ${span.from.join(' ')}`
        return this.bar(span, DEAF_PX + row * DEAF_ROW_PX, 3, 'k-deaf', text)
      })
      .join('')
  }

  private roomClass(lineage: string): string {
    const { rooms } = this.context
    return lineage === '' ? 'no-room' : `room${rooms.indexOf(lineage) % 6}`
  }

  // ------------------------------------------------------------------ the tide

  private tide({ points, clocks, lineage, fromMs, toMs }: Tide): string {
    if (lineage === '' || (points.length === 0 && clocks.length === 0)) return ''
    // From where this one began to where its room stood when this one ended: that shows who lags behind.
    const seen = this.context.clocks.get(lineage)?.filter(({ atMs }) => atMs <= toMs) ?? []
    const top = Math.max(1, ...seen.map(({ clock }) => clock))
    const least = Math.min(points[0]?.clock ?? top, clocks[0]?.clock ?? top) - 1
    const bottom = TIDE_TOP_PX + TIDE_PX
    const y = (clock: number) => bottom - (TIDE_PX * Math.max(0, clock - least)) / Math.max(1, top - least)
    const steps = (list: Tide['points']) => {
      const corners: [number, number][] = []
      let level = y(least)
      for (const { atMs, clock } of list) {
        const x = this.context.scale.x(atMs)
        corners.push([x, level])
        level = y(clock)
        corners.push([x, level])
      }
      if (list.length > 0) corners.push([this.context.scale.x(toMs), level])
      return corners
    }
    const written = (corners: readonly [number, number][]) =>
      corners.map(([x, at]) => `${x.toFixed(1)},${at.toFixed(1)}`).join(' ')
    const end = this.context.scale.x(toMs)
    const area = steps(points)
    const room = this.roomClass(lineage)
    const name = `${this.history.name}, from ${seconds(fromMs)}: snapshot point up to ${points.at(-1)?.clock ?? 0}, clock up to ${clocks.at(-1)?.clock ?? 0}`
    return [
      area.length > 0
        ? element('polygon', {
            class: `k-tide ${room}`,
            points: written([...area, [end, bottom]]),
            'data-tip': name,
          })
        : '',
      element('polyline', { class: `k-tide clock ${room}`, points: written(steps(clocks)) }),
    ].join('')
  }

  // ------------------------------------------------------------------ signs

  private signs(events: readonly Event[]): string[] {
    const signs = new Map<string, Sign>()
    for (const event of events) {
      const meant = signOf(event)
      if (!meant) continue
      const [kind, name] = meant
      const x = this.context.scale.x(event.atMs)
      const key = `${name} ${Math.round(x / 2)}`
      const sign = signs.get(key) ?? { kind, sign: name, at: event.atMs, texts: [], operations: [] }
      signs.set(key, sign)
      sign.texts.push(`${seconds(event.atMs)}  ${event.text}`)
      if (event.mark?.kind === 'makes') sign.operations.push(this.context.numbers.of(event.mark.operation))
    }
    return [...signs.values()].map((sign) => this.sign(sign))
  }

  private sign({ kind, sign, at, texts, operations }: Sign): string {
    const isMany = sign === 'update' && operations.length > 1
    const shown = texts.slice(0, MOST_TEXTS)
    if (texts.length > shown.length) shown.push(`and ${texts.length - shown.length} more`)
    return element('use', {
      href: `#s-${sign}${isMany ? '-many' : ''}`,
      class: `sign k-${kind}`,
      x: this.context.scale.x(at),
      y: heightOf(kind),
      'data-tip': `${this.history.name}\n${shown.join('\n')}`,
      'data-ops': operations.length > 0 ? operations.join(' ') : undefined,
    })
  }
}

function heightOf(kind: KindId): number {
  if (kind === 'edit') return EDIT_PX
  if (kind === 'epoch') return LIFE_PX - 4
  if (kind === 'accuse' || kind === 'link' || kind === 'other') return LIFE_PX - 13
  return LIFE_PX
}

/** Its kind, and which sign. */
function signOf({ mark }: Event): readonly [KindId, string] | undefined {
  switch (mark?.kind) {
    case 'makes': {
      const kind = OPERATION_KINDS[mark.what]
      return [kind, kind]
    }
    case 'starts':
      return ['life', 'life']
    case 'member':
      return ['life', 'member']
    case 'starts over':
      return ['life', 'over']
    case 'leaves':
      return ['life', 'end']
    case 'crashes':
      return ['crash', 'crash']
    case 'restarts':
      return ['crash', 'restart']
    case 'edits':
      return ['edit', 'edit']
    case 'epoch':
      return ['epoch', 'epoch']
    case 'loses link':
    case 'muted':
      return ['link', 'link']
    case 'accuses':
      return ['accuse', 'accuse']
    case 'asks for a cut':
    case 'fault':
      return ['other', 'other']
    default:
      return undefined
  }
}
