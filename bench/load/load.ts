/**
 * What it takes to open a stored document: time until its text can be read, and memory afterwards. Each opening is the
 * first one in its process, as in a page; then the same is done again, when everything is compiled.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { sequentialHistory } from '../histories.js'
import type { Measurement, Plot, Result, Row, Table, Target } from '../measurement.js'
import { BENCH } from '../places.js'
import { inFreshProcess, type Tasks } from '../processes.js'
import { digits } from '../report/text.js'
import { heapBytes, residentBytes } from '../resources.js'
import { median, medianFigure } from '../statistics.js'
import { FRESH, OPENERS, type Opener } from './openers.js'

const TARGET_TRACE = 'automerge-paper'
const TARGET = 0.1
const FOLDER = new URL('.cache/load/', BENCH)
const AGAIN = 15

interface Argument {
  readonly trace: string
  readonly who: string
}

interface Opened {
  readonly firstMs: number
  /** Of processors, in all threads: what waiting does not change. */
  readonly processorMs: number
  readonly againMs: number
  /** Of `againMs`, where it is known. */
  readonly readMs: number
  readonly heapBytes: number
  readonly residentBytes: number
}

function openerOf(who: string): Opener {
  const opener = OPENERS.find((one) => one.who === who)
  if (opener === undefined) throw new Error(`nobody opens ${who}`)
  return opener
}

function fileOf({ trace, who }: Argument): URL {
  return new URL(`${trace}-${who.replaceAll(/[^A-Za-z0-9]+/g, '-')}.bin`, FOLDER)
}

/** Writes the document down as it is stored. @returns its size. */
async function prepare(argument: Argument): Promise<number> {
  const records = await openerOf(argument.who).stored(argument.trace)
  const out = encoding.createEncoder()
  for (const record of records) encoding.writeVarUint8Array(out, record)
  await mkdir(FOLDER, { recursive: true })
  await writeFile(fileOf(argument), encoding.toUint8Array(out))
  return records.reduce((bytes, { length }) => bytes + length, 0)
}

async function open(argument: Argument): Promise<Opened> {
  const opener = openerOf(argument.who)
  const { content } = await sequentialHistory(argument.trace)
  const from = decoding.createDecoder(new Uint8Array(await readFile(fileOf(argument))))
  const stored: Uint8Array[] = []
  while (decoding.hasContent(from)) stored.push(decoding.readVarUint8Array(from).slice())
  const [heapBefore, residentBefore] = [heapBytes(), residentBytes()]
  const timed = async () => {
    const usedBefore = process.cpuUsage()
    const startedAt = performance.now()
    const { kept, text } = await opener.open(stored)
    const ms = performance.now() - startedAt
    const { user, system } = process.cpuUsage(usedBefore)
    if (text !== content) throw new Error(`${argument.who} opens another content`)
    return { kept, ms, processorMs: (user + system) / 1000 }
  }
  const first = await timed()
  const [heap, resident] = [heapBytes() - heapBefore, residentBytes() - residentBefore]
  const again: number[] = []
  for (let run = 0; run < AGAIN; run++) again.push((await timed()).ms)
  const reading = again.map(() => {
    const startedAt = performance.now()
    opener.read?.(stored)
    return performance.now() - startedAt
  })
  // Used here, so that it is not collected before.
  if (first.kept === undefined) throw new Error('nothing was opened')
  return {
    firstMs: first.ms,
    processorMs: first.processorMs,
    againMs: median(again),
    readMs: median(reading),
    heapBytes: heap,
    residentBytes: resident,
  }
}

export const loadTasks: Tasks = {
  'load/prepare': prepare,
  'load/open': open,
}

interface Line {
  readonly who: string
  readonly storedBytes: number
  readonly runs: readonly Opened[]
}

const COLUMNS = ['first in a process', 'processor time of that', 'again', 'heap', 'resident', 'stored']

