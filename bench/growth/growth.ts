/**
 * A day of work by five people on a document that stays as long as it is: what grows, and what does not. Tidemark and
 * plain Yjs, each in a process of its own.
 */
import * as prng from 'lib0/prng'
import * as Y from 'yjs'
import type { Measurement, Plot, Result, Table, Target } from '../measurement.js'
import { inFreshProcess, type Tasks } from '../processes.js'
import { digits } from '../report/text.js'
import { heapBytes, processorMs } from '../resources.js'
import { type Office, tidemarkOffice, yjsOffice } from './offices.js'
import { Person } from './person.js'

const PEOPLE = 5
const ENOUGH_CHARACTERS = 20_000
const EDIT_MS = 250
/** They type for so long, and then think for longer. */
const SPELL_MS = 60_000
const TYPING_SHARE = 0.125
const HOUR_MS = 3_600_000
const HOURS = 8
const QUICK_HOURS = 0.5
const SAMPLES_PER_HOUR = 2
const QUICK_SAMPLES_PER_HOUR = 6
/** Everybody reads for a while before it is measured: it is then cut as far as it goes. */
const REST_MS = 120_000

const OFFICES: Readonly<Record<string, (people: number) => Office>> = {
  Tidemark: tidemarkOffice,
  'plain Yjs': yjsOffice,
}

interface Day {
  readonly who: string
  readonly hours: number
  readonly samplesPerHour: number
}

interface Sample {
  readonly hours: number
  readonly edits: number
  readonly characters: number
  /** Beyond an office in which nobody has done anything, per person. */
  readonly heapBytes: number
  readonly documentBytes: number
  readonly joinBytes: number
  /** Of all five together, per edit since the sample before. */
  readonly processorMsPerEdit: number
  readonly cuts: number
}

function live({ who, hours, samplesPerHour }: Day): Sample[] {
  const open = OFFICES[who]
  if (open === undefined) throw new Error(`nobody works with ${who}`)
  const heapBefore = heapBytes()
  const office = open(PEOPLE)
  const { scheduler, docs } = office
  const people = docs.map((doc, seed) => new Person(doc.getText('text'), seed + 1, ENOUGH_CHARACTERS))
  const spells = prng.create(99)
  // They have worked on it before: what grows from here on is not the text.
  docs[0]?.getText('text').insert(0, 'some text '.repeat(ENOUGH_CHARACTERS / 10))
  scheduler.advance(REST_MS)
  let isTyping = people.map(() => false)
  let spellEnds = scheduler.now()
  let [edits, editsBefore] = [0, 0]
  const sampleMs = HOUR_MS / samplesPerHour
  const samples: Sample[] = []
  for (let sample = 1; sample <= hours * samplesPerHour; sample++) {
    const end = scheduler.now() + sampleMs - REST_MS
    const startedAt = processorMs()
    while (scheduler.now() < end) {
      if (scheduler.now() >= spellEnds) {
        isTyping = people.map(() => prng.real53(spells) < TYPING_SHARE)
        spellEnds = scheduler.now() + SPELL_MS
      }
      // One after the other within the quarter of a second, as people do.
      for (const [index, person] of people.entries()) {
        if (isTyping[index]) {
          person.edit()
          edits++
        }
        scheduler.advance(EDIT_MS / PEOPLE)
      }
    }
    scheduler.advance(REST_MS)
    const spent = processorMs() - startedAt
    const [first] = docs
    if (first === undefined) throw new Error('nobody is there')
    const contents = new Set(docs.map((doc) => doc.getText('text').toString()))
    if (contents.size !== 1) throw new Error('they do not see the same')
    samples.push({
      hours: sample / samplesPerHour,
      edits,
      characters: first.getText('text').length,
      heapBytes: (heapBytes() - heapBefore) / PEOPLE,
      documentBytes: Y.encodeStateAsUpdate(first).length,
      joinBytes: office.visit(),
      processorMsPerEdit: spent / (edits - editsBefore),
      cuts: office.cuts,
    })
    editsBefore = edits
    process.stderr.write(`  ${who}: ${sample / samplesPerHour} h, ${edits} edits\n`)
  }
  office.destroy()
  return samples
}

export const growthTasks: Tasks = { 'growth/live': live }

type Key = 'heapBytes' | 'documentBytes' | 'joinBytes' | 'processorMsPerEdit'

const ASPECTS: readonly { readonly key: Key; readonly title: string; readonly unit: 'bytes' | 'ms' }[] = [
  { key: 'heapBytes', title: 'Memory per person', unit: 'bytes' },
  { key: 'documentBytes', title: 'Document', unit: 'bytes' },
  { key: 'joinBytes', title: 'Bytes to a newcomer', unit: 'bytes' },
  { key: 'processorMsPerEdit', title: 'Processor time per edit, all five together', unit: 'ms' },
]

