/**
 * Transactions that are complete whatever the application's observers do.
 *
 * Yjs raises an observer's error out of the transaction once everything is done: the change itself is in. Whoever
 * stopped there would leave undone what belongs to it.
 */
import * as Y from 'yjs'

export interface TransactionKind {
  readonly origin: unknown
  /** Whether this side's user is the author, and not somebody elsewhere. */
  readonly isLocal: boolean
  /** Without this what an observer throws is raised. */
  readonly onObserverError?: ((error: unknown) => void) | undefined
}

export function transact(
  doc: Y.Doc,
  change: (transaction: Y.Transaction) => void,
  { origin, isLocal, onObserverError }: TransactionKind,
): void {
  let isDone = false
  const changeAll = (transaction: Y.Transaction) => {
    change(transaction)
    isDone = true
  }
  try {
    Y.transact(doc, changeAll, origin, isLocal)
  } catch (error) {
    if (!isDone || onObserverError === undefined) throw error
    onObserverError(error)
  }
}
