/**
 * A recording must come out as it was made, wherever others type and whatever they delete meanwhile. Every
 * recorded character is a different one, so that each can be followed through the document.
 */
import { readFile } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { TraceRegion } from '../src/trace/trace-region.js'

/** Shares between 0 and 1 become places, so that every example is valid in every document. */
const share = fc.double({ min: 0, max: 1, noNaN: true })
const count = fc.integer({ min: 1, max: 6 })
const edit = fc.oneof(
  fc.record({ kind: fc.constant('recorded-insert' as const), at: share, count }),
  fc.record({ kind: fc.constant('recorded-delete' as const), at: share, count }),
  fc.record({ kind: fc.constant('foreign-insert' as const), at: share, count }),
  fc.record({ kind: fc.constant('foreign-delete' as const), at: share, count }),
)

const FIRST_RECORDED = 0x4e00
const HEADING = 'H'
const FOREIGN = 'x'

/** A document, the recording's own text, and the region that holds the one in the other. */
class Scene {
  readonly text = new Y.Doc().getText('text')
  readonly region: TraceRegion
  recorded = HEADING
  private readonly lost = new Set<string>()
  private made = 0

  constructor() {
    this.text.insert(0, `${FOREIGN}${HEADING}${FOREIGN}`)
    this.region = new TraceRegion({ index: 1, length: 1 }, this.text.length)
    this.text.observe((event) => {
      if (event.transaction.origin !== 'recording') this.region.changed(event.delta)
    })
  }

  insertRecorded(at: number, length: number): void {
    const position = 1 + Math.floor(at * (this.recorded.length - 1))
    const inserted = Array.from({ length }, () => String.fromCodePoint(FIRST_RECORDED + this.made++)).join('')
    this.recorded = this.recorded.slice(0, position) + inserted + this.recorded.slice(position)
    this.record(() => this.text.insert(this.region.insert(position, length), inserted))
  }

  deleteRecorded(at: number, wanted: number): void {
    const position = 1 + Math.floor(at * (this.recorded.length - 1))
    const length = Math.min(wanted, this.recorded.length - position)
    if (length === 0) return
    this.recorded = this.recorded.slice(0, position) + this.recorded.slice(position + length)
    this.record(() => {
      for (const span of this.region.remove(position, length)) this.text.delete(span.index, span.length)
    })
  }

  insertForeign(at: number, length: number): void {
    this.text.insert(Math.floor(at * this.text.length), FOREIGN.repeat(length))
  }

  deleteForeign(at: number, wanted: number): void {
    const index = Math.floor(at * this.text.length)
    const length = Math.min(wanted, this.text.length - index)
    for (const character of this.text.toString().slice(index, index + length)) this.lost.add(character)
    this.text.delete(index, length)
  }

  /** The recording's characters that are in the document, and those that should be. */
  get shown(): { actual: string; expected: string } {
    const actual = this.text.toString().replaceAll(FOREIGN, '')
    const expected = Array.from(this.recorded).filter((character) => !this.lost.has(character))
    return { actual, expected: expected.join('') }
  }

  private record(change: () => void): void {
    this.text.doc?.transact(change, 'recording')
  }
}

describe('a trace region', () => {
  it('keeps a recording right whatever others do', () => {
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 60 }), (edits) => {
        const scene = new Scene()
        for (const { kind, at, count } of edits) {
          if (kind === 'recorded-insert') scene.insertRecorded(at, count)
          else if (kind === 'recorded-delete') scene.deleteRecorded(at, count)
          else if (kind === 'foreign-insert') scene.insertForeign(at, count)
          else scene.deleteForeign(at, count)
          const { actual, expected } = scene.shown
          expect(actual).toBe(expected)
          expect(scene.region.lengths).toEqual({
            recorded: scene.recorded.length,
            shown: scene.text.length,
          })
        }
      }),
      { numRuns: 500 },
    )
  })

  it('holds the whole of the demo’s recording, while somebody types around it', async () => {
    const packed = await readFile(new URL('../public/sveltecomponent.json.gz', import.meta.url))
    const { txns, endContent } = JSON.parse(gunzipSync(packed).toString()) as {
      txns: { patches: [number, number, string][] }[]
      endContent: string
    }
    const text = new Y.Doc().getText('text')
    text.insert(0, HEADING)
    const region = new TraceRegion({ index: 0, length: 1 }, 1)
    text.observe((event) => {
      if (event.transaction.origin !== 'recording') region.changed(event.delta)
    })
    for (const [i, { patches }] of txns.entries()) {
      for (const [position, deleted, inserted] of patches) {
        text.doc?.transact(() => {
          for (const { index, length } of region.remove(position + 1, deleted)) text.delete(index, length)
          if (inserted !== '') text.insert(region.insert(position + 1, inserted.length), inserted)
        }, 'recording')
      }
      if (i % 500 === 0) text.insert((i * 7919) % text.length, '\u2603')
    }
    expect(text.toString().replaceAll('\u2603', '')).toBe(HEADING + endContent)
  })

  it('inserts right behind the character before, not behind what others put there', () => {
    const region = new TraceRegion({ index: 0, length: 3 }, 3)
    region.changed([{ retain: 3 }, { insert: 'xx' }])
    expect(region.insert(3, 1)).toBe(3)
  })

  it('refuses what lies outside the recording', () => {
    const region = new TraceRegion({ index: 0, length: 3 }, 10)
    expect(() => region.insert(0, 1)).toThrow('before the first character')
    expect(() => region.insert(4, 1)).toThrow('nothing at 4')
  })
})
