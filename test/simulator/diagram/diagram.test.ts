/**
 * A diagram holds what happened: every event at its place, every application from where to where.
 */
import { describe, expect, test } from 'vitest'
import { Chronicle } from '../oracle/chronicle.js'
import { type Outcome, runSchedule } from '../world/world.js'
import { draw } from './drawing.js'
import { bundled, type Flow } from './flows.js'
import { historiesOf } from './histories.js'
import { diagramOf } from './page.js'
import { TimeScale } from './time-scale.js'

/** The elements of a class, as their attributes. */
function elements(html: string, name: string, className: string): Map<string, string>[] {
  const found = [...html.matchAll(new RegExp(`<${name}( [^>]*?)/?>`, 'g'))].map(
    ([, text = '']) =>
      new Map([...text.matchAll(/ ([a-z0-9-]+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value])),
  )
  return found.filter((attributes) => attributes.get('class')?.split(' ').includes(className))
}

const tipsOf = (list: readonly Map<string, string>[]) => list.map((sign) => sign.get('data-tip') ?? '')

/** A sign stands for as many events as its tip has lines, and those it only counts. */
function countIn(tip: string): number {
  const [, ...lines] = tip.split('\n')
  const more = Number(/^and (\d+) more$/.exec(lines.at(-1) ?? '')?.[1] ?? 0)
  return more > 0 ? lines.length - 1 + more : lines.length
}

const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0)

function told(seed: number): { outcome: Outcome; html: string; chronicle: Chronicle } {
  const outcome = runSchedule(seed, { isTold: true })
  if (!outcome.chronicle) throw new Error('nothing was kept')
  return { outcome, html: diagramOf(outcome, `Seed ${seed}`), chronicle: outcome.chronicle }
}

