/**
 * Gives every list item of a translated operation a pair of neighbours that Yjs could have produced on the new base.
 *
 * Translation finds the two neighbours independently. Where both are gone it may pair an origin with a right origin
 * several survivors further on, and two such pairs can contradict each other: documents would then differ by the
 * order in which operations arrive. So an item belongs to the gap of the base right after its origin, and its
 * right origin is either an item above the cut in that same gap, or the gap's end.
 *
 * Invariant: the result depends on the operation and on what it names, not on what else has arrived. An item's
 * gap is found by following origins, which never change, to an id of the base. Apply this to translated
 * operations and to no others: an operation authored in the epoch was integrated by its author as it is.
 */
import * as Y from 'yjs'
import { IdRanges } from '../id-ranges.js'
import { type DecodedStruct, encodeUpdate, looseParent, setLooseParent } from './update-encoding.js'

type SharedType = Y.ContentType['type']
/** The last base clock before the gap, or null where the gap begins the list. */
type GapStart = number | null

export class Retargeter {
  readonly #doc: Y.Doc
  readonly #client: number
  /** Origins never change; two authors who take turns make chains of them as long as the window. */
  readonly #gaps = new WeakMap<Y.Item, { readonly start: GapStart | undefined }>()
  readonly #firstClocks = new WeakMap<SharedType, { readonly clock: number | null }>()
  /** The operation at hand. */
  #own = new Map<number, DecodedStruct[]>()

  /**
   * @param doc The base of the epoch, with every operation on it that the retargeted ones depend on.
   * @param client The base's synthetic client id.
   */
  constructor(doc: Y.Doc, client: number) {
    this.#doc = doc
    this.#client = client
  }

  retarget(update: Uint8Array): Uint8Array {
    const { structs, ds } = Y.decodeUpdate(update)
    this.#own = new Map()
    for (const struct of structs) {
      const section = this.#own.get(struct.id.client)
      if (section === undefined) this.#own.set(struct.id.client, [struct])
      else section.push(struct)
    }
    let changed = false
    for (const struct of structs) {
      if (struct instanceof Y.Item && this.#retargetItem(struct)) changed = true
    }
    if (!changed) return update
    const deletes = new IdRanges()
    deletes.addDeleteSet(ds)
    return encodeUpdate(this.#own, deletes)
  }

  #retargetItem(item: Y.Item): boolean {
    const list = this.#listOf(item)
    if (list === undefined) return false
    const gap = this.#gapAfter(item.origin)
    if (gap === undefined) return false
    const { rightOrigin } = item
    if (rightOrigin !== null && rightOrigin.client !== this.#client && this.#gapAfter(rightOrigin) === gap) {
      return false
    }
    const end = this.#endOf(gap, list)
    if (Y.compareIDs(rightOrigin, end)) return false
    item.rightOrigin = end
    if (item.origin === null && end === null && item.parent === null) {
      setLooseParent(item, list._item?.id ?? Y.findRootTypeKey(list))
    }
    return true
  }

  /** The list an item lies in; undefined for map entries, and for what will turn out to be dead. */
  #listOf(start: Y.Item): SharedType | undefined {
    for (let item = start; ; ) {
      if (item.parentSub !== null) return undefined
      if (item.parent instanceof Y.AbstractType) return item.parent
      const parent = looseParent(item)
      if (typeof parent === 'string') return this.#doc.get(parent)
      if (parent !== null) {
        const holder = this.#find(parent)
        const content = holder instanceof Y.Item ? holder.content : undefined
        return content instanceof Y.ContentType ? content.type : undefined
      }
      const neighbour = item.origin ?? item.rightOrigin
      const found = neighbour === null ? undefined : this.#find(neighbour)
      if (!(found instanceof Y.Item)) return undefined
      item = found
    }
  }

  #gapAfter(start: Y.ID | null): GapStart | undefined {
    const passed: Y.Item[] = []
    let gap: GapStart | undefined
    for (let id = start; ; ) {
      gap = id?.client === this.#client ? id.clock : null
      if (id === null || id.client === this.#client) break
      const struct = this.#find(id)
      const known = struct instanceof Y.Item ? this.#gaps.get(struct) : undefined
      gap = known?.start
      if (known !== undefined || !(struct instanceof Y.Item)) break
      passed.push(struct)
      id = struct.origin
    }
    for (const item of passed) this.#gaps.set(item, { start: gap })
    return gap
  }

  /** The first id of the base after a gap, or null where the list ends. */
  #endOf(gap: GapStart, list: SharedType): Y.ID | null {
    const clock = gap === null ? this.#firstClock(list) : this.#clockAfter(gap)
    return clock === null ? null : Y.createID(this.#client, clock)
  }

  /** A list's items have consecutive clocks in the base, so the next clock is the next item of it, or of none. */
  #clockAfter(clock: number): number | null {
    const { store } = this.#doc
    const item = Y.getItem(store, Y.createID(this.#client, clock))
    if (clock + 1 < item.id.clock + item.length) return clock + 1
    if (clock + 1 >= Y.getState(store, this.#client)) return null
    const next = Y.getItem(store, Y.createID(this.#client, clock + 1))
    const isNext = next instanceof Y.Item && next.parentSub === null && next.parent === item.parent
    return isNext ? clock + 1 : null
  }

  #firstClock(list: SharedType): number | null {
    let known = this.#firstClocks.get(list)
    if (known === undefined) {
      let item = list._start
      while (item !== null && item.id.client !== this.#client) item = item.right
      known = { clock: item?.id.clock ?? null }
      this.#firstClocks.set(list, known)
    }
    return known.clock
  }

  #find({ client, clock }: Y.ID): DecodedStruct | undefined {
    const { store } = this.#doc
    if (clock < Y.getState(store, client)) return Y.getItem(store, Y.createID(client, clock))
    const section = this.#own.get(client)
    const [first] = section ?? []
    const last = section?.at(-1)
    if (section === undefined || first === undefined || last === undefined) return undefined
    if (clock < first.id.clock || clock >= last.id.clock + last.length) return undefined
    let low = 0
    let high = section.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((section[middle]?.id.clock ?? Number.POSITIVE_INFINITY) <= clock) low = middle
      else high = middle - 1
    }
    return section[low]
  }
}
