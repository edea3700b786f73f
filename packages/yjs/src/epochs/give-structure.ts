/**
 * Giving the live document the structure of another one, whatever the application's observers do meanwhile.
 *
 * Where one throws, the sequence goes on: a switch that stopped there would leave the document shown in one naming and
 * stored in another.
 */
import type * as Y from 'yjs'
import { type IdTranslation, type MoveOptions, moveInto } from '../renumbering/index.js'

interface Application {
  readonly doc: Y.Doc
  /** Of the transaction that shows a difference. */
  readonly origin: unknown
  readonly onObserverError: (error: unknown) => void
}

/** @returns whether anything visible has changed. */
export function giveStructure(
  { doc, origin, onObserverError }: Application,
  next: Y.Doc,
  table: IdTranslation,
  options: Omit<MoveOptions, 'origin' | 'onObserverError'>,
): boolean {
  return moveInto(doc, next, table, { ...options, origin, onObserverError })
}
