/** A newcomer to a room that has a document: how long until it stands there, and what that costs. */
import { totalTraffic } from '../../test/browser/harness/test-page.js'
import { loadSequentialTrace, type Patch } from '../../test/traces/sequential-trace.js'
import type { Figure, Measurement, MeasurementContext, Row, Table, Target } from '../measurement.js'
import { figureText } from '../report/text.js'
import { median, medianFigure } from '../statistics.js'
import { type ChromiumRoom, type Page, ROOM, withChromiumRoom } from './chromium-room.js'
import { TIDEMARK, Y_WEBRTC } from './libraries.js'
import { sleep, until } from './waiting.js'
import { STAGES, type Stage, type WayIn } from './way-in.js'

interface Document {
  readonly what: string
  /** How many members are there when newcomers come: first so many, then so many. */
  readonly members: readonly number[]
  write(page: Page): Promise<void>
}

interface Arrival {
  /** Undefined: not within the time limit. */
  readonly ms: number | undefined
  readonly way: WayIn
  /** Handed to all data channels of the room. */
  readonly bytes: number
  readonly said: { readonly length: number; readonly synced: boolean }
}

const TRACE = new URL('../../test/traces/automerge-paper.json.gz', import.meta.url)
/** What y-webrtc can still send in one message. */
const PATCHES = 100_000
const QUICK_PATCHES = 20_000
const RUNS = 5
const QUICK_RUNS = 2
const TIME_LIMIT_MS = 20_000
const QUICK_TIME_LIMIT_MS = 2000
/** What is still sent about the join is sent within this time. */
const TAIL_MS = 500
const AT_MOST = 1 / 2

export const joining: Measurement = {
  name: 'joining',
  question: 'How long does a newcomer wait for the document, and how much is sent for it?',
  async measure(context) {
    const tables: Table[] = []
    const targets: Target[] = []
    const summary: { what: string; figure: string }[] = []
    const [bare] = await compare(LETTER, context)
    if (bare) tables.push(bare.table, wayInOf(bare))
    for (const document of await documents(context)) {
      for (const comparison of await compare(document, context)) {
        tables.push(comparison.table)
        targets.push(...targetsOf(comparison, bare))
        summary.push(summaryOf(comparison))
      }
    }
    return { tables, targets, plots: [], conditions: CONDITIONS, summary }
  },
}

const CONDITIONS = [
  'Time is from the call that joins until the newcomer’s text is as long as the others’. Pages of Chromium in contexts of their own, over the loopback; the page and its program are loaded before.',
  'Bytes are handed to the data channels of all pages, from that call until half a second after the text is there.',
  'The paper is a real editing history (259,778 edits, 104,852 characters at the end), played edit by edit; as a Yjs document with its history it is 311,038 bytes. Tidemark’s room was asked to compact it before anybody came, which rooms do by themselves when there is enough to gain or they come to rest; y-webrtc has nothing like that.',
  '1 MB and 10 MB: made-up words, as unevenly frequent as those of a language, written in pieces of 100 and 500 characters, three of ten within what was written last.',
  'y-webrtc sends a document in one message. What is longer than 262,144 bytes does not fit into one: the exception is caught, and nobody is told.',
]

/** What is left when there is nothing to send: finding each other, connecting, and being let in. */
const LETTER: Document = { what: 'one letter', members: [1], write: (page) => page.call('fill', 1, 1) }

async function documents({ quick }: MeasurementContext): Promise<Document[]> {
  const { patches } = await loadSequentialTrace(TRACE)
  const count = quick ? QUICK_PATCHES : PATCHES
  const first = patches.slice(0, count)
  const begun = { what: `the first ${count} edits of a paper`, members: [1, 3] }
  const texts: Document[] = [
    { ...begun, write: (page) => play(page, first) },
    { what: '1 MB of text', members: [1], write: (page) => page.call('fill', 1_000_000, 100) },
    { what: '10 MB of text', members: [1], write: (page) => page.call('fill', 10_000_000, 500) },
  ]
  const whole: Document = { what: 'the whole paper', members: [1], write: (page) => play(page, patches) }
  return quick ? texts : [...texts, whole]
}

