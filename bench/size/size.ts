/**
 * How large documents are after real editing histories: encoded, on the way to a newcomer, and kept. Bytes do not depend
 * on the machine, so one run is enough.
 */
import * as Y from 'yjs'
import { gzipBytes, textBytes } from '../bytes.js'
import { concurrentHistory, type History, sequentialHistory, visitorsHistory } from '../histories.js'
import type { Figure, Measurement, Plot, Result, Row, Table, Target } from '../measurement.js'
import { antimatter } from '../peers/antimatter.js'
import { automerge } from '../peers/automerge.js'
import type { Form, Library } from '../peers/editor.js'
import { loro } from '../peers/loro.js'
import { concurrentRoom, type Rested, sequentialRoom, visitedRoom } from '../peers/tidemark.js'
import { yjs } from '../peers/yjs.js'
import { inFreshProcess, type Tasks } from '../processes.js'
import { digits } from '../report/text.js'

const LIBRARIES: readonly Library[] = [yjs, automerge, loro, antimatter]
/** It takes minutes for a text of 100 kB, and its copies merge over connections only. */
const ANTIMATTER_MOST_EDITS = 30_000
const TARGET = 1.02

type Kind = 'sequential' | 'concurrent' | 'visitors'

interface Case {
  readonly kind: Kind
  readonly name: string
  /** Of visitors. */
  readonly count?: number
}

const CASES: readonly Case[] = [
  { kind: 'sequential', name: 'sveltecomponent' },
  { kind: 'concurrent', name: 'friendsforever' },
  { kind: 'sequential', name: 'automerge-paper' },
  { kind: 'visitors', name: '5,000 visitors', count: 5000 },
]
const QUICK_CASES: readonly Case[] = [
  { kind: 'sequential', name: 'sveltecomponent' },
  { kind: 'visitors', name: '500 visitors', count: 500 },
]

/** What travels between processes. */
interface Sizes {
  readonly who: string
  readonly encoded: number
  readonly wire: number
  readonly rest: number
  readonly wireGzip: number
  readonly restGzip: number
}

interface SizeArgument {
  readonly of: Case
  readonly library: string
}

function historyOf({ kind, name, count = 0 }: Case): Promise<History> | History {
  if (kind === 'sequential') return sequentialHistory(name)
  return kind === 'concurrent' ? concurrentHistory(name) : visitorsHistory(count)
}

function roomOf({ kind, name, count = 0 }: Case): Promise<Rested> {
  if (kind === 'sequential') return sequentialRoom(name)
  return kind === 'concurrent' ? concurrentRoom(name) : visitedRoom(count)
}

function sizesOf({ who, encoded, wire, rest }: Form): Sizes {
  return {
    who,
    encoded: encoded.length,
    wire: wire.length,
    rest: rest.length,
    wireGzip: gzipBytes(wire),
    restGzip: gzipBytes(rest),
  }
}

async function measureLibrary({ of, library }: SizeArgument): Promise<Sizes[]> {
  const { content, replay } = await historyOf(of)
  if (library === 'Tidemark') {
    const rested = await roomOf(of)
    expectSame(library, rested.content, content)
    return [sizesOf(rested.form)]
  }
  const found = LIBRARIES.find(({ name }) => name === library)
  if (found === undefined) throw new Error(`there is no library ${library}`)
  const editor = replay(found)
  expectSame(library, editor.content, content)
  return editor.forms().map(sizesOf)
}

function expectSame(who: string, got: string, expected: string): void {
  if (got !== expected) throw new Error(`${who} ends with another content than the history`)
}

async function referencesOf(of: Case): Promise<Reference> {
  const { content, edits } = await historyOf(of)
  const doc = new Y.Doc()
  doc.getText('text').insert(0, content)
  const bytes = Y.encodeStateAsUpdate(doc)
  const fresh = sizesOf({ who: 'a fresh document', encoded: bytes, wire: bytes, rest: bytes })
  const plain = textBytes(content)
  const text = sizesOf({ who: 'the plain content', encoded: plain, wire: plain, rest: plain })
  return { edits, fresh, text }
}

interface Reference {
  readonly edits: number
  readonly fresh: Sizes
  readonly text: Sizes
}

export const sizeTasks: Tasks = { 'size/library': measureLibrary, 'size/references': referencesOf }

const COLUMNS = [
  'encoded',
  'to a newcomer',
  'at rest',
  'to a newcomer, gzip',
  'at rest, gzip',
  'at rest × fresh',
]

