/**
 * Finds the formatting marks of a text that have no effect: what follows them shows the same without them.
 *
 * Between two pieces of content, of several marks for one attribute only the last one has an effect, and none if it says
 * what holds already. Users leave such marks behind where what they formatted is deleted, and Yjs keeps them.
 */

import { equalFlat } from 'lib0/object'
import * as Y from 'yjs'
import { type TransactionKind, transact } from '../transact.js'

/** Of changes that are no user's, and sent like one. No undo manager takes them for its user's. */
const TIDYING = Symbol('what has no effect is deleted')

/** @param clocks of formatting marks of the base. */
export function deleteMarks(
  doc: Y.Doc,
  base: number,
  clocks: readonly number[],
  onObserverError?: TransactionKind['onObserverError'],
): void {
  if (clocks.length === 0) return
  const deleteAll = (transaction: Y.Transaction) => {
    for (const clock of clocks) {
      const mark = Y.getItem(doc.store, Y.createID(base, clock))
      if (mark instanceof Y.Item && mark.content instanceof Y.ContentFormat) mark.delete(transaction)
    }
  }
  transact(doc, deleteAll, { origin: TIDYING, isLocal: true, onObserverError })
}

interface Mark {
  readonly value: unknown
  readonly clock: number
}

export class IdleMarks {
  readonly #clocks: number[] = []
  /** What holds for the content before the present gap; attributes without a value are left out. */
  readonly #holds = new Map<string, unknown>()
  readonly #gap = new Map<string, Mark>()

  /** Of all lists so far. */
  get clocks(): readonly number[] {
    return this.#clocks
  }

  /** What comes next in the list. @param clock its new one. */
  add(content: Y.Item['content'], clock: number): void {
    if (!(content instanceof Y.ContentFormat)) return this.#endGap()
    const { key, value } = content
    const earlier = this.#gap.get(key)
    if (earlier !== undefined) this.#clocks.push(earlier.clock)
    this.#gap.set(key, { value, clock })
  }

  endList(): void {
    this.#endGap()
    this.#holds.clear()
  }

  #endGap(): void {
    if (this.#gap.size === 0) return
    for (const [key, { value, clock }] of this.#gap) {
      if (isSame(value, this.#holds.get(key) ?? null)) this.#clocks.push(clock)
      else if (value === null) this.#holds.delete(key)
      else this.#holds.set(key, value)
    }
    this.#gap.clear()
  }
}

/** As Yjs compares them. */
function isSame(a: unknown, b: unknown): boolean {
  const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
  return a === b || (isObject(a) && isObject(b) && equalFlat(a as never, b as never))
}
