/**
 * What one transaction did to the shared text, in terms that another document can repeat.
 *
 * Unlike the event's delta it tells who inserted, and also of characters that were inserted and deleted within the
 * transaction: nobody ever saw them, but they leave tombstones. It has to be taken while the event is being told.
 */
import * as Y from 'yjs'

/** A stretch of the text as it is before what is deleted goes. */
export type Part = { readonly kind: 'kept' | 'deleted'; readonly length: number } | Insertion

export interface Insertion {
  readonly kind: 'inserted'
  readonly client: number
  /** Its author's insertions in the order in which they were made. */
  readonly clock: number
  readonly length: number
  readonly content: string
  readonly isDeleted: boolean
}

/** From left to right, up to the last change. */
export type Edit = readonly Part[]

export function editOf(event: Y.YTextEvent): Edit {
  const parts: Part[] = []
  let left = changedUnits(event.transaction)
  for (let item = event.target._start; item !== null && left > 0; item = item.right) {
    if (!isContent(item)) continue
    const { id, length, deleted: isDeleted } = item
    if (event.adds(item)) {
      const content = item.content instanceof Y.ContentString ? item.content.str : ' '.repeat(length)
      parts.push({ kind: 'inserted', ...id, length, content, isDeleted })
    } else if (isDeleted && event.deletes(item)) {
      parts.push({ kind: 'deleted', length })
    } else {
      if (!isDeleted) keep(parts, length)
      continue
    }
    left -= length
  }
  return parts
}

/** Characters, or what is left of them: a tombstone from elsewhere has lost what it was. */
export function isContent(item: Y.Item): boolean {
  return item.countable || item.content instanceof Y.ContentDeleted
}

/** How many units the transaction touched at most: nothing has to be looked at once they are found. */
function changedUnits({ beforeState, afterState, deleteSet }: Y.Transaction): number {
  let units = 0
  for (const [client, clock] of afterState) units += clock - (beforeState.get(client) ?? 0)
  for (const ranges of deleteSet.clients.values()) for (const { len } of ranges) units += len
  return units
}

function keep(parts: Part[], length: number): void {
  const last = parts.at(-1)
  if (last?.kind === 'kept') parts[parts.length - 1] = { kind: 'kept', length: last.length + length }
  else parts.push({ kind: 'kept', length })
}
