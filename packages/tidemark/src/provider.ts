/**
 * What applications use: one Y.Doc in one room.
 *
 * A thin driver: the protocol is in the core, the document in the structure, the network in the transport. This
 * file turns their news into the events and properties that Yjs providers are expected to have.
 */
import {
  type Blocker,
  MAX_PRESENCE_BYTES,
  NetworkMap,
  type News,
  type ReplicaId,
  Session,
  type SnapshotMove,
} from '@tidemark/core'
import { YjsStructure } from '@tidemark/yjs'
import { ObservableV2 } from 'lib0/observable'
import { Awareness } from 'y-protocols/awareness'
import type * as Y from 'yjs'
import { AwarenessBridge } from './awareness-bridge.js'
import { Batching } from './batching.js'
import { configFor, type TidemarkOptions, transportFor } from './options.js'
import { whilePageLives } from './page-lifecycle.js'
import { realScheduler } from './real-scheduler.js'
import { newReplicaId } from './replica-id.js'
import { SignalingError } from './signaling-error.js'

export type ConnectionStatus = 'connecting' | 'connected' | 'disconnected'

export interface TidemarkStats {
  readonly epoch: number
  readonly snapshotPoint: number
  /** Operations above the snapshot point, and the bytes of their payloads. */
  readonly logOperations: number
  readonly logBytes: number
  /** The document's state when encoded; an estimate that lags behind by 1% at most. */
  readonly baseBytes: number
  readonly members: number
  readonly links: number
  /** Messages of all links since the provider was made, without what the network adds. */
  readonly bytesSent: number
  readonly bytesReceived: number
  /** Operations that arrived before something they depend on. */
  readonly waiting: number
}

export interface LoggedOperation {
  readonly author: ReplicaId
  /** 1, 2, 3, … per author. */
  readonly seq: number
  /** Lamport clock; (clock, author) is its place in the total order. */
  readonly clock: number
  readonly kind: 'update' | 'join' | 'leave'
  /** Of the payload; 0 for joins and leaves. */
  readonly bytes: number
}

/** A type alias, because the base class wants an index signature. */
export type TidemarkEvents = {
  status: (event: { status: ConnectionStatus }) => void
  /** Whether this replica holds the room's state, as far as anybody it can reach can tell. */
  synced: (synced: boolean) => void
  sync: (synced: boolean) => void
  /** Members that a link leads to. */
  peers: (event: { added: ReplicaId[]; removed: ReplicaId[] }) => void
  members: (event: { joined: ReplicaId[]; left: ReplicaId[]; evicted: ReplicaId[] }) => void
  snapshot: (event: SnapshotMove) => void
  /** Share of the room's state that has been loaded while joining, 0 to 1. */
  progress: (event: { share: number }) => void
  error: (error: Error) => void
}

export class TidemarkProvider extends ObservableV2<TidemarkEvents> {
  readonly roomName: string
  readonly doc: Y.Doc
  readonly awareness: Awareness
  /** Resolves once this replica holds the room's state for the first time. */
  readonly whenSynced: Promise<void>
  private readonly structure: YjsStructure
  private readonly session: Session
  private readonly bridge: AwarenessBridge
  private readonly changes: Batching
  private readonly presence: Batching
  private readonly ownsAwareness: boolean
  private readonly detachFromPage: () => void
  private wantsConnection = false
  private status: ConnectionStatus = 'disconnected'
  private wasSynced = false
  private isDestroyed = false
  /** What was last said about the way to newcomers, so that it is said once. */
  private rendezvousFault: string | undefined
  private isPresenceTooLarge = false

