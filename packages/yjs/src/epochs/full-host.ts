/** What full compaction needs of the structure it belongs to, and what it tells. */
import type * as Y from 'yjs'
import type { LocalChanges } from '../local-changes.js'

/** Everything that cursors and the like need to follow the document into another naming. */
export interface EpochChange {
  readonly from: number
  readonly to: number
  /** @returns null if what contained the position is gone. */
  translatePosition(position: Y.RelativePosition): Y.RelativePosition | null
  readonly changedVisibly: boolean
}

export interface FullHost {
  readonly doc: Y.Doc
  readonly changes: LocalChanges
  /** Of transactions whose changes are not sent. */
  readonly origin: unknown
  /** Bytes of the state, roughly. */
  stateBytes(): number
  /** Integrates what has passed the gate. */
  integrate(update: Uint8Array, isLoading: boolean): void
  /** The document has got another structure, of about this size. */
  onSwitched(bytes: number): void
  /** Ids are called otherwise than before; what they refer to stays. */
  onNamed(): void
  /** Ids refer to something else than before. */
  onRenumbered(): void
  onLocalChange(): void
  readonly onObserverError: (error: unknown) => void
  onEpoch(change: EpochChange): void
  onOrphaned(document: Y.Doc): void
}
