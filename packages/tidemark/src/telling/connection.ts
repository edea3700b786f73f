/**
 * Whether there is a connection, and whether the room's state is here: told when it changes.
 */
import type { Replica } from '@tidemark/core'
import type { ObservableV2 } from 'lib0/observable'
import type { ConnectionStatus, TidemarkEvents } from '../events.js'

export class Connection {
  /** As the application knows it. */
  status: ConnectionStatus = 'disconnected'
  private wasSynced = false
  private readonly application: ObservableV2<TidemarkEvents>
  private readonly onSynced: () => void

  /** @param onSynced the room's state is here now; called before the application hears of it. */
  constructor(application: ObservableV2<TidemarkEvents>, onSynced: () => void) {
    this.application = application
    this.onSynced = onSynced
  }

  /** @param replica asked for again after each event, whose listeners may have connected or disconnected. */
  look(isWanted: boolean, replica: () => Replica | undefined): void {
    const status = isWanted ? statusOf(replica()) : 'disconnected'
    if (status !== this.status) {
      this.status = status
      this.application.emit('status', [{ status }])
    }
    const synced = replica()?.isSynced ?? false
    if (synced === this.wasSynced) return
    this.wasSynced = synced
    if (synced) this.onSynced()
    this.application.emit('synced', [synced])
    // A listener may have changed it, and all have heard of that.
    if (synced === this.wasSynced) this.application.emit('sync', [synced])
  }
}

/** Of a replica that is to be in the room. */
function statusOf(replica: Replica | undefined): ConnectionStatus {
  if (replica?.status !== 'member') return 'connecting'
  const { members, links } = replica.stats
  return members === 1 || links > 0 ? 'connected' : 'connecting'
}