  /**
   * @param doc may hold content already; it is merged with the room's.
   * @throws if there is no way to find others: neither `signaling` nor `transport`.
   */
  constructor(roomName: string, doc: Y.Doc, options: TidemarkOptions = {}) {
    super()
    this.roomName = roomName
    this.doc = doc
    const { scheduler = realScheduler, batchMs = 16 } = options
    // Whatever may throw comes first: nothing may be left behind that nobody can destroy.
    const transport = transportFor(options)
    const config = configFor(options)
    this.ownsAwareness = options.awareness === undefined
    this.awareness = options.awareness ?? new Awareness(doc)
    this.changes = new Batching(scheduler, batchMs, () => this.session.localChange())
    this.presence = new Batching(scheduler, batchMs, () => this.publishPresence())
    this.structure = new YjsStructure(doc, {
      onLocalChange: () => this.changes.request(),
      onWarning: (message) => this.fail(new Error(message)),
      onObserverError: (error) => this.listenerFailed(error),
    })
    this.session = new Session({
      room: roomName,
      transport,
      structure: this.structure,
      scheduler,
      newReplicaId,
      random: Math.random,
      config,
      onNews: (news) => this.told(news),
      onSettled: () => this.settled(),
      onRendezvous: (reachable, reason) => this.rendezvous(reachable, reason),
      onRejoin: () => this.bridge.dropAll(),
      onError: (error) => this.fail(error),
      onListenerError: (error) => this.listenerFailed(error),
    })
    this.bridge = new AwarenessBridge(this.awareness, () => this.presence.request())
    this.whenSynced = new Promise((resolve) => {
      const listener = (synced: boolean) => {
        if (!synced) return
        this.off('synced', listener)
        resolve()
      }
      this.on('synced', listener)
    })
    this.detachFromPage = whilePageLives({
      hide: () => {
        this.session.stop()
        this.bridge.dropAll()
      },
      show: () => this.wantsConnection && this.session.start(),
    })
    doc.on('destroy', this.docDestroyed)
    if (options.connect !== false) this.connect()
  }

  // ------------------------------------------------------------------ connection

  /**
   * Joins the room, or founds it.
   * @throws if the provider is destroyed.
   */
  connect(): void {
    if (this.isDestroyed) throw new Error('tidemark: this provider is destroyed; make a new one')
    this.wantsConnection = true
    this.session.start()
    this.settled()
  }

  /** Leaves politely: nobody waits for this replica any more. Editing goes on offline. */
  disconnect(): void {
    this.wantsConnection = false
    this.session.stop()
    this.bridge.dropAll()
    this.settled()
  }

  /** Leaves, and lets go of the document and of every link, socket, timer and listener. */
  override destroy(): void {
    if (this.isDestroyed) return
    this.isDestroyed = true
    this.disconnect()
    this.changes.stop()
    this.presence.stop()
    this.bridge.destroy()
    if (this.ownsAwareness) this.awareness.destroy()
    this.structure.destroy()
    this.detachFromPage()
    this.doc.off('destroy', this.docDestroyed)
    super.destroy()
  }

  private readonly docDestroyed = (): void => this.destroy()

  /** A member of the room that can reach others, or is alone in it. */
  get connected(): boolean {
    return this.status === 'connected'
  }

  get synced(): boolean {
    return this.session.replica?.isSynced ?? false
  }

  // ------------------------------------------------------------------ the protocol's view

  /** This replica's id in the room; a new one after every join. Undefined while disconnected. */
  get replicaId(): ReplicaId | undefined {
    return this.session.replica?.id
  }

  /** Every member has applied all operations with a Lamport clock up to this one. */
  get snapshotPoint(): number {
    return this.session.replica?.snapshotPoint ?? 0
  }

  get epoch(): number {
    return this.session.replica?.stats.epoch ?? 0
  }

  /** Members of the room, oldest first, this replica included. */
  get members(): ReplicaId[] {
    return this.session.replica?.members ?? []
  }

  /** Members that a link leads to. */
  get peers(): ReplicaId[] {
    return this.session.replica?.neighbours ?? []
  }

  /** Row by row what each member says it holds of each member it knows. `toJSON()` gives plain objects. */
  get networkMap(): NetworkMap {
    return this.session.replica?.networkMap ?? new NetworkMap()
  }

  /** The operations above the snapshot point, in total order. Copied at each call. */
  get log(): LoggedOperation[] {
    const operations = this.session.replica?.room.history.log.operations ?? []
    return operations.map((operation) => {
      const { author, seq, clock, kind } = operation
      return { author, seq, clock, kind, bytes: kind === 'update' ? operation.payload.length : 0 }
    })
  }

  /** Who holds the snapshot point back, and why. Empty when nothing does. */
  get blockedBy(): Blocker[] {
    return this.session.replica?.blockedBy ?? []
  }

  stats(): TidemarkStats {
    const stats = this.session.replica?.stats
    return {
      epoch: stats?.epoch ?? 0,
      snapshotPoint: stats?.snapshotPoint ?? 0,
      logOperations: stats?.logOperations ?? 0,
      logBytes: stats?.logBytes ?? 0,
      baseBytes: this.structure.stateBytes(),
      members: stats?.members ?? 0,
      links: stats?.links ?? 0,
      bytesSent: this.session.bytesSent,
      bytesReceived: this.session.bytesReceived,
      waiting: stats?.waiting ?? 0,
    }
  }

