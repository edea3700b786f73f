/** What using Tidemark costs beside Yjs alone: processor time of a keystroke, and code that a page loads. */
import type { Figure, Measurement, Result, Row, Table, Target } from '../measurement.js'
import { inFreshProcess, type Tasks } from '../processes.js'
import type { Shares } from '../profile.js'
import { digits } from '../report/text.js'
import { medianFigure } from '../statistics.js'
import { type Bundle, bundles, partsOf } from './bundles.js'
import {
  type KeystrokeArgument,
  type KeystrokeCosts,
  profileRoom,
  type RoundsArgument,
  typeIntoRooms,
} from './keystrokes.js'

const TARGET_KB = 20
const KILO = 1000

export const overheadTasks: Tasks = {
  'overhead/keystrokes': typeIntoRooms,
  'overhead/profile': profileRoom,
  'overhead/bundles': bundles,
}

const ROOMS = [
  { who: 'bare Yjs: insert, update, applyUpdate', compaction: null },
  { who: 'Tidemark', compaction: 'full' },
  { who: 'Tidemark, log compaction only', compaction: 'log' },
] as const

/** A person types 4 characters a second; somebody who replays what was typed, 50. */
const SPEEDS = [
  { column: '4 keystrokes a second', everyMs: 250 },
  { column: '50 keystrokes a second', everyMs: 20 },
] as const

async function measure({ quick, say }: Parameters<Measurement['measure']>[0]): Promise<Result> {
  const [rounds, keystrokes] = quick ? [3, 500] : [9, 1000]
  const rows: Row[] = ROOMS.map(({ who }) => ({ who, figures: {} }))
  for (const { column, everyMs } of SPEEDS) {
    const rooms = ROOMS.map(({ compaction }) => compaction)
    const argument: RoundsArgument = { rooms, everyMs, rounds, keystrokes }
    const costs = await inFreshProcess<KeystrokeCosts>('overhead/keystrokes', argument)
    for (const [at, { who }] of ROOMS.entries()) {
      const own = costs[at] ?? []
      const times = own.map((ms, round) => ms / (costs[0]?.[round] ?? Number.NaN))
      const figures = {
        [column]: medianFigure('ms', own),
        [timesColumn(column)]: medianFigure('ratio', times),
      }
      rows[at] = { who, figures: { ...rows[at]?.figures, ...figures } }
    }
    say(column)
  }
  const spentIn: Row[] = []
  for (const { column, everyMs } of SPEEDS) {
    const argument: KeystrokeArgument = { everyMs, keystrokes }
    addShares(spentIn, column, await inFreshProcess<Shares>('overhead/profile', argument))
  }
  const all = await inFreshProcess<Bundle[]>('overhead/bundles')
  const [own] = all
  if (own === undefined) throw new Error('nothing was bundled')
  const columns = SPEEDS.flatMap(({ column }) => [column, timesColumn(column)])
  return {
    tables: [
      { title: 'Processor time of a keystroke, both documents together', columns, rows },
      {
        title: 'What code that time of Tidemark is spent in, in %',
        columns: SPEEDS.map(({ column }) => column),
        rows: spentIn,
      },
      bundleTable(all),
      partsTable(own),
    ],
    targets: bundleTargets(own),
    plots: [
      {
        title: 'Code that a page loads, without yjs',
        x: '',
        y: 'kB, minified and gzipped',
        series: all.map(({ who, gzipBytes }) => ({ who, points: [[0, gzipBytes / KILO]] })),
      },
    ],
    conditions: [
      `Two documents of 20,000 characters; one is typed into (sentences at random places, as much deleted as typed), ${digits(keystrokes)} keystrokes a round, ${rounds} rounds after one to warm up, the rooms by turns. Network in memory with 20 ms of latency, in virtual time; everything counts that happens between two keystrokes: heartbeats, reports, cuts.`,
      'Code: esbuild for browsers, minified, gzip at its usual level, yjs left out everywhere. Own code leaves out what is installed beside it.',
    ],
    summary: [
      {
        what: 'own code, minified and gzipped / with all that is ever loaded but yjs',
        figure: `${kB(own.gzipBytes)} / ${kB(everLoaded(bundleOf(all, 'Tidemark, with simple-peer')))} (y-webrtc: ${kB(bundleOf(all, 'y-webrtc, own').gzipBytes)} / ${kB(everLoaded(bundleOf(all, 'y-webrtc, with simple-peer')))})`,
      },
      {
        what: 'processor time of a keystroke for two people, 4 a second / 50 a second',
        figure: keystrokeSummary(rows),
      },
    ],
  }
}

