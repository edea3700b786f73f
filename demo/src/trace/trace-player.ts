/**
 * Types a recording into the shared text as a person would, while others type wherever they like.
 *
 * Each start opens a region of its own at the end of the text, so several tabs may play at once.
 */
import type { Awareness } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { loadRecording, type Recording } from './recording.js'
import { TraceRegion } from './trace-region.js'

/** Edits per second; the recording is one of keystrokes, so 8 is a good typist. */
export const SPEEDS = [8, 40, 200, 1000] as const
export type Speed = (typeof SPEEDS)[number]

const TICK_MS = 25
/** A tab in the background is woken once a second at best, and then catches up. */
const MAX_EDITS_PER_TICK = 400
const CURSOR_INTERVAL_MS = 150

export interface PlayerState {
  readonly status: 'idle' | 'loading' | 'playing' | 'paused' | 'failed'
  readonly speed: Speed
  /** Edits made, of how many. */
  readonly done: number
  readonly total: number
}

export class TracePlayer extends EventTarget {
  private readonly text: Y.Text
  private readonly awareness: Awareness
  private readonly author: () => string
  private recording: Recording | undefined
  private region: TraceRegion | undefined
  private timer: ReturnType<typeof setInterval> | undefined
  private status: PlayerState['status'] = 'idle'
  private speed: Speed = 40
  private done = 0
  private due = 0
  private lastTickMs = 0
  private lastCursorMs = 0
  /** What stands before the recording's own text, so that one sees who types it. */
  private headingLength = 0

  constructor(text: Y.Text, awareness: Awareness, author: () => string) {
    super()
    this.text = text
    this.awareness = awareness
    this.author = author
    text.observe((event) => {
      if (event.transaction.origin !== this) this.region?.changed(event.delta)
    })
  }

  get state(): PlayerState {
    const total = this.recording?.patches.length ?? 0
    return { status: this.status, speed: this.speed, done: this.done, total }
  }

  setSpeed(speed: Speed): void {
    this.speed = speed
    this.announce()
  }

  async play(): Promise<void> {
    if (this.status === 'playing' || this.status === 'loading') return
    this.become('loading')
    try {
      this.recording ??= await loadRecording()
    } catch (error) {
      this.become('failed')
      throw error
    }
    if (this.region === undefined) this.begin()
    this.become('playing')
    this.due = 0
    this.lastTickMs = performance.now()
    this.timer = setInterval(() => this.tick(), TICK_MS)
  }

  pause(): void {
    if (this.status !== 'playing') return
    clearInterval(this.timer)
    this.become('paused')
  }

  /** Where it types just now. */
  private caret = 0
  get caretIndex(): number {
    return this.caret
  }

  private begin(): void {
    const gap = this.text.length === 0 ? '' : '\n\n'
    const heading = `// ${this.author()} types a Svelte component\n`
    const index = this.text.length
    this.transact(() => this.text.insert(index, gap + heading))
    this.headingLength = heading.length
    this.region = new TraceRegion({ index: index + gap.length, length: heading.length }, this.text.length)
    this.done = 0
  }

  private tick(): void {
    const nowMs = performance.now()
    this.due += ((nowMs - this.lastTickMs) / 1000) * this.speed
    this.lastTickMs = nowMs
    const count = Math.min(Math.floor(this.due), MAX_EDITS_PER_TICK)
    if (count === 0) return
    this.due = Math.min(this.due - count, MAX_EDITS_PER_TICK)
    this.transact(() => this.edit(count))
    this.showCaret(nowMs)
    if (this.done === this.state.total) this.finish()
    this.announce()
  }

  private edit(count: number): void {
    const { recording, region } = this
    if (!recording || !region) return
    for (const [position, deleted, inserted] of recording.patches.slice(this.done, this.done + count)) {
      const at = position + this.headingLength
      if (deleted > 0) {
        for (const { index, length } of region.remove(at, deleted)) {
          this.text.delete(index, length)
          this.caret = index
        }
      }
      if (inserted.length > 0) {
        const index = region.insert(at, inserted.length)
        this.text.insert(index, inserted)
        this.caret = index + inserted.length
      }
      this.done++
    }
  }

  private finish(): void {
    clearInterval(this.timer)
    this.region = undefined
    this.become('idle')
  }

  /** Others see a caret with our name where the recording is being typed. */
  private showCaret(nowMs: number): void {
    if (nowMs - this.lastCursorMs < CURSOR_INTERVAL_MS) return
    this.lastCursorMs = nowMs
    const position = Y.createRelativePositionFromTypeIndex(this.text, Math.min(this.caret, this.text.length))
    this.awareness.setLocalStateField('cursor', { anchor: position, head: position })
  }

  private transact(change: () => void): void {
    const { doc } = this.text
    if (!doc) throw new Error('the text is in no document')
    doc.transact(change, this)
  }

  private become(status: PlayerState['status']): void {
    this.status = status
    this.announce()
  }

  private announce(): void {
    this.dispatchEvent(new Event('change'))
  }
}
