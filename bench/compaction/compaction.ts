/**
 * What cuts cost: how long each of their steps is, what a cut takes by size of the document and number of operations, and
 * what comes of that upon each operation where rooms are cut by policy.
 */
import type { CutWork } from '@tidemark/core'
import type { Measurement, Result, Row, Table, Target } from '../measurement.js'
import { inFreshProcess, type Tasks } from '../processes.js'
import { digits } from '../report/text.js'
import { processorMs } from '../resources.js'
import { median, medianFigure, quantile } from '../statistics.js'
import { EditedDocument } from './document.js'

/** The provider does steps in a row for so long, and then waits for the next task. */
const SLICE_MS = 3
/** Defaults of the policy. */
const MIN_BYTES = 64 * 1024
const SHARE = 1 / 3
/** What a cut's preparation is repeated for: of each step the fastest counts, which leaves out what others do on the machine. */
const REPETITIONS = 3
const TARGET = 0.1
const TARGET_CHARACTERS = 100_000

interface Argument {
  readonly characters: number
  /** Per cut; undefined: as many as the policy waits for. */
  readonly operations?: number
  readonly cuts: number
}

interface CutCosts {
  readonly operations: number
  readonly stateBytes: number
  readonly baseBytes: number
  /** Processor time. */
  readonly applyMs: number
  readonly prepareMs: number
  readonly commitMs: number
  readonly stepsMs: readonly number[]
}

function cutRepeatedly({ characters, operations, cuts }: Argument): CutCosts[] {
  const document = new EditedDocument(characters)
  const all: CutCosts[] = []
  // The first ones are for the compiler.
  for (let cut = -1; cut < cuts; cut++) {
    const costs = cutOnce(document, operations)
    if (cut >= 0) all.push(costs)
  }
  return all
}

function cutOnce(document: EditedDocument, operations: number | undefined): CutCosts {
  const worthwhile = Math.max(MIN_BYTES, SHARE * document.baseBytes)
  const isEnough = (weight: number) =>
    operations === undefined ? weight >= worthwhile : document.operations >= operations
  for (let weight = 0; !isEnough(weight); ) weight += document.edit()
  const applyMs = spent(() => document.applyAll())
  const { operations: made, stateBytes, baseBytes } = document
  let steps: number[] | undefined
  const prepareMs: number[] = []
  let work: CutWork | undefined
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    work = document.beginCut()
    const taken: number[] = []
    const begun = work
    prepareMs.push(spent(() => prepare(begun, taken)))
    steps = steps === undefined ? taken : steps.map((ms, at) => Math.min(ms, taken[at] ?? ms))
  }
  if (work === undefined) throw new Error('nothing was prepared')
  const commitMs = document.finishCut(work)
  return {
    operations: made,
    stateBytes,
    baseBytes,
    applyMs,
    prepareMs: median(prepareMs),
    commitMs,
    stepsMs: steps ?? [],
  }
}

function prepare(work: CutWork, stepsMs: number[]): void {
  for (let isPrepared = false; !isPrepared; ) {
    const startedAt = performance.now()
    isPrepared = work.prepare()
    stepsMs.push(performance.now() - startedAt)
  }
}

function spent(work: () => void): number {
  const startedAt = processorMs()
  work()
  return processorMs() - startedAt
}

export const compactionTasks: Tasks = { 'compaction/cuts': cutRepeatedly }

/** As the provider does them: steps in a row until the slice is full. */
function slices(stepsMs: readonly number[]): number[] {
  const all: number[] = []
  let slice = 0
  for (const ms of stepsMs) {
    slice += ms
    if (slice < SLICE_MS) continue
    all.push(slice)
    slice = 0
  }
  return slice > 0 ? [...all, slice] : all
}

interface Case {
  readonly argument: Argument
  readonly cuts: readonly CutCosts[]
}

const COLUMNS = [
  'operations / cut',
  'before → base',
  'applying one operation',
  'cut, per operation',
  'cut / applying',
  'one cut',
]
const PAUSE_COLUMNS = [
  'steps / cut',
  'step, median',
  'step, 99 %',
  'longest step',
  'longest slice',
  'the switch',
]

async function measure({ quick, say }: Parameters<Measurement['measure']>[0]): Promise<Result> {
  const bySize = await cases(
    quick
      ? [
          { characters: 20_000, cuts: 3 },
          { characters: TARGET_CHARACTERS, cuts: 3 },
        ]
      : [
          { characters: 20_000, cuts: 9 },
          { characters: TARGET_CHARACTERS, cuts: 9 },
          { characters: 1_000_000, cuts: 5 },
        ],
    say,
  )
  const byOperations = await cases(
    (quick ? [500, 4000] : [500, 2000, 8000, 16_000]).map((operations) => ({
      characters: TARGET_CHARACTERS,
      operations,
      cuts: quick ? 3 : 5,
    })),
    say,
  )
  const target = bySize.find(({ argument }) => argument.characters === TARGET_CHARACTERS)
  const all = [...bySize, ...byOperations]
  return {
    tables: [
      table('By size of the text, cut when the policy would', COLUMNS, bySize, costRow),
      table(
        `By number of operations, ${digits(TARGET_CHARACTERS)} characters`,
        COLUMNS,
        byOperations,
        costRow,
      ),
      table('How long tasks are meanwhile', PAUSE_COLUMNS, all, pauseRow),
    ],
    targets: target === undefined ? [] : [targetOf(target, byOperations)],
    plots: [
      {
        title: 'One cut by number of operations',
        x: 'operations since the last cut',
        y: 'ms of processor time',
        series: [
          { who: 'the cut', points: byOperations.map((one) => [middle(one, 'operations'), cutMs(one)]) },
          {
            who: 'applying them',
            points: byOperations.map((one) => [middle(one, 'operations'), middle(one, 'applyMs')]),
          },
        ],
      },
    ],
    conditions: [
      'Somebody types at random places (sentences, 8 % mistyped, as much deleted as typed), each keystroke an operation; another replica applies them, and is cut. No network, no protocol: the structure alone, by its own interface. The last minute, which rooms keep for undo, is cut as well.',
      `The policy waits for ${digits(MIN_BYTES)} B or a third of the base to be gained, whichever is more. Medians of several cuts after one to warm up; applying and preparing are processor time, of all threads.`,
      `Each preparation is done ${REPETITIONS} times, and of each step the fastest counts: the machine is shared, and steps are the same each time. A slice is what the provider does in one task: steps until ${SLICE_MS} ms are full.`,
    ],
    summary: target === undefined ? [] : [summaryOf(target)],
  }
}

