/**
 * A cut that the application asks for, and how it learns what became of it.
 */
import type { Session } from '@tidemark/core'
import type { ObservableV2 } from 'lib0/observable'
import type { TidemarkEvents } from './events.js'

export interface Compactable {
  readonly session: Session
  /** The document is compacted; otherwise it is its log alone. */
  readonly isFull: boolean
}

/** Exactly one of the two is called: once all that is applied now is compacted, or when this replica is no member any more. */
export function compactNow(
  application: ObservableV2<TidemarkEvents>,
  { session, isFull }: Compactable,
  onDone: () => void,
  onFailed: (error: Error) => void,
): void {
  session.localChange()
  const { replica } = session
  const target = replica?.stats.clock ?? 0
  const event = isFull ? 'compacted' : 'snapshot'
  const check = () => {
    const isHere = replica?.status === 'member' && replica === session.replica
    const isDone = isHere && (isFull ? replica.stats.baseThrough : replica.snapshotPoint) >= target
    if (isHere && !isDone) return
    application.off(event, check)
    application.off('status', check)
    if (isDone) onDone()
    else onFailed(new Error('tidemark: not connected, so there is nobody to agree with'))
  }
  application.on(event, check)
  application.on('status', check)
  if (isFull) session.compact()
  check()
}
