/** When messages leave a participant, and when they come to it: what of a keystroke's time is the network's. */
import { now } from './typist.js'

export class Passing {
  readonly #leftAt: number[] = []
  readonly #cameAt: number[] = []

  noteLeaving(): void {
    this.#leftAt.push(now())
  }

  noteComing(): void {
    this.#cameAt.push(now())
  }

  forget(): void {
    this.#leftAt.length = this.#cameAt.length = 0
  }

  /** What left first after each of these times: of a keystroke its first message, unless another one happened to go. */
  firstLeftAfter(times: readonly number[]): number[] {
    return times.map((time) => this.#leftAt.find((left) => left >= time) ?? Number.NaN)
  }

  /** What came last before each of these times: whatever changes a document does so in the task of its message. */
  lastCameBefore(times: readonly number[]): number[] {
    return times.map((time) => this.#cameAt.findLast((came) => came <= time) ?? Number.NaN)
  }
}
