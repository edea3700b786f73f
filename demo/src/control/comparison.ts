/**
 * The shared text beside its control: what both hold, measured alike, whenever the page has time for it.
 *
 * While somebody types nothing but the edit is noted. Integrating it into the control and measuring wait for idle
 * time, and measuring takes no more than a small share of it.
 *
 * Whoever comes later has not seen the beginning: a newcomer's control starts with the state it was given. What it
 * lacks it learns from a page that has been here longer (`follow`), and carries on from there should that page leave.
 */
import * as Y from 'yjs'
import { ControlDocument } from './control-document.js'
import { type Edit, editOf } from './edit.js'
import { whenIdle } from './idle.js'
import { EMPTY_RUN_MAP, type RunMap, runMapOf } from './run-map.js'

/** What a control knows of plain Yjs. */
export interface PlainFigures {
  readonly bytes: number
  readonly tombstones: number
}

export interface Measurement {
  /** Rises with every measurement. */
  readonly serial: number
  readonly liveBytes: number
  readonly plain: PlainFigures
  /** The text by itself, as UTF-8. */
  readonly textBytes: number
  readonly liveRuns: RunMap
  /** Only what this page has seen; `plain.tombstones` counts the others too. */
  readonly plainRuns: RunMap
}

const LEAST_TIME_LEFT_MS = 2
/** Measuring rests this often, and this many times as long as it took. */
const MEASURE_INTERVAL_MS = 300
const REST_FACTOR = 20
/** Both sides are at rest if nothing has changed for so long; figures that old belong together. */
const AT_REST_MS = 3000
/** While somebody types, one comparison may fall between the two sides’ views of a large edit: the median does not. */
const COMPARISONS = 9

export class Comparison {
  measurement: Measurement = {
    serial: 0,
    liveBytes: 0,
    plain: { bytes: 0, tombstones: 0 },
    textBytes: 0,
    liveRuns: EMPTY_RUN_MAP,
    plainRuns: EMPTY_RUN_MAP,
  }
  private readonly text: Y.Text
  private readonly control = new ControlDocument()
  private readonly waiting: Edit[] = []
  /** The edit that is being integrated. */
  private integrating: Generator<void, void> | undefined
  private isScheduled = false
  private isBroken = false
  private isStale = true
  private restsUntilMs = 0
  private own: PlainFigures = { bytes: 0, tombstones: 0 }
  private ownChangedMs = 0
  private comparisons: PlainFigures[] = []
  /** What came before this page, as far as others know. */
  private before: PlainFigures = { bytes: 0, tombstones: 0 }
  private followed: { readonly figures: PlainFigures; readonly atMs: number } | undefined
  /** Whether `followed` waits for figures of our own from the same moment. */
  private isFollowing = false

  constructor(text: Y.Text) {
    this.text = text
    text.observe((event) => {
      this.waiting.push(editOf(event))
      this.stale()
    })
    this.stale()
  }

  /** The document is not what it was, though no event said so: it has been compacted. */
  remeasure(): void {
    this.restsUntilMs = 0
    this.stale()
  }

  /** The figures of a page that has been here longer, as it says now. */
  follow(figures: PlainFigures): void {
    const { followed } = this
    if (followed === undefined || !isSame(followed.figures, figures)) {
      this.followed = { figures, atMs: performance.now() }
      this.isFollowing = true
      if (!this.isStale) this.countOnFrom(figures)
    } else if (this.isAtRest(followed.atMs)) {
      // While somebody types the two sides are some edits apart; now one comparison is exact.
      this.comparisons = []
      this.countOnFrom(figures)
    }
  }

  private stale(): void {
    this.isStale = true
    this.schedule()
  }

  private schedule(): void {
    if (this.isScheduled || this.isBroken) return
    this.isScheduled = true
    const restMs = this.waiting.length > 0 ? 0 : this.restsUntilMs - performance.now()
    setTimeout(() => whenIdle((timeLeftMs) => this.work(timeLeftMs)), Math.max(restMs, 0))
  }

  private work(timeLeftMs: () => number): void {
    this.isScheduled = false
    let isDone = this.integrateSome()
    while (!isDone && timeLeftMs() > LEAST_TIME_LEFT_MS) isDone = this.integrateSome()
    if (isDone && performance.now() >= this.restsUntilMs) this.measure()
    if (this.isStale) this.schedule()
  }

  /** @returns whether the control is up to date. */
  private integrateSome(): boolean {
    if (this.integrating?.next().done === false) return false
    const next = this.waiting.shift()
    this.integrating = next && this.control.applying(next)
    return next === undefined
  }

  private measure(): void {
    const { text, control } = this
    const { doc } = text
    if (!doc) throw new Error('the text is in no document')
    const startMs = performance.now()
    this.isStale = false
    const shown = text.toString()
    if (shown !== control.text.toString()) {
      this.isBroken = true
      throw new Error(
        'the control document shows another text: an event said something else than what happened',
      )
    }
    const plainRuns = runMapOf(control.text)
    const own = { bytes: control.bytes, tombstones: plainRuns.tombstones }
    if (!isSame(own, this.own)) this.ownChangedMs = startMs
    this.own = own
    if (this.followed && this.isFollowing) this.countOnFrom(this.followed.figures)
    this.publish({
      liveBytes: Y.encodeStateAsUpdate(doc).length,
      textBytes: new TextEncoder().encode(shown).length,
      liveRuns: runMapOf(text),
      plainRuns,
    })
    const endMs = performance.now()
    this.restsUntilMs = endMs + Math.max(MEASURE_INTERVAL_MS, (endMs - startMs) * REST_FACTOR)
  }

  /** @param followedMs when the other side changed. It is at rest too, unless it had fallen silent before we changed. */
  private isAtRest(followedMs: number): boolean {
    const lastChangeMs = Math.max(followedMs, this.ownChangedMs)
    return performance.now() - lastChangeMs > AT_REST_MS && this.ownChangedMs - followedMs < AT_REST_MS
  }

  private countOnFrom(figures: PlainFigures): void {
    const { own } = this
    this.isFollowing = false
    const difference = { bytes: figures.bytes - own.bytes, tombstones: figures.tombstones - own.tombstones }
    this.comparisons = [...this.comparisons, difference].slice(-COMPARISONS)
    const before = {
      bytes: median(this.comparisons.map(({ bytes }) => bytes)),
      tombstones: median(this.comparisons.map(({ tombstones }) => tombstones)),
    }
    if (isSame(before, this.before)) return
    this.before = before
    this.publish({})
  }

  private publish(measured: Partial<Measurement>): void {
    const { own, before, measurement } = this
    const plain = {
      bytes: own.bytes + before.bytes,
      tombstones: Math.max(own.tombstones + before.tombstones, 0),
    }
    this.measurement = { ...measurement, ...measured, plain, serial: measurement.serial + 1 }
  }
}

function isSame(a: PlainFigures, b: PlainFigures): boolean {
  return a.bytes === b.bytes && a.tombstones === b.tombstones
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
