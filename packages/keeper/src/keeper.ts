/**
 * A member of a room that is always there: it takes part like any other, shows its document to nobody, and stores it,
 * so that the room outlives its tabs. The protocol gives it no special role, and the room goes on without it.
 */
import wrtc from '@roamhq/wrtc'
import { TidemarkProvider } from 'tidemark'
import { fileStorage } from 'tidemark/node'
import * as Y from 'yjs'

export interface KeeperOptions {
  readonly room: string
  /** URL of the signaling server, or several that are tried in turn. */
  readonly signaling: string | readonly string[]
  /** Folder for the documents. One process at a time may have it. */
  readonly dir: string
  /** Handed to the signaling server, which may ask for it. */
  readonly token?: string
  readonly iceServers?: readonly RTCIceServer[]
  /** Silence in milliseconds after which a member is suspected of being gone. Default 5000. */
  readonly suspectAfterMs?: number
  /** What is worth a line for whoever runs it. */
  readonly tell: (line: string) => void
  readonly onError: (error: Error) => void
}

export class Keeper {
  readonly provider: TidemarkProvider
  private readonly options: KeeperOptions
  private wasConnected = false

  /** @throws if the folder can not be used at all. */
  constructor(options: KeeperOptions) {
    const { room, signaling, dir, token, iceServers, suspectAfterMs } = options
    this.options = options
    this.provider = new TidemarkProvider(room, new Y.Doc(), {
      signaling,
      storage: fileStorage(dir),
      peerOptions: { wrtc },
      ...(token !== undefined && { token }),
      ...(iceServers !== undefined && { iceServers }),
      ...(suspectAfterMs !== undefined && { suspectAfterMs }),
    })
    this.listen()
  }

  /** Leaves politely, and lets go of the folder. Resolves once everything is stored. */
  async close(): Promise<void> {
    const { provider } = this
    provider.disconnect()
    try {
      await provider.whenSaved()
    } finally {
      provider.destroy()
      provider.doc.destroy()
    }
  }

  private listen(): void {
    const { provider } = this
    provider.on('error', (error) => this.options.onError(error))
    provider.on('loaded', () => {
      const { storedBytes = 0 } = provider.stats()
      this.tell(storedBytes === 0 ? 'nothing stored yet' : `${storedBytes} bytes found`)
    })
    provider.on('status', ({ status }) => {
      if (status === 'connected' && !this.wasConnected) this.tell(`in the room as ${provider.replicaId}`)
      if (status !== 'connected' && this.wasConnected) this.tell(status)
      this.wasConnected = status === 'connected'
    })
    provider.on('members', ({ joined, left, evicted }) => {
      const changes = [...named('joined', joined), ...named('left', left), ...named('evicted', evicted)]
      this.tell(`${changes.join(', ')}; ${provider.members.length} in the room`)
    })
    provider.on('compacted', ({ epoch, bytesBefore, bytesAfter }) => {
      this.tell(`compacted from ${bytesBefore} to ${bytesAfter} bytes, epoch ${epoch}`)
    })
    provider.on('orphaned', () => this.tell('what was stored could not be placed in the room’s document'))
  }

  private tell(what: string): void {
    this.options.tell(`${this.options.room}: ${what}`)
  }
}

const named = (what: string, members: readonly string[]) => members.map((member) => `${member} ${what}`)