describe.each([3, 12, 19])('the diagram of seed %i', (seed) => {
  const { outcome, html, chronicle } = told(seed)
  const marks = chronicle.events.map(({ mark }) => mark)
  const ofKind = (kind: string) => marks.filter((mark) => mark?.kind === kind)

  test('has a lane for every device', () => {
    const devices = new Set(chronicle.events.map(({ who }) => who).filter((who) => /^d\d+$/.test(who)))
    const { lanes } = draw(chronicle, outcome.virtualMs)
    expect([...lanes].sort()).toEqual([...devices].sort())
    for (const name of lanes) expect(html).toContain(`>${name}</button>`)
  })

  test('shows every operation that was made, by its kind', () => {
    for (const what of ['update', 'join', 'leave', 'cut', 'fence', 'evict']) {
      const made = ofKind('makes').filter((mark) => mark?.kind === 'makes' && mark.what === what)
      expect(sum(tipsOf(elements(html, 'use', `k-${what}`)).map(countIn)), what).toBe(made.length)
    }
  })

  test('shows every application as a line from its author', () => {
    const counts = tipsOf(elements(html, 'line', 'k-apply')).map((tip) =>
      Number(/(\d+) × /.exec(tip)?.[1] ?? 1),
    )
    expect(sum(counts)).toBe(ofKind('applies').length)
    for (const line of elements(html, 'line', 'k-apply'))
      expect(Number(line.get('x2'))).toBeGreaterThanOrEqual(Number(line.get('x1')))
  })

  test('shows what happened to each device', () => {
    const count = (kind: string) => sum(tipsOf(elements(html, 'use', `k-${kind}`)).map(countIn))
    expect(count('edit')).toBe(ofKind('edits').length)
    expect(count('epoch')).toBe(ofKind('epoch').length)
    expect(count('accuse')).toBe(ofKind('accuses').length)
    expect(count('crash')).toBe(ofKind('crashes').length + ofKind('restarts').length)
    const lives = ['starts', 'member', 'starts over', 'leaves'].map((kind) => ofKind(kind).length)
    expect(count('life')).toBe(sum(lives))
    expect(elements(html, 'rect', 'k-sleep').length).toBe(ofKind('asleep').length)
  })

  test('shows all messages that arrived, and those that did not', () => {
    const arrived = sum(chronicle.messages.map(({ arrivals }) => arrivals.length))
    const flows = elements(html, 'line', 'flow').filter((line) => !line.get('class')?.includes('k-apply'))
    const counts = tipsOf(flows).map((tip) => Number(/\n(\d+) × /.exec(tip)?.[1] ?? 1))
    expect(arrived).toBeGreaterThan(100)
    expect(sum(counts)).toBe(arrived)
  })

  test('tells the whole story beside it, and needs nothing else', () => {
    expect(html.match(/<li[ >]/g)?.length).toBe(outcome.lines.length)
    expect(html).not.toMatch(/(src|href)="(?!#)/)
    expect(html).not.toMatch(/https?:|url\((?!#)/)
  })
})

describe('a violation', () => {
  const chronicle = new Chronicle(() => 500)
  chronicle.add('d1', 'starts', { kind: 'starts' })
  chronicle.add('d2', 'starts', { kind: 'starts' })
  const made = { kind: 'makes', operation: 'ab-d1-1:2@7', what: 'update', clock: 7 } as const
  chronicle.add('d1', 'makes ab-d1-1:2@7 update', made)
  chronicle.add('d2', 'applies ab-d1-1:2@7', { kind: 'applies', operation: 'ab-d1-1:2@7', clock: 7 })
  chronicle.add('!', 'snapshot safety: cd-d2-1 lacks ab-d1-1:2@7 <b>', { kind: 'violation' })
  const { svg, accused } = draw(chronicle, 500)

  test('is marked where it was found, with the replica and the operation that it names', () => {
    expect(accused.devices).toEqual(['d2'])
    expect(elements(svg, 'circle', 'guilty').map((ring) => ring.get('data-at'))).toEqual(['1'])
    expect(elements(svg, 'line', 'accused').length).toBe(1)
  })

  test('is escaped', () => {
    expect(svg).toContain('&#60;b&#62;')
    expect(svg).not.toContain('<b>')
  })
})

describe('time', () => {
  test('never runs backwards, and silence takes no room', () => {
    const scale = new TimeScale([0, 100, 90_000, 91_000], 200_000, 1000)
    const places = [0, 50, 100, 40_000, 90_000, 90_500, 91_000, 200_000].map((ms) => scale.x(ms))
    expect(places).toEqual([...places].sort((a, b) => a - b))
    expect(scale.x(200_000)).toBeCloseTo(1000)
    expect(scale.quiets.map(({ fromMs, toMs }) => [fromMs, toMs])).toEqual([
      [100, 90_000],
      [91_000, 200_000],
    ])
    expect(scale.x(91_000) - scale.x(90_000)).toBeGreaterThan(scale.x(90_000) - scale.x(100))
  })
})

describe('lines', () => {
  const scale = new TimeScale([0, 10_000], 10_000, 1000)

  test('of which there are too many become few that stand for all', () => {
    const flows: Flow[] = Array.from({ length: 20_000 }, (_, i) => {
      const fromMs = (i * 7919) % 10_000
      return {
        kind: 'm-gossip',
        from: 'd1',
        to: `d${2 + (i % 5)}`,
        fromMs,
        toMs: fromMs + 20,
        what: 'gossip',
      }
    })
    const bundles = bundled(flows, scale)
    expect(bundles.length).toBeLessThanOrEqual(1600)
    expect(sum(bundles.map(({ count }) => count))).toBe(20_000)
  })

  test('that can be told apart stay apart', () => {
    const flow = (fromMs: number): Flow => {
      return { kind: 'apply', from: 'd1', to: 'd2', fromMs, toMs: fromMs + 20, what: 'x' }
    }
    expect(bundled([flow(0), flow(1000), flow(1000.1)], scale).map(({ count }) => count)).toEqual([1, 2])
  })
})

describe('histories', () => {
  test('end what a heal ends', () => {
    let now = 0
    const chronicle = new Chronicle(() => now)
    chronicle.add('d1', '', { kind: 'starts' })
    chronicle.add('all', '', { kind: 'blocked', from: ['d2'], to: ['d1'] })
    chronicle.add('all', '', { kind: 'parted', sides: [['d1'], ['d2']] })
    now = 100
    chronicle.add('all', '', { kind: 'together' })
    const [device] = historiesOf(chronicle, 900).devices
    expect([device?.deafnesses[0]?.toMs, device?.sides[0]?.toMs, device?.stays[0]?.toMs]).toEqual([
      100, 100, 900,
    ])
  })
})
