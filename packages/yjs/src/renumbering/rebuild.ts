/**
 * A document made of a base and the operations above it.
 *
 * Invariants: after every step nothing is parked inside Yjs. An author's clocks go on where they were before the
 * cut, so the part below the author's first struct above it is one GC struct, made when that first struct comes.
 * Yjs' formatting clean-up stays off: it would delete marks that no operation deletes.
 */
import * as Y from 'yjs'
import { isParked } from '../store.js'

export interface Base {
  /** Updates, to be applied in this order. */
  readonly pieces: readonly Uint8Array[]
  readonly client: number
}

/**
 * First the pieces of a base, then the operations above it, in an order in which each follows those it depends on: the
 * document that a replica shows, or, from the operations up to a cut in total order, the one to be flattened. It keeps
 * the content of what they delete; `moveInto` collects what nobody holds on to.
 */
export class Rebuilding {
  /** Nobody else may edit it. */
  readonly doc = new Y.Doc({ gc: false })

  constructor() {
    this.doc.on('afterTransaction', suppressCleanup)
  }

  /** @param update In the naming of the base. @throws if it names what is not there. */
  add(update: Uint8Array): void {
    fillBelow(this.doc, update)
    Y.applyUpdate(this.doc, update)
    if (isParked(this.doc.store))
      throw new Error('An operation above a cut names what is neither in the base nor above it')
  }
}

function suppressCleanup(transaction: Y.Transaction): void {
  transaction._needFormattingCleanup = false
}

/** Makes room for an update's authors that the document does not know, up to the first clock they use. */
export function fillBelow(doc: Y.Doc, update: Uint8Array): void {
  for (const [client, clock] of Y.parseUpdateMeta(update).from) fillTo(doc, client, clock)
}

/** Puts one GC struct below `clock`, unless the document holds structs of the client. */
export function fillTo(doc: Y.Doc, client: number, clock: number): void {
  if (clock === 0 || doc.store.clients.has(client)) return
  doc.store.clients.set(client, [new Y.GC(Y.createID(client, 0), clock)])
}
