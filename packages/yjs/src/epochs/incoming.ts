/**
 * From a payload as it was authored to an update that a document of the present naming can integrate.
 *
 * A payload of the epoch before is carried over the cut between (renumbering/crossing.ts). What a cut has decided
 * about is left out of it: an author's structs below the cut are in the base already, as they are skipped by a replica
 * that has not executed the cut yet.
 *
 * Invariant: whatever comes in, the document is changed only by what passes the gate; nothing throws.
 */
import type { NamedPayload, Naming } from '@tidemark/core'
import type * as Y from 'yjs'
import { inspectAboveCut, type UpdateContents } from '../gate.js'
import { type Crossing, UntranslatableError } from '../renumbering/index.js'
import { baseClientOf } from './base-client.js'
import { type History, presentNaming } from './history.js'
import { uncrossed } from './uncrossed.js'

export interface Incoming {
  readonly update: Uint8Array
  readonly contents: UpdateContents
}

/**
 * In the naming of `history`, as it is to be integrated into `doc` next; or why it is refused.
 *
 * @param doc holds whatever the payload depends on.
 */
export function readPayload(operation: NamedPayload, history: History, doc: Y.Doc): Incoming | string {
  const { payload, epoch } = operation
  const { lineage, epoch: present } = presentNaming(history)
  if (epoch === present) return inspected(payload, { lineage, epoch }, doc.store)
  if (epoch !== present - 1) return `the payload is of epoch ${epoch}, this replica in epoch ${present}`
  const { crossing } = history
  if (crossing === undefined) return `nothing leads from epoch ${epoch} to epoch ${present} any more`
  const incoming = inspected(payload, { lineage, epoch }, crossing.store)
  if (typeof incoming === 'string') return incoming
  const update = carriedOver({ ...operation, payload: incoming.update }, crossing, doc)
  return typeof update === 'string' ? update : inspected(update, { lineage, epoch }, doc.store)
}

/**
 * The same in a document that is made of operations in an order of its own.
 *
 * @param epoch of the document.
 * @param crossing from the epoch before, for operations of that one.
 * @returns undefined if it is refused there.
 */
export function readInto(
  operation: NamedPayload,
  { lineage, epoch }: Naming,
  crossing: Crossing | undefined,
  doc: Y.Doc,
): Incoming | undefined {
  const isLate = operation.epoch !== epoch
  // Only who breaks the rules makes such once nobody keeps what leads on from there (rules CU1, CU6).
  if (epoch - operation.epoch > 1 || (isLate && crossing === undefined)) return undefined
  const named = { lineage, epoch: operation.epoch }
  if (crossing === undefined || !isLate) {
    const incoming = inspected(operation.payload, named, doc.store)
    return typeof incoming === 'string' ? undefined : incoming
  }
  const authored = inspected(operation.payload, named, crossing.store)
  if (typeof authored === 'string') return undefined
  const update = carriedOver({ ...operation, payload: authored.update }, crossing, doc)
  if (typeof update === 'string') return undefined
  const incoming = inspected(update, named, doc.store)
  return typeof incoming === 'string' ? undefined : incoming
}

function inspected(update: Uint8Array, naming: Naming, store: Y.Doc['store']): Incoming | string {
  const contents = inspectAboveCut(update, store)
  if (typeof contents === 'string') return contents
  return reservedFault(contents, naming) ?? { update: uncrossed(update, contents.crossedIds), contents }
}

function carriedOver({ payload, origin }: NamedPayload, crossing: Crossing, doc: Y.Doc): Uint8Array | string {
  try {
    return crossing.translate(payload, doc, origin)
  } catch (error) {
    if (error instanceof UntranslatableError) return error.message
    throw error
  }
}

/**
 * Nobody writes under a base's own id: not that of the payload's epoch, and not the next one, which the coming cut
 * will use. It depends on the payload and its epoch alone, so that everybody judges alike.
 */
function reservedFault({ sections }: UpdateContents, { lineage, epoch }: Naming): string | undefined {
  for (const reserved of [epoch, epoch + 1]) {
    const client = baseClientOf({ lineage, epoch: reserved })
    if (sections.has(client)) return `client ${client} is that of a base`
  }
  return undefined
}
