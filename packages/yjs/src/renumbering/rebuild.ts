/**
 * A document made of a base and the operations above it.
 *
 * Invariants: after every step nothing is parked inside Yjs. An author's clocks go on where they were before the
 * cut, so the part below the author's first struct above it is one GC struct, made when that first struct comes.
 * Yjs' formatting clean-up stays off: it would delete marks that no operation deletes.
 */
import * as Y from 'yjs'
import { IdRanges } from '../id-ranges.js'
import { isParked, type StructStore } from '../store.js'
import { encodeUpdate, sectionsOf } from './update-encoding.js'

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

  /** What is added by `work` is one transaction: Yjs tidies up once, which takes longer than integrating a keystroke. */
  together(work: () => void): void {
    Y.transact(this.doc, work)
  }

  /**
   * @param update In the naming of the base.
   * @param starts if they are known.
   * @returns whether some of it was there, by another operation.
   * @throws if it names what is not there.
   */
  add(update: Uint8Array, starts?: Starts): boolean {
    const fresh = fitInto(this.doc, update, starts)
    Y.applyUpdate(this.doc, fresh)
    if (isParked(this.doc.store))
      throw new Error('An operation above a cut names what is neither in the base nor above it')
    return fresh !== update
  }
}

function suppressCleanup(transaction: Y.Transaction): void {
  transaction._needFormattingCleanup = false
}

/** Where the structs of each client begin in an update. */
export type Starts = ReadonlyMap<number, { readonly clock: number }>

/**
 * Makes room for an update's authors in a document that is about to integrate it.
 * @param starts if they are known: looking them up takes a tenth of what integrating takes.
 * @returns what of it is to be integrated.
 */
export function fitInto(doc: Y.Doc, update: Uint8Array, starts: Starts = startsOf(update)): Uint8Array {
  if (overlaps(starts, doc.store)) {
    const fresh = withoutKnown(update, doc.store)
    fillBelow(doc, fresh)
    return fresh
  }
  for (const [client, { clock }] of starts) fillTo(doc, client, clock)
  return update
}

function startsOf(update: Uint8Array): Starts {
  return new Map([...Y.parseUpdateMeta(update).from].map(([client, clock]) => [client, { clock }]))
}

/**
 * Without the structs that a document has: what several tell of one thing need not be the same, and what counts is
 * what was told first. Yjs leaves them out as well, but trips where half of a struct is there as collected.
 */
function withoutKnown(update: Uint8Array, store: StructStore): Uint8Array {
  const { structs, ds } = Y.decodeUpdate(update)
  const deletes = new IdRanges()
  deletes.addDeleteSet(ds)
  return encodeUpdate(
    sectionsOf(structs, (client) => Y.getState(store, client)),
    deletes,
  )
}

function overlaps(starts: Starts, store: StructStore): boolean {
  for (const [client, { clock }] of starts) if (clock < Y.getState(store, client)) return true
  return false
}

/** Makes room for an update's authors that the document does not know, up to the first clock they use. */
export function fillBelow(doc: Y.Doc, update: Uint8Array): void {
  for (const [client, clock] of Y.parseUpdateMeta(update).from) fillTo(doc, client, clock)
}

/**
 * Puts one GC struct below `clock`, above what the document holds of the client. Of one author several may bring different
 * parts: what lies between is part of a base under another name, to whoever left it out.
 */
export function fillTo(doc: Y.Doc, client: number, clock: number): void {
  const state = Y.getState(doc.store, client)
  if (clock <= state) return
  const filler = new Y.GC(Y.createID(client, state), clock - state)
  const structs = doc.store.clients.get(client)
  if (structs === undefined) doc.store.clients.set(client, [filler])
  else structs.push(filler)
}
