/**
 * Lets a sequence of steps on a document go on when an observer of the application throws.
 *
 * Yjs raises the error out of the transaction once everything is done, so the change itself is complete. A swap that
 * stopped there would leave the document shown in one naming and stored in another.
 */
import * as Y from 'yjs'

/** Until the returned function is called, the outermost transactions report such errors instead of raising them. */
export function outliveObserverErrors(doc: Y.Doc, report: (error: unknown) => void): () => void {
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
