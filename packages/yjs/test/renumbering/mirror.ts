/** A copy of shared types that an application keeps by their events alone, and whether it is still right. */
import * as Y from 'yjs'

type List = Y.Array<unknown> | Y.XmlFragment
type Observed = Y.Text | List | Y.Map<unknown>

export class Mirror {
  readonly #lists = new Map<List, unknown[]>()
  readonly #maps = new Map<Y.Map<unknown>, Map<string, unknown>>()
  readonly #texts = new Map<Y.Text, { unit: unknown; attributes: string }[]>()

  constructor(types: readonly Observed[]) {
    for (const type of types) {
      if (type instanceof Y.Text) this.#followText(type)
      else if (type instanceof Y.Map) this.#followMap(type)
      else this.#followList(type)
    }
  }

  #followText(text: Y.Text): void {
    const units: { unit: unknown; attributes: string }[] = []
    this.#texts.set(text, units)
    text.observe(({ delta }) => {
      let at = 0
      for (const { insert, retain, delete: erased, attributes } of delta) {
        if (insert !== undefined) {
          const added = typeof insert === 'string' ? insert.split('') : [insert]
          const formatted = added.map((unit) => ({ unit, attributes: canonical(attributes) }))
          units.splice(at, 0, ...formatted)
          at += formatted.length
        } else if (erased !== undefined) {
          units.splice(at, erased)
        } else if (retain !== undefined) {
          for (let end = at + retain; at < end; at++) {
            const unit = units[at]
            if (unit === undefined) throw new Error('An event retains more than there is')
            unit.attributes = canonical({ ...JSON.parse(unit.attributes), ...attributes })
          }
        }
      }
    })
  }

  #followList(list: List): void {
    const values: unknown[] = []
    this.#lists.set(list, values)
    const follow = (event: Y.YArrayEvent<unknown> | Y.YXmlEvent) => {
      let at = 0
      for (const { insert, retain, delete: erased } of event.changes.delta) {
        if (insert !== undefined) {
          values.splice(at, 0, ...(insert as unknown[]))
          at += insert.length
        } else if (erased !== undefined) values.splice(at, erased)
        else at += retain ?? 0
      }
    }
    if (list instanceof Y.Array) list.observe(follow)
    else list.observe(follow)
  }

  #followMap(map: Y.Map<unknown>): void {
    const entries = new Map<string, unknown>()
    this.#maps.set(map, entries)
    map.observe((event) => {
      for (const [key, { action }] of event.changes.keys) {
        if (action === 'delete') entries.delete(key)
        else entries.set(key, map.get(key))
      }
    })
  }

  check(): void {
    for (const [text, units] of this.#texts) {
      const shown = (text.toDelta() as { insert: unknown; attributes?: object }[]).flatMap(
        ({ insert, attributes }) =>
          (typeof insert === 'string' ? insert.split('') : [insert]).map((unit) => ({
            unit,
            attributes: canonical(attributes),
          })),
      )
      same(JSON.stringify(units), JSON.stringify(shown), 'text')
    }
    for (const [list, values] of this.#lists) sameValues(values, list.toArray(), 'list')
    for (const [map, entries] of this.#maps) {
      const keys = [...entries.keys()].sort()
      same(keys.join(), [...map.keys()].sort().join(), 'map')
      sameValues(
        keys.map((key) => entries.get(key)),
        keys.map((key) => map.get(key)),
        'map',
      )
    }
  }
}

function canonical(attributes: object | undefined): string {
  const entries = Object.entries(attributes ?? {}).filter(([, value]) => value !== null)
  return JSON.stringify(Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1))))
}

function same(mirrored: string, shown: string, what: string): void {
  if (mirrored !== shown) throw new Error(`The mirror of a ${what} is wrong:\n${mirrored}\n${shown}`)
}

/** Shared types must be the very objects that the events named. */
function sameValues(mirrored: readonly unknown[], shown: readonly unknown[], what: string): void {
  const plain = (value: unknown) => (value instanceof Y.AbstractType ? '' : value)
  same(JSON.stringify(mirrored.map(plain)), JSON.stringify(shown.map(plain)), what)
  for (const [index, value] of mirrored.entries()) {
    if (value instanceof Y.AbstractType && value !== shown[index]) {
      throw new Error(`A ${what} holds another object than the one its events named`)
    }
  }
}