async function measure({ quick, say }: Parameters<Measurement['measure']>[0]): Promise<Result> {
  const tables: Table[] = []
  const plots: Plot[] = []
  const ratios: Ratios[] = []
  const summary: { what: string; figure: string }[] = []
  for (const of of quick ? QUICK_CASES : CASES) {
    const references = await inFreshProcess<Reference>('size/references', of)
    const all: (Sizes | { readonly who: string; readonly why: string })[] = []
    for (const library of ['Tidemark', ...LIBRARIES.map(({ name }) => name)]) {
      const why = library === 'antimatter' ? whyNotAntimatter(of, references.edits) : undefined
      if (why !== undefined) {
        all.push({ who: library, why })
        continue
      }
      const startedAt = performance.now()
      all.push(...(await inFreshProcess<Sizes[]>('size/library', { of, library } satisfies SizeArgument)))
      say(`${of.name}: ${library} ${((performance.now() - startedAt) / 1000).toFixed(1)} s`)
    }
    const title = `${of.name}: ${digits(references.edits)} edits`
    const { fresh, text } = references
    const rows = [fresh, text, ...all].map((sizes) => row(sizes, fresh))
    tables.push({ title, columns: COLUMNS, rows })
    plots.push(plotOf(`${of.name}, bytes at rest`, [fresh, ...all].filter(isSizes)))
    const [tidemark, plainYjs] = all.filter(isSizes)
    if (tidemark !== undefined && plainYjs !== undefined) {
      ratios.push({ name: of.name, fresh, tidemark })
      const times = (sizes: Sizes) => digits(sizes.encoded / fresh.encoded)
      summary.push({
        what: `${title}: document beside a fresh one with the same content`,
        figure: `${times(tidemark)} × (plain Yjs ${times(plainYjs)} ×)`,
      })
    }
  }
  return { tables, targets: targetsOf(ratios), plots, conditions: CONDITIONS, summary }
}

interface Ratios {
  readonly name: string
  readonly fresh: Sizes
  readonly tidemark: Sizes
}

function isSizes(one: object): one is Sizes {
  return 'encoded' in one
}

function whyNotAntimatter({ kind }: Case, edits: number): string | undefined {
  if (kind === 'concurrent') return 'merges over its own connections only'
  return edits > ANTIMATTER_MOST_EDITS ? 'takes too long' : undefined
}

function row(sizes: Sizes | { readonly who: string; readonly why: string }, fresh: Sizes): Row {
  if (!isSizes(sizes)) return { who: sizes.who, figures: { encoded: sizes.why } }
  const figure = (value: number): Figure => ({ value, unit: 'bytes' })
  const { who, encoded, wire, rest, wireGzip, restGzip } = sizes
  const all = [figure(encoded), figure(wire), figure(rest), figure(wireGzip), figure(restGzip)]
  const times: Figure = { value: rest / fresh.rest, unit: 'ratio' }
  return { who, figures: Object.fromEntries(COLUMNS.map((column, at) => [column, all[at] ?? times])) }
}

function plotOf(title: string, all: readonly Sizes[]): Plot {
  return { title, x: '', y: 'bytes', series: all.map(({ who, rest }) => ({ who, points: [[0, rest]] })) }
}

function targetsOf(ratios: readonly Ratios[]): Target[] {
  const worst = (of: (one: Ratios) => number) => Math.max(...ratios.map(of))
  const explain = (sent: keyof Sizes, packed: keyof Sizes, where: string) => {
    const each = ratios.map(({ name, fresh, tidemark }) => {
      const times = (key: keyof Sizes) => digits(Number(tidemark[key]) / fresh.restGzip)
      return `${name} ${times(sent)} as it is, ${times(packed)} if it were gzipped`
    })
    return `Nothing is compressed ${where} today: ${each.join('; ')} (× gzip of a fresh document).`
  }
  return [
    {
      claim: 'what a newcomer is sent, beside gzip of a fresh document (worst history)',
      atMost: TARGET,
      measured: worst(({ fresh, tidemark }) => tidemark.wire / fresh.wireGzip),
      explanation: explain('wire', 'wireGzip', 'on the way to a newcomer'),
    },
    {
      claim: 'what is stored, beside gzip of a fresh document (worst history)',
      atMost: TARGET,
      measured: worst(({ fresh, tidemark }) => tidemark.rest / fresh.restGzip),
      explanation: explain('rest', 'restGzip', 'in storage'),
    },
  ]
}

const CONDITIONS = [
  'Real histories of test/traces (their origin and licence are told there), and visitors who come to a room, add a word somewhere, and leave for ever.',
  'Tidemark: three replicas take turns in a room in memory (two type at once in friendsforever), with cuts on the way and at rest; encoded is one replica’s Y.Doc as an update, “to a newcomer” every message that one more member gets until it is synced, “at rest” the records in its storage.',
  'Yjs: one update of everything, on all occasions. Automerge: saved (compressed by itself); to a newcomer by its sync protocol. Loro: snapshot; to a newcomer all updates. antimatter: its state, and its messages, as JSON, between two connected copies.',
  'gzip at its usual level, which is what CompressionStream does.',
]

export const size: Measurement = {
  name: 'size',
  question:
    'How large is a document after a real editing history: encoded, on the way to a newcomer, and kept?',
  measure,
}