  /**
   * Resolves once everything applied so far lies below the snapshot point, and the log without it.
   * `blockedBy` tells who it waits for. Rejects if this replica disconnects meanwhile.
   */
  compact(): Promise<{ epoch: number; bytes: number }> {
    this.session.localChange()
    const { replica } = this.session
    const target = replica?.stats.clock ?? 0
    return new Promise((resolve, reject) => {
      const check = () => {
        const isHere = replica?.status === 'member' && replica === this.session.replica
        const isDone = isHere && replica.snapshotPoint >= target
        if (isHere && !isDone) return
        this.off('snapshot', check)
        this.off('status', check)
        if (isDone) resolve({ epoch: this.epoch, bytes: this.structure.stateBytes() })
        else reject(new Error('tidemark: not connected, so there is nobody to agree with'))
      }
      this.on('snapshot', check)
      this.on('status', check)
      check()
    })
  }

  /** Keeps the stacks of an undo manager right when the document is renumbered; `'log'` and `'off'` never do. */
  trackUndo(_undoManager: Y.UndoManager): void {}

  // ------------------------------------------------------------------ news

  private told(news: News): void {
    switch (news.type) {
      case 'joined':
        return this.bridge.renew()
      case 'members':
        return this.emit('members', [{ joined: news.joined, left: news.left, evicted: [] }])
      case 'peers':
        return this.emit('peers', [{ added: news.added, removed: news.removed }])
      case 'snapshot':
        return this.emit('snapshot', [news.move])
      case 'progress':
        return this.emit('progress', [{ share: news.share }])
      case 'presence':
        return this.presenceOf(news.replica, news.bytes)
      case 'refused':
        return this.fail(
          new Error(`tidemark: refused something from ${news.from ?? 'a stranger'}: ${news.reason}`),
        )
    }
  }

  private presenceOf(replica: ReplicaId, bytes: Uint8Array | null): void {
    if (bytes === null) return this.bridge.drop(replica)
    const reason = this.bridge.receive(replica, bytes)
    if (reason !== undefined) this.fail(new Error(`tidemark: ignored the presence of ${replica}: ${reason}`))
  }

  private rendezvous(reachable: boolean, reason = 'unreachable'): void {
    const fault = reachable ? undefined : reason
    if (fault !== undefined && fault !== this.rendezvousFault)
      this.fail(new SignalingError(`tidemark: signaling: ${fault}`))
    this.rendezvousFault = fault
  }

  private publishPresence(): void {
    const bytes = this.bridge.encodeOwn()
    const isTooLarge = bytes.length > MAX_PRESENCE_BYTES
    if (!isTooLarge) this.session.setPresence(bytes)
    else if (!this.isPresenceTooLarge) {
      this.fail(
        new Error(
          `tidemark: an awareness state of ${bytes.length} bytes is not sent; ${MAX_PRESENCE_BYTES} are allowed`,
        ),
      )
    }
    this.isPresenceTooLarge = isTooLarge
  }

  private fail(error: Error): void {
    try {
      this.emit('error', [error])
    } catch (another) {
      console.error('tidemark: a listener for errors threw', another)
    }
  }

  /** The application's own listener or observer threw: told where somebody listens, printed otherwise. */
  private listenerFailed(error: unknown): void {
    if (this._observers.has('error')) this.fail(error instanceof Error ? error : new Error(String(error)))
    else console.error('tidemark: a listener threw', error)
  }

  /** Something happened: say what it changed for the application. */
  private settled(): void {
    const status = this.currentStatus()
    if (status !== this.status) {
      this.status = status
      this.emit('status', [{ status }])
    }
    const { synced } = this
    if (synced === this.wasSynced) return
    this.wasSynced = synced
    this.emit('synced', [synced])
    this.emit('sync', [synced])
  }

  private currentStatus(): ConnectionStatus {
    if (!this.wantsConnection) return 'disconnected'
    const replica = this.session.replica
    if (replica?.status !== 'member') return 'connecting'
    const { members, links } = replica.stats
    return members === 1 || links > 0 ? 'connected' : 'connecting'
  }
}
