/**
 * The gaps of a translation table, each where it is used first: what is alike stands side by side, and what is as a rule
 * is 0.
 */
import { type ColumnReader, ColumnWriter } from './columns.js'
import type { Gap } from './translation-table.js'

/** Flags. As a rule: in a list at the root, and not at its end. */
const IN_TYPE = 1
const IN_MAP = 2
const AT_END = 4

export class GapWriter {
  readonly #flags = new ColumnWriter()
  readonly #lefts = new ColumnWriter()
  readonly #rights = new ColumnWriter()
  readonly #parents = new ColumnWriter()
  /** Of roots and keys, each once. */
  readonly #names = new ColumnWriter()
  readonly #numbers = new Map<string, number>()
  #parent = 0

  /** @param next where in the base the run goes on that the gap lies behind: as a rule right there. */
  add({ left, right, parent, parentSub }: Gap, next: number): void {
    const isInRoot = typeof parent === 'string'
    const start = left === null ? 0 : left + 1
    this.#flags.uint(
      (isInRoot ? 0 : IN_TYPE) | (parentSub === null ? 0 : IN_MAP) | (right === null ? AT_END : 0),
    )
    this.#lefts.int(start - next)
    if (right !== null) this.#rights.int(right - start)
    if (isInRoot) this.#parents.uint(this.#numberOf(parent))
    else {
      this.#parents.int(parent - this.#parent)
      this.#parent = parent
    }
    if (parentSub !== null) this.#parents.uint(this.#numberOf(parentSub))
  }

  #numberOf(name: string): number {
    let number = this.#numbers.get(name)
    if (number === undefined) {
      number = this.#numbers.size
      this.#numbers.set(name, number)
      this.#names.text(name)
    }
    return number
  }

  get columns(): ColumnWriter[] {
    return [this.#flags, this.#lefts, this.#rights, this.#parents, this.#names]
  }
}

/** Throws where a gap lies at a place that no base has. */
export class GapReader {
  readonly #flags: ColumnReader
  readonly #lefts: ColumnReader
  readonly #rights: ColumnReader
  readonly #parents: ColumnReader
  readonly #names: string[] = []
  #parent = 0

  /** @param column the next one of those that a {@link GapWriter} has written. */
  constructor(column: () => ColumnReader) {
    this.#flags = column()
    this.#lefts = column()
    this.#rights = column()
    this.#parents = column()
    for (const names = column(); names.hasMore; ) this.#names.push(names.text())
  }

  read(next: number): Gap {
    const flags = this.#flags.uint()
    const start = next + this.#lefts.int()
    const right = flags & AT_END ? null : start + this.#rights.int()
    const parent = flags & IN_TYPE ? this.#container() : this.#name()
    const parentSub = flags & IN_MAP ? this.#name() : null
    if (start < 0 || (right !== null && right < 0)) throw new Error('a gap lies at an impossible place')
    return { left: start === 0 ? null : start - 1, right, parent, parentSub }
  }

  #container(): number {
    this.#parent += this.#parents.int()
    if (this.#parent < 0) throw new Error('a gap lies in an impossible place')
    return this.#parent
  }

  #name(): string {
    const name = this.#names[this.#parents.uint()]
    if (name === undefined) throw new Error('a gap names what is not there')
    return name
  }
}