async function play(page: Page, patches: readonly Patch[]): Promise<void> {
  await page.call('play', patches)
}

async function compare(document: Document, context: MeasurementContext) {
  return await withChromiumRoom(TIDEMARK, (ours) =>
    withChromiumRoom(Y_WEBRTC, async (theirs) => {
      const rooms = [
        { name: TIDEMARK.name, room: ours },
        { name: Y_WEBRTC.name, room: theirs },
      ]
      for (const { room } of rooms) {
        await document.write(await room.join())
        await room.pages[0]?.call('compact')
      }
      const comparisons: Comparison[] = []
      for (const members of document.members) {
        for (const { room } of rooms) while (room.pages.length < members) await room.join()
        const what = `${document.what}, from ${members === 1 ? 'one member' : `${members} members`}`
        comparisons.push(await letCome(what, rooms, context))
      }
      return comparisons
    }),
  )
}

interface Comparison {
  readonly what: string
  readonly table: Table
  readonly ours: readonly Arrival[]
  readonly theirs: readonly Arrival[]
}

/** Newcomers take turns between two rooms that are there all the time. */
async function letCome(
  what: string,
  rooms: readonly { readonly name: string; readonly room: ChromiumRoom }[],
  { quick, say }: MeasurementContext,
): Promise<Comparison> {
  const arrivals = new Map(rooms.map(({ name }) => [name, [] as Arrival[]]))
  const timeLimitMs = quick ? QUICK_TIME_LIMIT_MS : TIME_LIMIT_MS
  for (let i = 0; i < (quick ? QUICK_RUNS : RUNS); i++) {
    for (const { name, room } of rooms) {
      const known = arrivals.get(name) ?? []
      // What never comes does not come the next time either.
      if (known[0] && known[0].ms === undefined) continue
      const arrival = await arrive(room, timeLimitMs)
      known.push(arrival)
      say(`${what}, ${name}: ${arrival.ms?.toFixed(0) ?? 'never'} ms, ${arrival.bytes} bytes`)
    }
  }
  const rows = [...arrivals].map(([name, known]) => row(name, known, timeLimitMs))
  const [ours = [], theirs = []] = [...arrivals.values()]
  return {
    what,
    table: { title: `Joining: ${what}`, columns: COLUMNS, rows },
    ours,
    theirs,
  }
}

/** One newcomer comes and goes. */
async function arrive({ open, pages, signaling }: ChromiumRoom, timeLimitMs: number): Promise<Arrival> {
  const length = (await pages[0]?.call('state'))?.length ?? 0
  const newcomer = await open()
  const before = await totalTraffic([...pages, newcomer])
  const arriving = await newcomer.call('joinUntil', { signaling, room: ROOM }, length, timeLimitMs)
  await sleep(TAIL_MS)
  const after = await totalTraffic([...pages, newcomer])
  const said = await newcomer.call('state')
  await newcomer.call('disconnect')
  await newcomer.page.close()
  await until('the newcomer is gone', async () => {
    const states = await Promise.all(pages.map((page) => page.call('state')))
    return states.every(({ present }) => present === pages.length - 1)
  })
  const bytes = after.payloadBytesSent - before.payloadBytesSent
  return { ms: arriving?.ms, way: arriving?.way ?? {}, bytes, said }
}

const COLUMNS = ['time', 'bytes', 'what the newcomer has']

function row(who: string, arrivals: readonly Arrival[], timeLimitMs: number): Row {
  const times = arrivals.flatMap(({ ms }) => ms ?? [])
  const time: Figure | string =
    times.length > 0 ? medianFigure('ms', times) : `never (waited ${timeLimitMs / 1000} s)`
  const said = arrivals[0]?.said
  return {
    who,
    figures: {
      time,
      bytes: medianFigure(
        'bytes',
        arrivals.map(({ bytes }) => bytes),
      ),
      'what the newcomer has': `${said?.length ?? 0} characters, says it is ${said?.synced ? '' : 'not '}synced`,
    },
  }
}

