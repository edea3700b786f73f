/** What the oracle knows of one identity of a device. */
import type { Clock, Replica, ReplicaId } from '@tidemark/core'
import type { Holder } from './holder.js'
import type { Ledger } from './ledger.js'

export interface Witness {
  readonly id: ReplicaId
  readonly replica: Replica
  readonly holder: Holder
  readonly held: Map<ReplicaId, number>
  ledger: Ledger | undefined
  point: Clock
  epoch: number
  isMember: boolean
}
