/** A copy of a document's root types that is kept by their events alone, and whether it is still right. */
import * as Y from 'yjs'

interface Step {
  readonly insert?: unknown
  readonly delete?: number | undefined
  readonly retain?: number | undefined
}

export class Mirror {
  private readonly text: string[] = []
  private readonly list: unknown[] = []
  private readonly map = new Map<string, unknown>()
  private readonly doc: Y.Doc
  /** How many events said anything. */
  events = 0

  /** Follows the text `t`, the array `a` and the map `m`; before there is anything in them. */
  constructor(doc: Y.Doc) {
    this.doc = doc
    doc.getText('t').observe(({ delta }) => this.follow(this.text, delta))
    doc.getArray('a').observe(({ delta }) => this.follow(this.list, delta))
    doc.getMap('m').observe(({ changes, target }) => {
      this.events++
      for (const [key, { action }] of changes.keys) {
        if (action === 'delete') this.map.delete(key)
        else this.map.set(key, target.get(key))
      }
    })
  }

  private follow(values: unknown[], delta: readonly Step[]): void {
    this.events++
    let at = 0
    for (const { insert, delete: erased, retain } of delta) {
      if (insert !== undefined) {
        const added = typeof insert === 'string' ? insert.split('') : (insert as unknown[])
        values.splice(at, 0, ...added)
        at += added.length
      } else if (erased !== undefined) values.splice(at, erased)
      else at += retain ?? 0
    }
  }

  /** @throws if what was told is not what is there. Nested types must be the very objects that were told of. */
  check(): void {
    const text = this.doc.getText('t').toString()
    if (this.text.join('') !== text) throw new Error(`mirrored ${this.text.join('')}, but there is ${text}`)
    compare(this.list, this.doc.getArray('a').toArray())
    const map = this.doc.getMap('m')
    const keys = [...map.keys()].sort()
    if ([...this.map.keys()].sort().join() !== keys.join())
      throw new Error('the mirror of the map has other keys')
    compare(
      keys.map((key) => this.map.get(key)),
      keys.map((key) => map.get(key)),
    )
  }
}

function compare(mirrored: readonly unknown[], shown: readonly unknown[]): void {
  const isSame = (value: unknown, index: number) =>
    value instanceof Y.AbstractType
      ? value === mirrored[index]
      : JSON.stringify(value) === JSON.stringify(mirrored[index])
  if (mirrored.length !== shown.length || !shown.every(isSame))
    throw new Error('the mirror shows something else')
}
