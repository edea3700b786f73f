/**
 * Whether operations from before a cut name nothing but what lies below that cut or what those before them have told.
 *
 * Everybody honest does: what one has not seen one can not name. Then it makes no difference what else was carried over the
 * cut meanwhile, which is not the same at every replica.
 */
import type { NamedPayload } from '@tidemark/core'
import * as Y from 'yjs'
import { type DeleteSetLike, IdRanges } from '../id-ranges.js'
import { type IdTranslation, looseParent } from '../renumbering/index.js'

/** @param operations in total order; they have passed the gate. @param table that leads over the cut. */
export function nameTheirPast(operations: readonly NamedPayload[], table: IdTranslation): boolean {
  const told = new IdRanges()
  return operations.every(({ payload }) => {
    const { structs, ds } = Y.decodeUpdate(payload)
    const named = new IdRanges()
    // What is below the cut is there in any case.
    const name = (client: number, clock: number, end: number) => {
      const from = Math.max(clock, table.endOf(client))
      if (from < end) named.add(client, from, end - from)
    }
    for (const { id, length } of structs) told.add(id.client, id.clock, length)
    for (const struct of structs)
      for (const { client, clock } of idsIn(struct)) name(client, clock, clock + 1)
    for (const [client, ranges] of (ds as DeleteSetLike).clients)
      for (const { clock, len } of ranges) name(client, clock, clock + len)
    return named.minus(told).isEmpty
  })
}

function idsIn(struct: Y.Item | Y.GC | Y.Skip): Y.ID[] {
  if (!(struct instanceof Y.Item)) return []
  const parent = looseParent(struct)
  const named = [struct.origin, struct.rightOrigin, parent instanceof Y.ID ? parent : null]
  return named.filter((id) => id !== null)
}