/** What the time goes to where there is nothing to send. */
function wayInOf({ what, ours, theirs }: Comparison): Table {
  const rowOf = (who: string, arrivals: readonly Arrival[]): Row => {
    const stages = STAGES.map((stage) => [stage, arrivals.flatMap(({ way }) => way[stage] ?? [])] as const)
    const times = [...stages, [ARRIVED, timesOf(arrivals)] as const].filter(([, all]) => all.length > 0)
    return { who, figures: Object.fromEntries(times.map(([stage, all]) => [stage, medianFigure('ms', all)])) }
  }
  return {
    title: `On the way in: ${what}, when what is reached`,
    columns: [...STAGES, ARRIVED],
    rows: [rowOf(TIDEMARK.name, ours), rowOf(Y_WEBRTC.name, theirs)],
  }
}

const ARRIVED = 'document is there'

const timesOf = (arrivals: readonly Arrival[]) => arrivals.flatMap(({ ms }) => ms ?? [])

function summaryOf({ what, ours, theirs }: Comparison): { what: string; figure: string } {
  const told = (arrivals: readonly Arrival[]) => {
    const times = timesOf(arrivals)
    if (times.length === 0) return 'never'
    const bytes = median(arrivals.map((arrival) => arrival.bytes))
    return `${Math.round(median(times))} ms, ${figureText({ value: bytes, unit: 'bytes' })} sent`
  }
  return { what: `a newcomer to ${what}`, figure: `${told(ours)} (y-webrtc: ${told(theirs)})` }
}

function withoutDocument({ ours, theirs }: Comparison): string {
  const told = (arrivals: readonly Arrival[]) => {
    const at = (stage: Stage) => median(arrivals.flatMap(({ way }) => way[stage] ?? []))
    const all = median(timesOf(arrivals))
    const [code, called, open] = [at('code is there'), at('somebody is called'), at('channel is open')]
    const [whole, loading, finding, connecting, lettingIn] = [
      all,
      code,
      called - code,
      open - called,
      all - open,
    ].map((ms) => ms.toFixed(0))
    return `${whole} ms (code ${loading}, finding each other ${finding}, connecting ${connecting}, from there to the document ${lettingIn})`
  }
  return `With one letter it is ${told(ours)} and ${told(theirs)}; what is above that is the document. Code for WebRTC and for the server is loaded when it is needed, and not before; it is the newcomer that makes the offer, once it knows to whom; and a sponsor makes sure that the newcomer stands in its map, and says so to it, before it counts.`
}

/** @param bare the same with nothing to send. */
function targetsOf({ what, ours, theirs }: Comparison, bare: Comparison | undefined): Target[] {
  if (timesOf(theirs).length === 0) return []
  const bytes = (arrivals: readonly Arrival[]) => median(arrivals.map((arrival) => arrival.bytes))
  const [ourMs, theirMs] = [median(timesOf(ours)), median(timesOf(theirs))]
  const rest = bare ? withoutDocument(bare) : ''
  const time: Target = {
    claim: `joining ${what}: time beside y-webrtc`,
    atMost: AT_MOST,
    measured: ourMs / theirMs,
    ...(ourMs / theirMs > AT_MOST && {
      explanation: `${ourMs.toFixed(0)} ms and ${theirMs.toFixed(0)} ms. ${rest}`,
    }),
  }
  return [
    time,
    {
      claim: `joining ${what}: bytes beside y-webrtc`,
      atMost: AT_MOST,
      measured: bytes(ours) / bytes(theirs),
      ...(bytes(ours) > AT_MOST * bytes(theirs) && {
        explanation: `${bytes(ours)} and ${bytes(theirs)} bytes`,
      }),
    },
  ]
}
