/**
 * Giving the live document the structure of another one, whatever the application's observers do meanwhile.
 *
 * Where one throws, the sequence goes on: Yjs raises the error out of the transaction once everything is done, so the
 * change itself is complete. A switch that stopped there would leave the document shown in one naming and stored in
 * another.
 */
import * as Y from 'yjs'
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
  options: Omit<MoveOptions, 'origin'>,
): boolean {
  const restore = outliveObserverErrors(doc, onObserverError)
  try {
    return moveInto(doc, next, table, { ...options, origin })
  } finally {
    restore()
  }
}

/** Until the returned function is called, the outermost transactions report such errors instead of raising them. */
function outliveObserverErrors(doc: Y.Doc, report: (error: unknown) => void): () => void {
  const transact: Y.Doc['transact'] = (change, origin = null) => {
    let result: { readonly value: ReturnType<typeof change> } | undefined
    try {
      return Y.transact(
        doc,
        (transaction) => {
          const value = change(transaction)
          result = { value }
          return value
        },
        origin,
      )
    } catch (error) {
      if (result === undefined) throw error
      report(error)
      return result.value
    }
  }
  // Shadows the method of the class.
  doc.transact = transact
  return () => {
    Reflect.deleteProperty(doc, 'transact')
  }
}
