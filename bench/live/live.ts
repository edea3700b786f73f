/** Typing together, over real WebRTC: what a keystroke costs, and how soon the others see it. */
import type { Measurement, MeasurementContext, Row, Table, Target } from '../measurement.js'
import { figureText } from '../report/text.js'
import { median, medianFigure, quantile } from '../statistics.js'
import { anatomy } from './anatomy.js'
import { typeInChromium } from './chromium-room.js'
import { letterWay, tellDifference, WAY_CONDITIONS, wayTable } from './letter-way.js'
import { LIBRARIES, type Library } from './libraries.js'
import { typeInNode } from './node-room.js'
import type { Arrival, Outcome, Workload } from './typing-together.js'

interface Place {
  readonly where: string
  readonly participants: number
  /** Left out of a quick run: people come in one after the other. */
  readonly isLong?: boolean
  readonly type: (
    library: Library,
    participants: number,
    workloads: readonly Workload[],
  ) => Promise<Outcome[]>
  /** Of the bytes that y-webrtc needs. */
  readonly bytesAtMost: number
  readonly workloads: readonly Workload[]
}

const ONE: Workload = { what: 'one types 8 letters a second', writers: 1, keystrokes: 80, gapMs: 125 }
const PASTE: Workload = { what: 'one pours in 250 letters a second', writers: 1, keystrokes: 1500, gapMs: 4 }

const PLACES: readonly Place[] = [
  {
    where: '3 pages in Chromium',
    participants: 3,
    type: typeInChromium,
    bytesAtMost: 1 / 3,
    workloads: [ONE, { ...ONE, what: 'all 3 type 8 letters a second', writers: 3 }, PASTE],
  },
  {
    where: '8 pages in Chromium',
    participants: 8,
    type: typeInChromium,
    bytesAtMost: 1 / 6,
    workloads: [
      ONE,
      { ...ONE, what: '4 type 4 letters a second', writers: 4, gapMs: 250, keystrokes: 40 },
      PASTE,
    ],
  },
  {
    where: '20 processes of Node',
    participants: 20,
    isLong: true,
    type: typeInNode,
    bytesAtMost: 1 / 10,
    // More than two processors can do in a room where everybody passes everything on to everybody would tell nothing.
    workloads: [{ ...ONE, what: 'one types 4 letters a second', gapMs: 250, keystrokes: 50 }],
  },
]

/** Within which Tidemark sends changes together: where letters come faster, their latency is that of waiting. */
const BATCH_MS = 16

const RUNS = 3
/** A quick run does the first thing at each place, and less of it. */
const QUICK_RUNS = 1
const QUICK_SHARE = 1 / 3

export const live: Measurement = {
  name: 'live',
  question: 'What does a keystroke cost among people who edit together, and how soon do the others see it?',
  async measure(context) {
    const tables: Table[] = [...anatomy()]
    const targets: Target[] = []
    const summary: { what: string; figure: string }[] = []
    for (const place of PLACES) {
      if (context.quick && place.isLong) continue
      for (const [w, comparison] of (await compare(place, context)).entries()) {
        tables.push(comparison.table)
        targets.push(...comparison.targets)
        if (w > 0) continue
        tables.push(comparison.way)
        summary.push(comparison.told)
      }
    }
    return { tables, targets, plots: [], conditions: [...CONDITIONS, ...WAY_CONDITIONS], summary }
  },
}

const CONDITIONS = [
  'Payload is what is handed to data channels, of all participants together, counted by the same wrapper around RTCDataChannel.prototype.send: operations, reports, heartbeats and presence, from the first keystroke until two seconds after the last one.',
  'Latency is from the keystroke to the event of the remote document, by one clock.',
  'Each library has its own signaling server and its defaults (y-webrtc: filterBcConns false). Pages have a browser context each. No ICE servers: the network is the loopback.',
  'Processor time is that of all processes of the browser, or of Node. All share the processors of one machine.',
  'Trystero is not among them: it finds peers by way of public relays and trackers, and leaves what they exchange to the application; a comparison would measure the exchange written for it.',
  'Who pours in letters types faster than anybody can: there Tidemark sends what comes within 16 ms together, and the wait counts as latency.',
]