async function cases(all: readonly Argument[], say: (line: string) => void): Promise<Case[]> {
  const found: Case[] = []
  for (const argument of all) {
    found.push({ argument, cuts: await inFreshProcess<CutCosts[]>('compaction/cuts', argument) })
    say(whatOf(argument))
  }
  return found
}

function whatOf({ characters, operations }: Argument): string {
  const often = operations === undefined ? 'by policy' : `every ${digits(operations)} operations`
  return `${digits(characters)} characters, ${often}`
}

type Key = 'operations' | 'stateBytes' | 'baseBytes' | 'applyMs' | 'prepareMs' | 'commitMs'

function middle({ cuts }: Case, key: Key): number {
  return median(cuts.map((cut) => cut[key]))
}

function cutMs({ cuts }: Case): number {
  return median(cuts.map(({ prepareMs, commitMs }) => prepareMs + commitMs))
}

function share({ cuts }: Case): number[] {
  return cuts.map(({ prepareMs, commitMs, applyMs }) => (prepareMs + commitMs) / applyMs)
}

function table(
  title: string,
  columns: readonly string[],
  all: readonly Case[],
  rowOf: (one: Case) => Row,
): Table {
  return { title, columns, rows: all.map(rowOf) }
}

function costRow(one: Case): Row {
  const { argument, cuts } = one
  const per = (of: (cut: CutCosts) => number) =>
    medianFigure(
      'ms',
      cuts.map((cut) => of(cut) / cut.operations),
    )
  const kB = (key: Key) => digits(Math.round(middle(one, key) / 1000))
  const all = [
    { value: middle(one, 'operations'), unit: 'count' } as const,
    `${kB('stateBytes')} → ${kB('baseBytes')} kB`,
    per(({ applyMs }) => applyMs),
    per(({ prepareMs, commitMs }) => prepareMs + commitMs),
    medianFigure('ratio', share(one)),
    medianFigure(
      'ms',
      cuts.map(({ prepareMs, commitMs }) => prepareMs + commitMs),
    ),
  ]
  return {
    who: whatOf(argument),
    figures: Object.fromEntries(COLUMNS.map((column, at) => [column, all[at] ?? ''])),
  }
}

function pauseRow({ argument, cuts }: Case): Row {
  const of = (measure: (stepsMs: readonly number[]) => number) =>
    medianFigure(
      'ms',
      cuts.map(({ stepsMs }) => measure(stepsMs)),
    )
  const all = [
    { value: median(cuts.map(({ stepsMs }) => stepsMs.length)), unit: 'count' } as const,
    of(median),
    of((steps) => quantile(steps, 0.99)),
    of((steps) => Math.max(...steps)),
    of((steps) => Math.max(...slices(steps))),
    medianFigure(
      'ms',
      cuts.map(({ commitMs }) => commitMs),
    ),
  ]
  return {
    who: whatOf(argument),
    figures: Object.fromEntries(PAUSE_COLUMNS.map((column, at) => [column, all[at] ?? ''])),
  }
}

/** From few operations to many: what each one more adds to a cut, and what a cut takes without any. */
function slope(all: readonly Case[]): { readonly perOperationMs: number; readonly fixedMs: number } {
  const [few, many] = [all[0], all.at(-1)]
  if (few === undefined || many === undefined) throw new Error('nothing was measured')
  const perOperationMs = (cutMs(many) - cutMs(few)) / (middle(many, 'operations') - middle(few, 'operations'))
  return { perOperationMs, fixedMs: cutMs(few) - perOperationMs * middle(few, 'operations') }
}

function targetOf(one: Case, byOperations: readonly Case[]): Target {
  const { perOperationMs, fixedMs } = slope(byOperations)
  const apply = middle(one, 'applyMs') / middle(one, 'operations')
  return {
    claim: `what cuts cost, per operation, beside applying it (${digits(TARGET_CHARACTERS)} characters, by policy)`,
    atMost: TARGET,
    measured: median(share(one)),
    explanation: `A cut integrates every operation once more, into the copy that becomes the next base: each one more adds ${digits(1000 * perOperationMs)} µs to a cut, and applying it the first time takes ${digits(1000 * apply)} µs. What a cut takes whatever the number of operations (copying the base, flattening it, building the next document) is about ${digits(Math.max(0, fixedMs))} ms for a text of this length.`,
  }
}

function summaryOf(one: Case): { what: string; figure: string } {
  const longest = median(one.cuts.map(({ stepsMs }) => Math.max(...slices(stepsMs))))
  return {
    what: `cuts of a text of ${digits(TARGET_CHARACTERS)} characters: cost per operation beside applying it / longest task of preparing / the switch`,
    figure: `${digits(median(share(one)))} × / ${digits(longest)} ms / ${digits(middle(one, 'commitMs'))} ms`,
  }
}

export const compaction: Measurement = {
  name: 'compaction',
  question: 'What do cuts cost, and how long do they keep anybody waiting?',
  measure,
}
