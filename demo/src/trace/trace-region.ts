/**
 * Where the characters of a recording lie in a document that others edit at the same time.
 *
 * A recording says "at position 812, delete 3, insert 'on:'" about a text that nobody else touches. That text is
 * the concatenation of all *recorded* characters, those included that others have deleted since; what others
 * wrote in between counts for nothing. So every step of the recording has a place, and nobody's text is hit.
 *
 * Invariant: the runs cover the whole document; the lengths of the shown ones add up to its length, those of the
 * recorded ones to the length of the recording's text.
 */

/** A stretch that is recorded and shown, shown only (somebody else's), or recorded only (deleted by others). */
interface Run {
  readonly recorded: boolean
  readonly shown: boolean
  length: number
}

export interface Span {
  readonly index: number
  readonly length: number
}

/** A change of the document as Y.Text events describe it. */
export type Delta = readonly { retain?: number | undefined; delete?: number | undefined; insert?: unknown }[]

export class TraceRegion {
  private runs: Run[]

  /** The recording begins with the span of `start`, which stands in a document of `documentLength` already. */
  constructor(start: Span, documentLength: number) {
    if (start.length === 0) throw new Error('a recording needs a character to begin with')
    this.runs = [
      { recorded: false, shown: true, length: start.index },
      { recorded: true, shown: true, length: start.length },
      { recorded: false, shown: true, length: documentLength - start.index - start.length },
    ]
    this.tidy()
  }

  /**
   * The recording inserts `length` characters at `position`.
   * @returns where in the document: right behind the recorded character before, whatever others put there.
   */
  insert(position: number, length: number): number {
    if (position < 1) throw new Error('nothing is recorded before the first character')
    const at = this.splitRecorded(position)
    this.runs.splice(at, 0, { recorded: true, shown: true, length })
    return this.shownBefore(at)
  }

  /**
   * The recording deletes `count` characters from `position`.
   * @returns what of them is still in the document, the last first, so that deleting one moves none of the others.
   */
  remove(position: number, count: number): Span[] {
    const first = this.splitRecorded(position)
    const end = this.splitRecorded(position + count)
    const spans: Span[] = []
    let index = this.shownBefore(first)
    for (const { recorded, shown, length } of this.runs.slice(first, end)) {
      if (recorded && shown) spans.unshift({ index, length })
      if (shown) index += length
    }
    const kept = this.runs.slice(first, end).filter(({ recorded }) => !recorded)
    this.runs.splice(first, end - first, ...kept)
    this.tidy()
    return spans
  }

  /** Somebody else has changed the document. */
  changed(delta: Delta): void {
    let index = 0
    for (const part of delta) {
      if (part.retain !== undefined) index += part.retain
      else if (part.delete !== undefined) this.deletedByOthers(index, part.delete)
      else {
        const length = typeof part.insert === 'string' ? part.insert.length : 1
        this.runs.splice(this.splitShown(index), 0, { recorded: false, shown: true, length })
        index += length
      }
    }
    this.tidy()
  }

  /** The lengths that the invariant speaks of. */
  get lengths(): { recorded: number; shown: number } {
    let recorded = 0
    let shown = 0
    for (const run of this.runs) {
      if (run.recorded) recorded += run.length
      if (run.shown) shown += run.length
    }
    return { recorded, shown }
  }

  private deletedByOthers(index: number, length: number): void {
    const first = this.splitShown(index)
    const end = this.splitShown(index + length)
    const kept = this.runs.slice(first, end).flatMap((run): Run[] => {
      if (!run.recorded) return []
      return [{ recorded: true, shown: false, length: run.length }]
    })
    this.runs.splice(first, end - first, ...kept)
  }

  /** Makes a boundary right behind the first `position` recorded characters; returns the run behind it. */
  private splitRecorded(position: number): number {
    return this.split(position, ({ recorded }) => recorded)
  }

  private splitShown(index: number): number {
    return this.split(index, ({ shown }) => shown)
  }

  private split(offset: number, counts: (run: Run) => boolean): number {
    let start = 0
    for (const [i, run] of this.runs.entries()) {
      if (start === offset) return i
      if (!counts(run)) continue
      if (offset < start + run.length) {
        const rest = { ...run, length: start + run.length - offset }
        run.length = offset - start
        this.runs.splice(i + 1, 0, rest)
        return i + 1
      }
      start += run.length
    }
    if (start !== offset) throw new Error(`there is nothing at ${offset}: the end is ${start}`)
    return this.runs.length
  }

  private shownBefore(end: number): number {
    let index = 0
    for (const run of this.runs.slice(0, end)) if (run.shown) index += run.length
    return index
  }

  /** Joins neighbours of one kind and drops what is empty. */
  private tidy(): void {
    const tidied: Run[] = []
    for (const run of this.runs) {
      const last = tidied.at(-1)
      if (run.length === 0) continue
      if (last && last.recorded === run.recorded && last.shown === run.shown) last.length += run.length
      else tidied.push(run)
    }
    this.runs = tidied
  }
}