async function measure({ quick, without, say }: Parameters<Measurement['measure']>[0]): Promise<Result> {
  const tables: Table[] = []
  const plots: Plot[] = []
  const targets: Target[] = []
  const summary: { what: string; figure: string }[] = []
  const rounds = quick ? 3 : 7
  for (const trace of quick ? ['sveltecomponent'] : ['sveltecomponent', TARGET_TRACE]) {
    const lines = await measureTrace(trace, rounds, without, say)
    tables.push({ title: `Opening ${trace}`, columns: COLUMNS, rows: lines.map(row) })
    plots.push({
      title: `Opening ${trace}, first in a process`,
      x: '',
      y: 'ms',
      series: lines.map(({ who, runs }) => ({ who, points: [[0, firstMs(runs)]] })),
    })
    const [tidemark, plainYjs] = lines
    if (tidemark === undefined || plainYjs === undefined) continue
    const others = lines.filter((line) => line !== tidemark && line.who !== FRESH.who)
    const fastest = others.reduce((a, b) => (firstMs(b.runs) < firstMs(a.runs) ? b : a))
    const ms = ({ runs }: Line) => `${digits(firstMs(runs))} ms`
    const figure = `${ms(tidemark)} (plain Yjs: ${ms(plainYjs)}; fastest other: ${fastest.who} ${ms(fastest)})`
    summary.push({ what: `open the stored document of ${trace}`, figure })
    // A small one is no matter of its size: what there is to a provider takes longer.
    if (trace !== TARGET_TRACE && !quick) continue
    targets.push(targetOf(trace, tidemark, plainYjs))
    const fresh = lines.find(({ who }) => who === FRESH.who)
    if (fresh !== undefined) targets.push(heapTargetOf(trace, tidemark, plainYjs, fresh))
  }
  const conditions = [
    `${rounds} processes each, taking turns; in each the document is opened once, and then ${AGAIN} times more (median). The time ends when the text has been read as a string.`,
    'The bytes are in memory before. Tidemark opens its records with a provider that is not connected; it pauses between batches of them.',
    'Heap: what is reachable after collecting garbage, V8’s and what hangs on it, beyond what it was before. Resident: pages of the process, beyond those before; what WebAssembly has is only there.',
  ]
  return { tables, targets, plots, conditions, summary }
}

async function measureTrace(
  trace: string,
  rounds: number,
  without: readonly string[],
  say: (line: string) => void,
): Promise<Line[]> {
  const openers = OPENERS.filter(({ who }) => !without.some((name) => who.startsWith(name)))
  // At once: what is stored does not depend on how long it took.
  const lines = await Promise.all(
    openers.map(async ({ who }) => {
      const storedBytes = await inFreshProcess<number>('load/prepare', { trace, who })
      const runs: Opened[] = []
      return { who, storedBytes, runs }
    }),
  )
  say(`${trace}: stored by all`)
  // By turns: what else goes on on the machine meets all of them.
  for (let round = 0; round < rounds; round++) {
    for (const { who, runs } of lines) runs.push(await inFreshProcess<Opened>('load/open', { trace, who }))
  }
  say(`${trace}: opened`)
  return lines
}

const firstMs = (runs: readonly Opened[]) => median(runs.map((run) => run.firstMs))
const againMs = (runs: readonly Opened[]) => median(runs.map((run) => run.againMs))

function row({ who, storedBytes, runs }: Line): Row {
  const of = (key: keyof Opened) => runs.map((run) => run[key])
  const all = [
    medianFigure('ms', of('firstMs')),
    medianFigure('ms', of('processorMs')),
    medianFigure('ms', of('againMs')),
    medianFigure('bytes', of('heapBytes')),
    medianFigure('bytes', of('residentBytes')),
    { value: storedBytes, unit: 'bytes' } as const,
  ]
  return { who, figures: Object.fromEntries(COLUMNS.map((column, at) => [column, all[at] ?? ''])) }
}

function targetOf(trace: string, tidemark: Line, plainYjs: Line): Target {
  const again = againMs(tidemark.runs) / againMs(plainYjs.runs)
  const processorMs = ({ runs }: Line) => median(runs.map((run) => run.processorMs))
  const processor = processorMs(tidemark) / processorMs(plainYjs)
  return {
    claim: `opening ${trace}, beside plain Yjs (first in a process)`,
    atMost: TARGET,
    measured: firstMs(tidemark.runs) / firstMs(plainYjs.runs),
    explanation: `In processor time it is ${digits(processor)} times; opening pauses once between two batches of records, and on a busy machine a pause takes as long as others let it. Once everything is compiled it takes ${digits(againMs(tidemark.runs))} ms against ${digits(againMs(plainYjs.runs))} ms, ${digits(again)} times; ${digits(median(tidemark.runs.map(({ readMs }) => readMs)))} ms of that are reading the records, of which only checksums are looked at before each is unpacked; tables stay packed. The first time most of it is running code that is not compiled yet.`,
  }
}

function heapTargetOf(trace: string, tidemark: Line, plainYjs: Line, fresh: Line): Target {
  const heap = ({ runs }: Line) => median(runs.map((run) => run.heapBytes))
  const kB = (bytes: number) => `${digits(Math.round(bytes / 1000))} kB`
  const rest = heap(tidemark) - heap(fresh)
  return {
    claim: `heap with ${trace} open, beside plain Yjs`,
    atMost: TARGET,
    measured: heap(tidemark) / heap(plainYjs),
    explanation: `Yjs with the same text inserted at once holds ${kB(heap(fresh))}, ${digits(heap(fresh) / heap(plainYjs))} times. The other ${kB(rest)} are the packed base and tables of the room (${kB(tidemark.storedBytes)} as stored), which whoever comes next is sent, the provider, and what reading them has left compiled.`,
  }
}

export const load: Measurement = {
  name: 'load',
  question: 'How long does it take to open a stored document, and how much memory does it need then?',
  measure,
}
