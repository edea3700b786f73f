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
import { concurrentRoom, type Parts, type Rested, sequentialRoom, visitedRoom } from '../peers/tidemark.js'
import { yjs } from '../peers/yjs.js'
import { inFreshProcess, type Tasks, TookTooLong } from '../processes.js'
import { digits } from '../report/text.js'

const LIBRARIES: readonly Library[] = [yjs, automerge, loro, antimatter]
/** Where nothing else goes on none but antimatter needs a tenth of it. */
const PATIENCE_MS = 600_000
const ANTIMATTER_PATIENCE_MS = 120_000
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
  readonly encodedGzip: number
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
    encodedGzip: gzipBytes(encoded),
    wireGzip: gzipBytes(wire),
    restGzip: gzipBytes(rest),
  }
}

async function measureLibrary({ of, library }: SizeArgument): Promise<Sizes[]> {
  const { content, replay } = await historyOf(of)
  const found = LIBRARIES.find(({ name }) => name === library)
  if (found === undefined) throw new Error(`there is no library ${library}`)
  const editor = replay(found)
  expectSame(library, editor.content, content)
  return editor.forms().map(sizesOf)
}

interface RoomSizes {
  readonly sizes: Sizes
  readonly kept: Parts
  readonly sent: Parts
}

async function measureRoom(of: Case): Promise<RoomSizes> {
  const { content } = await historyOf(of)
  const rested = await roomOf(of)
  expectSame('Tidemark', rested.content, content)
  return { sizes: sizesOf(rested.form), kept: rested.kept, sent: rested.sent }
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

export const sizeTasks: Tasks = {
  'size/library': measureLibrary,
  'size/room': measureRoom,
  'size/references': referencesOf,
}

const COLUMNS = [
  'encoded',
  'to a newcomer',
  'at rest',
  'to a newcomer, gzip',
  'at rest, gzip',
  'at rest × fresh',
]

async function measure({ quick, without, say }: Parameters<Measurement['measure']>[0]): Promise<Result> {
  const found: Found[] = []
  for (const of of quick ? QUICK_CASES : CASES) {
    found.push(await measureCase(of, without))
    say(of.name)
  }
  return sizeResult(found)
}

/** All libraries at once: bytes do not depend on how long it takes. */
async function measureCase(of: Case, without: readonly string[]): Promise<Found> {
  const [reference, room, ...peers] = await Promise.all([
    inFreshProcess<Reference>('size/references', of),
    inFreshProcess<RoomSizes>('size/room', of),
    ...LIBRARIES.filter(({ name }) => !without.includes(name)).map(({ name }) => measurePeer(of, name)),
  ])
  return { name: of.name, isReal: of.kind !== 'visitors', ...reference, room, peers: peers.flat() }
}

interface Missing {
  readonly who: string
  readonly why: string
}

async function measurePeer(of: Case, library: string): Promise<(Sizes | Missing)[]> {
  const isAntimatter = library === 'antimatter'
  if (isAntimatter && of.kind === 'concurrent')
    return [{ who: library, why: 'merges over its own connections only' }]
  const patienceMs = isAntimatter ? ANTIMATTER_PATIENCE_MS : PATIENCE_MS
  try {
    const argument: SizeArgument = { of, library }
    return await inFreshProcess<Sizes[]>('size/library', argument, patienceMs)
  } catch (error) {
    if (!(error instanceof TookTooLong)) throw error
    return [{ who: library, why: `not done after ${patienceMs / 1000} s` }]
  }
}

export interface Found extends Reference {
  readonly name: string
  /** Visitors all write the same word: gzip leaves next to nothing of that, and nothing can be compared with it. */
  readonly isReal: boolean
  readonly room: RoomSizes
  readonly peers: readonly (Sizes | Missing)[]
}

export function sizeResult(found: readonly Found[]): Result {
  return {
    tables: [...found.map(sizesTable), partsTable(found)],
    targets: [
      ...targetsOf(found.filter(({ isReal }) => isReal)),
      ...found.filter(({ isReal }) => !isReal).map(visitorsTarget),
    ],
    plots: found.map(({ name, fresh, room, peers }) =>
      plotOf(`${name}, bytes at rest`, [fresh, room.sizes, ...peers].filter(isSizes)),
    ),
    conditions: CONDITIONS,
    summary: found.flatMap(summaryOf),
  }
}

function titleOf({ name, edits }: Found): string {
  return `${name}: ${digits(edits)} edits`
}

function sizesTable(found: Found): Table {
  const { fresh, text, room, peers } = found
  const rows = [fresh, text, room.sizes, ...peers].map((one) => row(one, fresh))
  return { title: titleOf(found), columns: COLUMNS, rows }
}

function summaryOf(found: Found) {
  const { fresh, room, peers } = found
  const others = peers.filter(isSizes)
  const [plainYjs] = others
  if (plainYjs === undefined) return []
  const least = others.reduce((a, b) => (b.restGzip < a.restGzip ? b : a))
  const kB = (bytes: number) => digits(bytes / 1000)
  const both = ({ restGzip, wireGzip }: Sizes) => `${kB(restGzip)} / ${kB(wireGzip)}`
  return [
    {
      what: `${titleOf(found)}: stored / sent to a newcomer, gzipped, in kB`,
      figure: `${both(room.sizes)} (plain Yjs: ${both(plainYjs)}; smallest other: ${least.who} ${both(least)}; a fresh document: ${kB(fresh.restGzip)})`,
    },
  ]
}

function partsTable(found: readonly Found[]): Table {
  const columns = ['document', 'tables for those who come back', 'names and messages']
  const line = (who: string, { document, tables, others }: Parts): Row => {
    const figures = [document, tables, others].map((value): Figure => ({ value, unit: 'bytes' }))
    return { who, figures: Object.fromEntries(figures.map((figure, at) => [columns[at], figure])) }
  }
  const rows = found.flatMap(({ name, room }) => [
    line(`${name}, at rest`, room.kept),
    line(`${name}, to a newcomer`, room.sent),
  ])
  return { title: 'What the bytes of Tidemark are', columns, rows }
}

function isSizes(one: object): one is Sizes {
  return 'encoded' in one
}

function row(sizes: Sizes | Missing, fresh: Sizes): Row {
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

function targetsOf(found: readonly Found[]): Target[] {
  const worst = (of: (one: Found) => number) => Math.max(...found.map(of))
  const inUnits = (part: 'sent' | 'kept', sum: 'wire' | 'rest') =>
    found.map(({ name, edits, fresh, room }) => {
      const times = (bytes: number) => digits(bytes / fresh.restGzip)
      const { document, tables, others } = room[part]
      const bits = digits((8 * tables) / edits)
      return `${name} ${times(room.sizes[sum])} (the document ${times(document)}, tables ${times(tables)}, which is ${bits} bits for each edit of the history, the rest ${times(others)})`
    })
  const units = 'In units of a gzipped fresh document'
  return [
    {
      claim: 'what a newcomer is sent, beside gzip of a fresh document (worst real history)',
      atMost: TARGET,
      measured: worst(({ fresh, room }) => room.sizes.wire / fresh.wireGzip),
      explanation: `The document takes what gzip makes of a fresh one. Beyond it there are the tables by which those who were away come back, the newest ones: a newcomer may be the only one left when they do, so it gets them before it is a member. And there are the messages around it: who is in the room, the join, the first reports. ${units}: ${inUnits('sent', 'wire').join('; ')}.`,
    },
    {
      claim: 'what is stored, beside gzip of a fresh document (worst real history)',
      atMost: TARGET,
      measured: worst(({ fresh, room }) => room.sizes.rest / fresh.restGzip),
      explanation: `The document takes what gzip makes of a fresh one. Beside it all the tables are kept by which those who were away come back, packed, too: without them what somebody typed offline could not be placed. ${units}: ${inUnits('kept', 'rest').join('; ')}.`,
    },
  ]
}

/** Nearly nothing is left of what they wrote, so that everything else shows. */
function visitorsTarget({ name, edits, fresh, room, peers }: Found): Target {
  const { document, tables } = room.kept
  const smallest = peers.filter(isSizes).toSorted((a, b) => a.restGzip - b.restGzip)[0]
  const beside =
    smallest && ` Of the others the smallest takes ${digits(smallest.restGzip)} B (${smallest.who}).`
  return {
    claim: `what is stored of ${name}, beside gzip of a fresh document`,
    atMost: TARGET,
    measured: room.sizes.rest / fresh.restGzip,
    explanation: `All write the same word, of which gzip leaves ${digits(fresh.restGzip)} B; the document takes ${digits(document)} B. The rest are tables by which each of the visitors could come back with what was typed offline, ${digits(tables / edits)} B for each of them, kept until together they are a megabyte, or a tenth of the document where that is more.${beside ?? ''}`,
  }
}

const CONDITIONS = [
  'Real histories of test/traces (their origin and licence are told there), and visitors who come to a room, add a word somewhere, and leave for ever.',
  'Tidemark: three replicas take turns in a room in memory (two type at once in friendsforever), with cuts on the way and at rest; encoded is one replica’s Y.Doc as an update, “to a newcomer” every message that one more member gets until it is synced, “at rest” the records in the storage of the first member, who was there all the time.',
  'Yjs: one update of everything, on all occasions. Automerge: saved (compressed by itself); to a newcomer by its sync protocol. Loro: snapshot; to a newcomer all updates. antimatter: its state, and its messages, as JSON, between two connected copies.',
  'In friendsforever each author counts its edits in a map, so that the replay knows what has arrived: the tables lead on from 26,000 overwritten counts, too.',
  'gzip at its usual level, which is what CompressionStream does. Visitors all write the same word, so what gzip makes of their text says nothing; targets are about the real histories.',
]

export const size: Measurement = {
  name: 'size',
  question:
    'How large is a document after a real editing history: encoded, on the way to a newcomer, and kept?',
  measure,
}