/** Runs take turns, so that whatever else the machine does meets both alike. */
async function compare(place: Place, { quick, say }: MeasurementContext) {
  const workloads = place.workloads.slice(0, quick ? 1 : undefined).map((workload) => ({
    ...workload,
    keystrokes: Math.round(workload.keystrokes * (quick ? QUICK_SHARE : 1)),
  }))
  const outcomes = new Map<Library, Outcome[][]>(LIBRARIES.map((library) => [library, []]))
  for (let i = 0; i < (quick ? QUICK_RUNS : RUNS); i++) {
    for (const library of LIBRARIES) {
      const run = await place.type(library, place.participants, workloads)
      outcomes.get(library)?.push(run)
      for (const [w, outcome] of run.entries())
        say(`${place.where}, ${workloads[w]?.what}, ${library.name}: ${line(outcome)}`)
    }
  }
  return workloads.map((workload, w) => {
    const summaries = [...outcomes].map(([{ name }, runs]) =>
      summary(
        name,
        runs.flatMap((run) => run[w] ?? []),
      ),
    )
    const title = `${place.where}: ${workload.what}`
    const table: Table = { title, columns: COLUMNS, rows: summaries.map(({ row }) => row) }
    const way = wayTable(title, summaries)
    const [ours = '', theirs = ''] = summaries.map(({ bytes, p50 }) => {
      return `${figureText({ value: bytes, unit: 'bytes' })}, ${figureText({ value: p50, unit: 'ms' })}`
    })
    const told = { what: `${title}: sent per letter, latency p50`, figure: `${ours} (y-webrtc: ${theirs})` }
    return { table, way, told, targets: targetsOf(title, place, workload, summaries) }
  })
}

function line({ bytes, keystrokes, arrivals }: Outcome): string {
  return `${(bytes / keystrokes).toFixed(1)} bytes a keystroke, p50 ${quantile(latenciesOf(arrivals), 0.5).toFixed(2)} ms`
}

const latenciesOf = (arrivals: readonly Arrival[]) => arrivals.map(({ ms }) => ms)

const COLUMNS = ['payload', 'messages', 'latency p50', 'latency p99', 'CPU']

/** All but latencies per keystroke. */
function summary(who: string, runs: readonly Outcome[]) {
  const each = (of: (run: Outcome) => number) => runs.map((run) => of(run) / run.keystrokes)
  const p50 = runs.map(({ arrivals }) => quantile(latenciesOf(arrivals), 0.5))
  const p99 = runs.map(({ arrivals }) => quantile(latenciesOf(arrivals), 0.99))
  const bytes = each((run) => run.bytes)
  const messages = each((run) => run.messages)
  const row: Row = {
    who,
    figures: {
      payload: medianFigure('bytes', bytes),
      messages: medianFigure('messages', messages),
      'latency p50': medianFigure('ms', p50),
      'latency p99': medianFigure('ms', p99),
      CPU: medianFigure(
        'ms',
        each((run) => run.cpuMs),
      ),
    },
  }
  const way = letterWay(runs.flatMap(({ arrivals }) => arrivals))
  return {
    who,
    row,
    way,
    bytes: median(bytes),
    messages: median(messages),
    p50: median(p50),
    p99: median(p99),
  }
}

function targetsOf(
  title: string,
  { bytesAtMost, participants }: Place,
  { gapMs }: Workload,
  [ours, theirs]: readonly ReturnType<typeof summary>[],
): Target[] {
  if (!ours || !theirs) throw new Error('two libraries are compared')
  const neighbours = participants - 1
  const bytes = target(`${title}: payload`, bytesAtMost, ours.bytes / theirs.bytes, () => {
    const others = (ours.messages - neighbours).toFixed(1)
    return `a keystroke is ${neighbours} messages; beside them go ${others}, which say who holds what and who lives`
  })
  const batched = `Of letters ${gapMs} ms apart the first leaves at once, and those of the next ${BATCH_MS} ms go together: that is what saves the bytes, and a letter waits for it.`
  const more = (ms: number) =>
    gapMs < BATCH_MS
      ? `${ms.toFixed(1)} ms more. ${batched}`
      : `${ms.toFixed(1)} ms more. Medians in ms, those of y-webrtc in brackets: ${tellDifference(ours.way, theirs.way)}.`
  return [
    bytes,
    target(`${title}: latency p50`, 1, ours.p50 / theirs.p50, () => more(ours.p50 - theirs.p50)),
    target(`${title}: latency p99`, 1, ours.p99 / theirs.p99, () => {
      return `${more(ours.p99 - theirs.p99)} A tail depends on what else the machine does: see the spread.`
    }),
  ]
}

function target(what: string, atMost: number, measured: number, why: () => string): Target {
  const claim = `${what} beside y-webrtc`
  return { claim, atMost, measured, ...(measured > atMost && { explanation: why() }) }
}