function addShares(rows: Row[], column: string, shares: Shares): void {
  for (const [who, share] of shares) {
    const figure: Figure = { value: Number((100 * share).toFixed(1)), unit: 'count' }
    const at = rows.findIndex((row) => row.who === who)
    if (at < 0) rows.push({ who, figures: { [column]: figure } })
    else rows[at] = { who, figures: { ...rows[at]?.figures, [column]: figure } }
  }
}

function timesColumn(column: string): string {
  return `${column}, × bare`
}

function keystrokeSummary(rows: readonly Row[]): string {
  const shown = (row: Row | undefined) =>
    SPEEDS.map(({ column }) => {
      const figure = row?.figures[column]
      return typeof figure === 'object' ? `${digits(figure.value)} ms` : '?'
    }).join(' / ')
  return `${shown(rows[1])} (bare Yjs: ${shown(rows[0])})`
}

const kB = (bytes: number) => `${digits(Number((bytes / KILO).toPrecision(3)))} kB`

function bundleOf(all: readonly Bundle[], beginning: string): Bundle {
  const found = all.find(({ who }) => who.startsWith(beginning))
  if (found === undefined) throw new Error(`there is no bundle "${beginning}"`)
  return found
}

function bundleTable(all: readonly Bundle[]): Table {
  const rows = all.map(({ who, minifiedBytes, gzipBytes, laterGzipBytes }): Row => {
    const figures = {
      minified: { value: minifiedBytes, unit: 'bytes' },
      'and gzipped': { value: gzipBytes, unit: 'bytes' },
      'loaded later, gzipped': { value: laterGzipBytes, unit: 'bytes' },
    } as const
    return { who, figures }
  })
  return {
    title: 'Code that a page loads',
    columns: ['minified', 'and gzipped', 'loaded later, gzipped'],
    rows,
  }
}

/** gzip looks across parts; their shares are those of what is minified. */
function partsTable(own: Bundle): Table {
  const rows = partsOf(own).map(({ what, bytes }): Row => {
    const share = bytes / own.minifiedBytes
    const figures = {
      minified: { value: bytes, unit: 'bytes' },
      'share of gzipped': { value: share * own.gzipBytes, unit: 'bytes' },
      '% of all': { value: Number((100 * share).toFixed(1)), unit: 'count' },
    } as const
    return { who: what, figures }
  })
  return { title: 'What own code is for', columns: ['minified', 'share of gzipped', '% of all'], rows }
}

function bundleTargets(own: Bundle): Target[] {
  const parts = partsOf(own)
  const gzipOf = (what: string) => {
    const { bytes } = parts.find((part) => part.what === what) ?? { bytes: 0 }
    return ((bytes / own.minifiedBytes) * own.gzipBytes) / KILO
  }
  const named = parts.map(({ what }) => `${what} ${digits(gzipOf(what))}`)
  return [
    {
      claim: 'own code, minified and gzipped, in kB',
      atMost: TARGET_KB,
      measured: own.gzipBytes / KILO,
      explanation: `By parts, in kB: ${named.join(', ')}. Beside that, ${digits(own.laterGzipBytes / KILO)} kB are loaded when they are wanted.`,
    },
    {
      claim: 'kB of code for storage that a page without storage loads',
      atMost: 0,
      measured: gzipOf('storage'),
      explanation:
        'Of the storages themselves (IndexedDB, files) a page loads what it imports. What is loaded without any is what reads and writes records, as the provider refers to it whatever its options are.',
    },
    {
      claim: 'kB of code for cuts that are loaded before the first cut',
      atMost: 0,
      measured: gzipOf('cuts and tables'),
      explanation:
        'It is imported like everything else. The first cut of a room, or the first table that a newcomer is sent, needs it within a task; loading it when a room is entered would take it out of the first load, and nothing else.',
    },
  ]
}

export const overhead: Measurement = {
  name: 'overhead',
  question:
    'What does Tidemark cost beside Yjs alone: processor time of a keystroke, and code that a page loads?',
  measure,
}

function everLoaded({ gzipBytes, laterGzipBytes }: Bundle): number {
  return gzipBytes + laterGzipBytes
}