async function measure({ quick }: Parameters<Measurement['measure']>[0]): Promise<Result> {
  const [hours, samplesPerHour] = quick ? [QUICK_HOURS, QUICK_SAMPLES_PER_HOUR] : [HOURS, SAMPLES_PER_HOUR]
  const days: { who: string; samples: Sample[] }[] = []
  for (const who of Object.keys(OFFICES)) {
    const day: Day = { who, hours, samplesPerHour }
    days.push({ who, samples: await inFreshProcess<Sample[]>('growth/live', day) })
  }
  return {
    tables: ASPECTS.map(({ key, title, unit }) => tableOf(days, key, title, unit)),
    targets: targetsOf(days),
    plots: ASPECTS.map(({ key, title, unit }) => plotOf(days, key, title, unit)),
    conditions: [
      `${PEOPLE} people, ${hours} h in virtual time. The text has ${digits(ENOUGH_CHARACTERS)} characters from the beginning. Each types an eighth of the time, 4 edits a second, and deletes as much as it adds; ${digits(days[0]?.samples.at(-1)?.edits ?? 0)} edits in all. Before each sample everybody reads for two minutes.`,
      'Tidemark with its defaults over a network in memory: heartbeats, reports and cuts are all in it. Plain Yjs sends each update to the four others, and nothing else.',
      'All five live in one process, so memory is a fifth of what is reachable there. Processor time is that of all threads, everything between two samples included.',
    ],
    summary: summaryOf(days),
  }
}

type Days = readonly { readonly who: string; readonly samples: readonly Sample[] }[]

/** The first of them, when the text already has its length, and the last. */
function endsOf(samples: readonly Sample[]): { readonly from: Sample; readonly to: Sample } {
  const [from] = samples
  const to = samples.at(-1)
  if (from === undefined || to === undefined) throw new Error('nothing was sampled')
  return { from, to }
}

function tableOf(days: Days, key: Key, title: string, unit: 'bytes' | 'ms'): Table {
  const shown = (days[0]?.samples ?? []).filter((_, at, all) => all.length <= 8 || at % 2 === 1)
  const columns = shown.map(({ hours }) => `${digits(hours)} h`)
  const rows = days.map(({ who, samples }) => ({
    who,
    figures: Object.fromEntries(
      samples.map((sample) => [`${digits(sample.hours)} h`, { value: sample[key], unit }]),
    ),
  }))
  return { title, columns, rows }
}

function plotOf(days: Days, key: Key, title: string, unit: string): Plot {
  const series = days.map(({ who, samples }) => {
    const points = samples.map((sample): [number, number] => [sample.hours, sample[key]])
    return { who, points }
  })
  return { title, x: 'hours of work', y: unit, series }
}

function targetsOf(days: Days): Target[] {
  const tidemark = days.find(({ who }) => who === 'Tidemark')
  if (tidemark === undefined) return []
  const { from, to } = endsOf(tidemark.samples)
  const atMost = 1.1
  const facts = `From ${digits(from.hours)} h to ${digits(to.hours)} h the text went from ${digits(from.characters)} to ${digits(to.characters)} characters, through ${to.cuts - from.cuts} cuts.`
  const perCut = digits(Math.round((to.heapBytes - from.heapBytes) / Math.max(1, to.cuts - from.cuts)))
  const whys: Partial<Record<Key, string>> = {
    heapBytes: `That is ${perCut} B per cut: the tables that lead on from earlier namings, kept for those who come back, until they are a megabyte (or a tenth of the base).`,
    joinBytes:
      'A newcomer gets the newest of these tables, too, up to 16 KiB (or a tenth of the base): beyond that it does not grow.',
  }
  return ASPECTS.map(({ key, title, unit }) => ({
    claim: `${title}: at the end of the day beside its beginning`,
    atMost: key === 'processorMsPerEdit' ? 1.25 : atMost,
    measured: to[key] / from[key],
    explanation: [facts, `${digits(from[key])} ${unit} became ${digits(to[key])} ${unit}.`, whys[key] ?? '']
      .join(' ')
      .trim(),
  }))
}

function summaryOf(days: Days): { what: string; figure: string }[] {
  const [tidemark, plainYjs] = days.map(({ samples }) => endsOf(samples).to)
  if (tidemark === undefined || plainYjs === undefined) return []
  const kB = (bytes: number) => `${digits(Math.round(bytes / 1000))} kB`
  return [
    {
      what: `five people work for ${digits(tidemark.hours)} hours (${digits(tidemark.edits)} edits, ${digits(tidemark.characters)} characters in the end): the document / what a newcomer is sent / memory`,
      figure: `${kB(tidemark.documentBytes)} / ${kB(tidemark.joinBytes)} / ${kB(tidemark.heapBytes)} (plain Yjs: ${kB(plainYjs.documentBytes)} / ${kB(plainYjs.joinBytes)} / ${kB(plainYjs.heapBytes)})`,
    },
  ]
}

export const growth: Measurement = {
  name: 'growth',
  question: 'What grows in a day of work by five people on a document that keeps its length?',
  measure,
}
