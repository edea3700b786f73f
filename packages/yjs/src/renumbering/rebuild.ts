/**
 * A document made of a base and the operations above it.
 *
 * Invariants: after every step nothing is parked inside Yjs. An author's clocks go on where they were before the
 * cut, so the part below the author's first struct above it is one GC struct, made when that first struct comes.
 * Yjs' formatting clean-up stays off: it would delete marks that no operation deletes.
 */
import * as Y from 'yjs'
import { isParked } from '../store.js'
import { Retargeter } from './retarget.js'

/** An operation in the naming of the base's epoch. */
export interface WindowOperation {
  readonly update: Uint8Array
  /** Whether it was authored in an earlier epoch: then its neighbours are retargeted. */
  readonly translated: boolean
}

export interface Base {
  /** Updates, to be applied in this order. */
  readonly pieces: readonly Uint8Array[]
  readonly client: number
}

/**
 * Builds the document at the end of `window`: the document that a replica shows, or, from the operations up to a
 * cut in total order, the one to be flattened. It keeps the content of what the window deletes; `moveInto`
 * collects what nobody holds on to.
 *
 * @param window In an order in which each operation follows those it depends on.
 */
export function rebuild(base: Base, window: Iterable<WindowOperation>): Y.Doc {
  const rebuilding = new Rebuilding(base.client)
  for (const piece of base.pieces) rebuilding.addPiece(piece)
  for (const operation of window) rebuilding.addOperation(operation)
  return rebuilding.doc
}

/** The same in steps: all pieces of the base, then the operations; each call is a bounded part of the work. */
export class Rebuilding {
  /** Nobody else may edit it. */
  readonly doc = new Y.Doc({ gc: false })
  readonly #retargeter: Retargeter

  /** @param client The base's synthetic client id. */
  constructor(client: number) {
    this.#retargeter = new Retargeter(this.doc, client)
    this.doc.on('afterTransaction', suppressCleanup)
  }

  addPiece(piece: Uint8Array): void {
    integrate(this.doc, piece)
  }

  addOperation({ update, translated }: WindowOperation): void {
    integrate(this.doc, translated ? this.#retargeter.retarget(update) : update)
  }
}

function suppressCleanup(transaction: Y.Transaction): void {
  transaction._needFormattingCleanup = false
}

function integrate(doc: Y.Doc, update: Uint8Array): void {
  fillBelow(doc, update)
  Y.applyUpdate(doc, update)
  if (isParked(doc.store))
    throw new Error('An operation above a cut names what is neither in the base nor above it')
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
