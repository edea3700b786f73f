/** From what a measurement hands back to what people read. What is measured, and how fast it is, is no matter of tests. */
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import type { Measurement } from '../bench/measurement.js'
import { benchmarksText } from '../bench/report/markdown.js'
import { readmePart, withPart } from '../bench/report/readme.js'
import { type Measured, merged } from '../bench/report/results.js'
import { targetLines } from '../bench/report/text.js'

const paragraphs: Measurement = {
  name: 'paragraphs',
  question: 'How large is a document of a thousand paragraphs?',
  async measure() {
    const doc = new Y.Doc()
    doc.getText('text').insert(0, 'paragraph '.repeat(1000))
    const bytes = Y.encodeStateAsUpdate(doc)
    const packed = gzipSync(bytes).length
    return {
      tables: [
        {
          title: 'Bytes',
          columns: ['encoded', 'read'],
          rows: [
            { who: 'Yjs', figures: { encoded: { value: bytes.length, unit: 'bytes' }, read: 'not today' } },
          ],
        },
      ],
      targets: [
        { claim: 'packed beside encoded', atMost: 0.5, measured: packed / bytes.length },
        { claim: 'encoded beside packed', atMost: 1, measured: bytes.length / packed, explanation: 'It is.' },
      ],
      plots: [
        {
          title: 'Bytes, and packed',
          x: '',
          y: 'bytes',
          series: [{ who: 'Yjs', points: [[0, bytes.length]] }],
        },
      ],
      conditions: ['a thousand times the same word'],
      summary: [{ what: 'a thousand paragraphs', figure: `${bytes.length} B` }],
    }
  },
}

async function measured(): Promise<Measured> {
  const { name, question } = paragraphs
  const result = await paragraphs.measure({ quick: true, without: [], say: () => {} })
  const machine = { processors: 2, processor: 'any', memoryBytes: 1, node: 'v20.0.0', platform: 'linux x64' }
  return { name, question, quick: true, seconds: 1, date: '2026-01-02', machine, result }
}

test('what was measured can be read: question, figures, targets with why they are missed, plots, conditions', async () => {
  const text = benchmarksText({ measured: [await measured()] }, { yjs: '13.6.33' })
  expect(text).toContain('Versions: yjs 13.6.33.')
  for (const part of [
    'How large is a document of a thousand paragraphs?',
    '10 kB',
    'not today',
    '| [paragraphs](#paragraphs) | packed beside encoded | 0.5 |',
    '*Missed: encoded beside packed.* It is.',
    '(images/bench/paragraphs-bytes-and-packed.svg)',
    'a thousand times the same word',
    'npm run bench -- --only paragraphs',
  ])
    expect(text).toContain(part)
  expect(text).not.toContain('Missed: packed beside encoded')
})

test('a target is met up to its limit, and a missed one says why', async () => {
  const { targets } = (await measured()).result
  const [met = '', missed = '', why = ''] = targetLines(targets).split('\n')
  expect(met).toMatch(/^- met: packed/)
  expect(missed).toMatch(/^- MISSED: encoded/)
  expect(why.trim()).toBe('It is.')
})

test('what is measured again takes the place of what was measured before, and nothing else', async () => {
  const old = await measured()
  const other = { ...old, name: 'other' }
  const again = { ...old, date: '2026-01-03' }
  const { measured: all } = merged({ measured: [old, other] }, [again])
  expect(all.map(({ name, date }) => [name, date])).toEqual([
    ['paragraphs', '2026-01-03'],
    ['other', '2026-01-02'],
  ])
})

test('of a README only the part between the marks is written', async () => {
  const part = readmePart({ measured: [await measured()] })
  const before = 'Above.\n<!-- written by npm run bench -->\nold\n<!-- up to here -->\nBelow.\n'
  const after = withPart(before, part)
  expect(after).toMatch(/^Above\.\n<!-- written by npm run bench -->\n/)
  expect(after).toMatch(/<!-- up to here -->\nBelow\.\n$/)
  expect(after).toContain('a thousand paragraphs')
  expect(after).toContain('1 of 2 targets')
  expect(after).not.toContain('old')
  expect(withPart(after, part)).toBe(after)
  expect(() => withPart('no marks', part)).toThrow()
})
