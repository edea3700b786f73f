/**
 * Somebody who types one letter of their own again and again, and writes down when each letter, of whomever, shows up in
 * their document.
 *
 * Times are of one clock as far as a machine has one: pages of a browser and participants of a process compare theirs.
 */
import * as Y from 'yjs'
import { sleep } from './waiting.js'

export interface Typing {
  /** One letter that nobody else types. */
  readonly letter: string
  readonly keystrokes: number
  /** Between two keystrokes on average; each gap is between half and one and a half times that. */
  readonly gapMs: number
  readonly seed: number
}

export class Typist {
  readonly doc = new Y.Doc()
  readonly text = this.doc.getText('text')
  /** When each letter was typed here. */
  readonly typedAt: number[] = []
  /** By letter: when each one of it was here. */
  readonly #arrivedAt = new Map<string, number[]>()
  #caret = 0

  constructor() {
    this.text.observe(({ delta }) => {
      this.#follow(delta)
      this.#noteArrivals(delta)
    })
  }

  arrivedAt(letter: string): readonly number[] {
    return this.#arrivedAt.get(letter) ?? []
  }

  forgetTimes(): void {
    this.typedAt.length = 0
    this.#arrivedAt.clear()
  }

  /** Begins behind what is there. Resolves after the last keystroke. */
  async type({ letter, keystrokes, gapMs, seed }: Typing): Promise<void> {
    const random = randomNumbers(seed)
    this.#caret = this.text.length
    for (let i = 0; i < keystrokes; i++) {
      await sleep(gapMs * (0.5 + random()))
      await freshTask()
      this.typedAt.push(now())
      this.text.insert(this.#caret, letter)
    }
  }

  /** What others do before the caret moves it; what is typed at it moves it, too. */
  #follow(delta: Delta): void {
    let at = 0
    for (const { retain = 0, insert, delete: deleted = 0 } of delta) {
      at += retain
      const inserted = typeof insert === 'string' ? insert.length : 0
      if (at > this.#caret) return
      this.#caret += inserted - Math.min(deleted, this.#caret - at)
      at += inserted
    }
  }

  #noteArrivals(delta: Delta): void {
    const time = now()
    for (const { insert } of delta) {
      if (typeof insert !== 'string') continue
      for (const letter of insert) {
        const times = this.#arrivedAt.get(letter) ?? []
        times.push(time)
        this.#arrivedAt.set(letter, times)
      }
    }
  }
}

/**
 * Keystrokes come in tasks of their own. A task that a timer began is none: in browsers each timer set within holds the
 * next one up by 4 ms.
 */
function freshTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(null)
  })
}

type Delta = Y.YTextEvent['delta']

export function now(): number {
  return performance.timeOrigin + performance.now()
}

/** 0 ≤ x < 1, the same for the same seed. */
export function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}
