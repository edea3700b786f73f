/**
 * Telling an application of subdocuments in roots that it has not asked for yet.
 *
 * What such roots hold is exchanged silently, as nobody can observe them. Subdocuments are the document's own matter:
 * Yjs tells of them wherever they are.
 */
import * as Y from 'yjs'
import { transact } from '../transact.js'
import type { ShownTransaction } from './show.js'

/**
 * @param holders the items of the new structure that hold subdocuments.
 * @returns updates of what the application did in answer.
 */
export function tellOfSubdocuments(
  live: Y.Doc,
  holders: readonly Y.Item[],
  kind: ShownTransaction,
): Uint8Array[] {
  const held = new Set(
    holders.flatMap(({ content }) => (content instanceof Y.ContentDoc ? [content.doc] : [])),
  )
  const added = [...held].filter((one) => !live.subdocs.has(one))
  const removed = [...live.subdocs].filter((one) => !held.has(one))
  if (added.length === 0 && removed.length === 0) return []
  const answers: Uint8Array[] = []
  const collect = (update: Uint8Array) => answers.push(update)
  live.on('update', collect)
  try {
    transact(live, (transaction) => tell(transaction, added, removed), { ...kind, isLocal: false })
  } finally {
    live.off('update', collect)
  }
  return answers
}

function tell(transaction: Y.Transaction, added: readonly Y.Doc[], removed: readonly Y.Doc[]): void {
  for (const one of added) {
    transaction.subdocsAdded.add(one)
    if (one.shouldLoad) transaction.subdocsLoaded.add(one)
  }
  for (const one of removed) {
    // What held it is no part of the document any more: Yjs would put another one there.
    one._item = null
    transaction.subdocsRemoved.add(one)
  }
}
