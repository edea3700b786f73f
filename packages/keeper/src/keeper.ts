/**
 * A member of a room that is always there: it takes part like any other, shows its document to nobody, and stores it,
 * so that the room outlives its tabs. The protocol gives it no special role, and the room goes on without it.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import wrtc from '@roamhq/wrtc'
import { type CompactionMode, TidemarkProvider } from 'tidemark'
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
  /** The room's, as the other members have it. */
  readonly password?: string
  readonly iceServers?: readonly RTCIceServer[]
  /** As the other members of the room have it. Default `'full'`. */
  readonly compaction?: CompactionMode
  /** Whether members have identities, as the others have it. Default false. */
  readonly identities?: boolean
  /** Silence in milliseconds after which a member is suspected of being gone. Default 5000. */
  readonly suspectAfterMs?: number
  /** What is worth a line for whoever runs it. */
  readonly tell: (line: string) => void
  readonly onError: (error: Error) => void
}

/** So long the links live on after we left, to carry the last words. */
const FAREWELL_MS = 1000

export class Keeper {
  readonly provider: TidemarkProvider
  private readonly options: KeeperOptions
  private wasConnected = false
  private readonly puttingAside = new Set<Promise<void>>()

  constructor(options: KeeperOptions) {
    const { room, signaling, dir, token, password, iceServers, suspectAfterMs, compaction } = options
    const { identities = false } = options
    this.options = options
    this.provider = new TidemarkProvider(room, new Y.Doc(), {
      signaling,
      storage: fileStorage(dir),
      peerOptions: { wrtc },
      connect: false,
      identities,
      ...(compaction !== undefined && { compaction }),
      ...(token !== undefined && { token }),
      ...(password !== undefined && { password }),
      ...(iceServers !== undefined && { iceServers }),
      ...(suspectAfterMs !== undefined && { suspectAfterMs }),
    })
    this.listen()
  }

  /** Enters the room, once it is certain that it can be stored. @throws if the folder can not be used. */
  async open(): Promise<void> {
    await this.provider.whenSaved()
    this.provider.connect()
  }

  /**
   * Leaves politely, and lets go of the folder. Resolves once everything is stored and the others have been told.
   * @throws if the last write fails: whoever ends the process does not wait for a disk to have room again.
   */
  async close(): Promise<void> {
    const { provider } = this
    const isLinked = provider.peers.length > 0
    provider.destroy()
    provider.doc.destroy()
    const farewell = isLinked ? new Promise((resolve) => setTimeout(resolve, FAREWELL_MS)) : undefined
    try {
      await provider.whenSaved()
    } finally {
      await Promise.all([farewell, ...this.puttingAside])
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
    provider.on('orphaned', ({ document }) => {
      const putting = this.putAside(Y.encodeStateAsUpdate(document))
      this.puttingAside.add(putting)
      void putting.finally(() => this.puttingAside.delete(putting))
    })
  }

  /** What was stored holds something that the room can not take back: somebody may want to look for it. */
  private async putAside(update: Uint8Array): Promise<void> {
    const { room, dir, onError } = this.options
    const file = join(dir, orphanName(room, Date.now()))
    const outcome = await writeFile(file, update).then(
      () => `is in ${file}, as a Yjs update`,
      (fault: unknown) => `could not be written to ${file}: ${String(fault)}`,
    )
    onError(
      new Error(
        `the room went on too long without this keeper to take all of its document back. It ${outcome}`,
      ),
    )
  }

  private tell(what: string): void {
    this.options.tell(`${this.options.room}: ${what}`)
  }
}

const named = (what: string, members: readonly string[]) => members.map((member) => `${member} ${what}`)

/** File systems take 255 bytes, and a letter may need nine: what is left of a long name tells people which room it is. */
const MAX_ROOM_LENGTH = 150

export function orphanName(room: string, timeMs: number): string {
  const name = encodeURIComponent(room).slice(0, MAX_ROOM_LENGTH)
  return `orphaned-${name}-${timeMs}.yjs`
}
