/**
 * Half of a surrogate pair, typed by the user, has no UTF-8: everybody else receives U+FFFD in its place, and the
 * author alone keeps the half. Here the author's document gets U+FFFD too, in the transaction that typed it and
 * before anybody encodes it. Lengths and ids stay the same (Yjs does likewise when it splits a pair).
 *
 * Covered are text, and strings that lie directly in an array or a map. Strings within a nested plain object, and
 * keys, are not: they can not be exchanged without building the application's values anew.
 */
import * as Y from 'yjs'
import { eachStruct } from './store.js'

const LONE_SURROGATE = /\p{Surrogate}/gu
const REPLACEMENT = '\ufffd'

function isIllFormed(value: unknown): boolean {
  // `search` begins at 0 whatever a global expression remembers.
  return typeof value === 'string' && value.search(LONE_SURROGATE) >= 0
}

function wellFormed(value: unknown): unknown {
  return typeof value === 'string' ? value.replace(LONE_SURROGATE, REPLACEMENT) : value
}

/**
 * Ids of new items with ill-formed content. To be called before Yjs merges what the transaction made: looking into
 * a merged run at every keystroke would cost as much as the run is long.
 */
export function illFormedItems(transaction: Y.Transaction): Y.ID[] {
  const ids: Y.ID[] = []
  for (const [client, end] of transaction.afterState) {
    eachStruct(transaction.doc.store, client, transaction.beforeState.get(client) ?? 0, end, (struct) => {
      if (!(struct instanceof Y.Item) || struct.deleted) return
      const { content, id } = struct
      const illFormed =
        content instanceof Y.ContentString
          ? isIllFormed(content.str)
          : content instanceof Y.ContentAny && content.arr.some(isIllFormed)
      if (illFormed) ids.push(Y.createID(id.client, id.clock))
    })
  }
  return ids
}

/**
 * Repairs what {@link illFormedItems} found, once Yjs has merged it: two halves typed one after the other in one
 * transaction have become a pair by then. @returns whether anything had to be repaired.
 */
export function repair(store: Y.Doc['store'], ids: readonly Y.ID[]): boolean {
  let repaired = false
  for (const { client, clock } of ids) {
    eachStruct(store, client, clock, clock + 1, (struct) => {
      const content = struct instanceof Y.Item ? struct.content : undefined
      if (content instanceof Y.ContentString && isIllFormed(content.str)) {
        content.str = content.str.replace(LONE_SURROGATE, REPLACEMENT)
        repaired = true
      } else if (content instanceof Y.ContentAny && content.arr.some(isIllFormed)) {
        content.arr = content.arr.map(wellFormed)
        repaired = true
      }
    })
  }
  return repaired
}
