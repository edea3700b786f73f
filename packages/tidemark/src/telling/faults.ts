/**
 * What goes wrong, told to the application: once where it would be said again and again, and never by throwing at whoever is
 * in the middle of something.
 */
import type { News, RoomMode } from '@tidemark/core'
import type { ObservableV2 } from 'lib0/observable'
import { otherIdentities, otherMode } from '../advice.js'
import type { TidemarkEvents } from '../events.js'
import type { CompactionMode } from '../options.js'
import { SignalingError } from '../signaling-error.js'

export interface OwnModes {
  readonly compaction: CompactionMode
  readonly hasIdentities: boolean
}

export class Faults {
  private readonly application: ObservableV2<TidemarkEvents>
  /** In what somebody was found to differ. */
  private readonly toldModes = new Set<RoomMode>()
  /** What was last said about the way to newcomers. */
  private rendezvousFault: string | undefined

  constructor(application: ObservableV2<TidemarkEvents>) {
    this.application = application
  }

  tell(error: Error): void {
    this.application.emit('error', [error])
  }

  /** The application's own listener or observer threw: told where somebody listens, printed otherwise. */
  listenerFailed(error: unknown, event?: string): void {
    if (event !== 'error' && this.application._observers.has('error'))
      this.tell(error instanceof Error ? error : new Error(String(error)))
    else console.error('tidemark: a listener threw', error)
  }

  refused(
    { from = 'a stranger', reason, differsIn }: Extract<News, { type: 'refused' }>,
    own: OwnModes,
  ): void {
    if (differsIn === undefined)
      return this.tell(new Error(`tidemark: refused something from ${from}: ${reason}`))
    // Whoever is turned away tries again and again, under another name each time.
    if (this.toldModes.has(differsIn)) return
    this.toldModes.add(differsIn)
    if (differsIn === 'compaction') this.tell(otherMode(from, own.compaction))
    else this.tell(otherIdentities(from, own.hasIdentities))
  }

  rendezvous(isReachable: boolean, reason = 'unreachable'): void {
    const fault = isReachable ? undefined : reason
    if (fault !== undefined && fault !== this.rendezvousFault)
      this.tell(new SignalingError(`tidemark: signaling: ${fault}`))
    this.rendezvousFault = fault
  }
}
