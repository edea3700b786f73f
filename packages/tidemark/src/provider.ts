/**
 * What applications use: one Y.Doc in one room.
 *
 * A thin driver: the protocol is in the core, the document in the structure, the network in the transport. This
 * file turns their news into the events and properties that Yjs providers are expected to have.
 */
import {
  type Blocker,
  type ExecutedCut,
  MAX_PRESENCE_BYTES,
  NetworkMap,
  type News,
  type ReplicaId,
  type Scheduler,
  Session,
} from '@tidemark/core'
import { YjsStructure } from '@tidemark/yjs'
import { ObservableV2 } from 'lib0/observable'
import { Awareness } from 'y-protocols/awareness'
import type * as Y from 'yjs'
import { foreignChanges, otherBase, otherHistory, otherSecret } from './advice.js'
import { AwarenessBridge } from './awareness-bridge.js'
import { Batching } from './batching.js'
import { compactNow } from './compacting.js'
import type { LoggedOperation, TidemarkEvents, TidemarkStats, TidemarkStatus } from './events.js'
import { Identities } from './identity/identities.js'
import {
  type CompactionMode,
  compactionModeOf,
  configFor,
  type TidemarkOptions,
  transportFor,
} from './options.js'
import { whilePageLives } from './page-lifecycle.js'
import { type TranslatePosition, translatePositions } from './position-translation.js'
import { realScheduler } from './real-scheduler.js'
import { newReplicaId } from './replica-id.js'
import { Keeping } from './storage/keeping.js'
import type { DocumentStorage } from './storage/storage.js'
import { Company } from './telling/company.js'
import { Connection } from './telling/connection.js'
import { Faults } from './telling/faults.js'
import { timed } from './timed-structure.js'
import { Unsynced } from './unsynced.js'

/** A frame has 16 ms, and collecting garbage may come on top. */
const CUT_SLICE_MS = 3
/** What can not be taken in because the document is in the middle of something. */
const RETRY_MS = 500

export class TidemarkProvider extends ObservableV2<TidemarkEvents> {
  readonly roomName: string
  readonly doc: Y.Doc
  readonly awareness: Awareness
  /** Resolves once this replica holds the room's state for the first time. */
  readonly whenSynced: Promise<void>
  /** Resolves once the document holds what storage had of it; at once without storage. */
  readonly whenLoaded: Promise<void>
  private readonly compaction: CompactionMode
  private readonly scheduler: Scheduler
  private readonly structure: YjsStructure
  private readonly session: Session
  private readonly bridge: AwarenessBridge
  private readonly changes: Batching
  private readonly presence: Batching
  private readonly saves: Batching
  private readonly unsynced = new Unsynced()
  private readonly faults = new Faults(this)
  private readonly company = new Company(this)
  private readonly connection = new Connection(this, () => {
    this.scheduler.at(this.scheduler.now(), () => this.inRoom())
  })
  private readonly keeping: Keeping | undefined
  private readonly identities: Identities | undefined
  private readonly ownsAwareness: boolean
  private readonly detachFromPage: () => void
  private wantsConnection = false
  /** Whether the room may be looked for: not before storage has been read, and ids can be made. */
  private isReady = true
  private isLoaded = true
  private isDestroyed = false
  private wasInRoom = false
  private lastPauseMs = 0
  private isPresenceTooLarge = false

  /**
   * @param doc may hold content already; it is merged with the room's.
   * @throws if there is no way to find others (neither `signaling` nor `transport`), a password can not be used, or a number
   * makes no sense.
   */
  constructor(roomName: string, doc: Y.Doc, options: TidemarkOptions = {}) {
    super()
    this.roomName = roomName
    this.doc = doc
    const { scheduler = realScheduler, batchMs = 16, storage } = options
    // Whatever may throw comes first: nothing may be left behind that nobody can destroy.
    const transport = transportFor(options, (mismatch) => this.faults.tell(otherSecret(mismatch)))
    const config = configFor(options)
    this.compaction = compactionModeOf(options)
    this.scheduler = scheduler
    this.ownsAwareness = options.awareness === undefined
    this.changes = new Batching(scheduler, batchMs, () => this.session.localChange())
    this.presence = new Batching(scheduler, batchMs, () => this.publishPresence())
    this.saves = new Batching(scheduler, batchMs, () => this.keeping?.save())
    this.structure = new YjsStructure(doc, {
      compaction: this.compaction === 'full' ? 'full' : 'fixed',
      onLocalChange: () => {
        this.unsynced.changed()
        this.changes.request()
      },
      onWarning: (message) => this.faults.tell(new Error(message)),
      onObserverError: (error) => this.faults.listenerFailed(error),
      onEpoch: ({ translatePosition }) => this.renumbered(translatePosition),
      onForeign: (origin) => this.faults.tell(foreignChanges(origin)),
      onOrphaned: (document) => this.emit('orphaned', [{ document }]),
      ...(storage && { onUnsaved: () => this.saves.request() }),
    })
    // The document may have got another client id with that.
    this.awareness = options.awareness ?? new Awareness(doc)
    followClient(this.awareness)
    const onError = (error: Error) => this.faults.tell(error)
    const identities = options.identities ? new Identities({ scheduler, onError }) : undefined
    this.identities = identities
    const keeping = storage && this.keep(storage)
    this.keeping = keeping
    this.startOnce([keeping?.whenReady, identities?.whenLoaded])
    this.whenLoaded = this.load()
    this.session = new Session({
      room: roomName,
      transport,
      structure: timed(this.structure, {
        now: () => performance.now(),
        sliceMs: CUT_SLICE_MS,
        onCommit: (ms) => {
          this.lastPauseMs = ms
        },
      }),
      scheduler,
      newReplicaId: () => this.keeping?.takeId() ?? this.newId(),
      signaturesOf: identities && ((id) => identities.signaturesOf(id)),
      random: Math.random,
      config,
      // What an earlier page or process of this device was in the room; asked for whenever an identity begins.
      get retiredIds() {
        return keeping?.formerIds ?? []
      },
      get formerBase() {
        return keeping?.formerBase
      },
      onNews: (news) => this.told(news),
      onSettled: () => this.settled(),
      onRendezvous: (reachable, reason) => this.faults.rendezvous(reachable, reason),
      onRejoin: () => this.bridge.dropAll(),
      onError: (error) => this.faults.tell(error),
      onListenerError: (error) => this.faults.listenerFailed(error),
    })
    this.bridge = new AwarenessBridge(this.awareness, {
      publish: () => this.presence.request(),
      epoch: () => this.structure.epochs?.namings[0]?.epoch ?? 0,
      translate: (position, fromEpoch) => this.structure.translatePosition(position, fromEpoch),
      onListenerError: (error) => this.faults.listenerFailed(error),
    })
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
        this.keeping?.flush()
      },
      show: () => this.start(),
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
    this.start()
    this.settled()
  }

  private startOnce(conditions: readonly (Promise<void> | undefined)[]): void {
    const awaited = conditions.filter((condition) => condition !== undefined)
    if (awaited.length === 0) return
    this.isReady = false
    void Promise.all(awaited).then(() => {
      this.isReady = true
      this.start()
    })
  }

  /** Not before storage has been read: who comes with half of a document would bring the other half as something new. */
  private start(): void {
    if (this.wantsConnection && this.isReady && !this.isDestroyed) this.session.start()
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
    this.saves.stop()
    this.keeping?.close()
    this.identities?.close()
    this.bridge.destroy()
    this.structure.destroy()
    this.detachFromPage()
    this.doc.off('destroy', this.docDestroyed)
    super.destroy()
    // Last, because listeners of the application's hear of it, and may throw.
    if (this.ownsAwareness) this.awareness.destroy()
  }

  /** One listener that throws keeps neither the others nor the provider itself from hearing. */
  override emit<Name extends keyof TidemarkEvents & string>(
    name: Name,
    args: Parameters<TidemarkEvents[Name]>,
  ): void {
    for (const listener of [...(this._observers.get(name) ?? [])]) {
      // An earlier one may have taken this one away, or destroyed the provider.
      if (!this._observers.get(name)?.has(listener)) continue
      try {
        listener(...args)
      } catch (error) {
        this.faults.listenerFailed(error, name)
      }
    }
  }

  private newId(): ReplicaId {
    return this.identities?.newId() ?? newReplicaId()
  }

  private readonly docDestroyed = (): void => this.destroy()

  /** A member of the room that can reach others, or is alone in it. */
  get connected(): boolean {
    return this.connection.status === 'connected'
  }

  get synced(): boolean {
    return this.session.replica?.isSynced ?? false
  }

  // ------------------------------------------------------------------ storage

  /** Whether the document holds what storage had of it. True without storage. */
  get loaded(): boolean {
    return this.isLoaded
  }

  /**
   * Resolves once everything so far is stored, and would be found again after a crash. Waits for as long as writing fails;
   * rejects if the storage could not be read, so that nothing is stored at all. Resolves at once without storage.
   * After `destroy()` it tells how the last write ended: everything up to then is stored, or it rejects.
   */
  whenSaved(): Promise<void> {
    return this.keeping?.whenSaved() ?? Promise.resolve()
  }

  /**
   * Forgets what is stored of the document (but for what other tabs have open), and stores nothing more of it until there
   * is a new provider. The document itself, and the room, stay.
   */
  clearStorage(): Promise<void> {
    return this.keeping?.clear() ?? Promise.resolve()
  }

  private keep(storage: DocumentStorage): Keeping {
    this.isLoaded = false
    const { scheduler, structure, roomName: room } = this
    const lastBase = () => this.session.replica?.lastBase
    const isEmpty = () => this.doc.store.clients.size === 0
    // No event comes after `destroy`, and what was lost with the last write must not go unheard.
    const onError = (error: Error) => (this.isDestroyed ? console.error(error) : this.faults.tell(error))
    const ids = { newReplicaId: () => this.newId(), whenIds: this.identities?.whenLoaded }
    return new Keeping({ storage, room, structure, isEmpty, scheduler, ...ids, lastBase, onError })
  }

  private async load(): Promise<void> {
    if (this.keeping === undefined) return
    await this.keeping.whenLoaded
    this.isLoaded = true
    if (!this.isDestroyed) this.emit('loaded', [])
  }

  /** Not within what told it: others are still being told. */
  private inRoom(): void {
    if (this.isDestroyed || !this.synced || this.keeping === undefined) return
    if (!this.keeping.inRoom()) this.scheduler.at(this.scheduler.now() + RETRY_MS, () => this.inRoom())
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

  /** Who holds the snapshot point back, or a cut that is due, and why. Empty when nothing does. */
  get blockedBy(): Blocker[] {
    return this.session.replica?.blockedByAt(this.scheduler.now()) ?? []
  }

  /** What is going on: a plain object, made anew at each call. */
  get status(): TidemarkStatus {
    const eviction = this.session.replica?.eviction(this.scheduler.now())
    const forksInMs = eviction?.forksInMs
    return {
      connection: this.connection.status,
      waitingFor: this.blockedBy,
      mayDecide: eviction?.mayDecide ?? false,
      suspects: eviction?.suspects ?? [],
      evictions: eviction?.evictions ?? [],
      unsynced: this.unsynced.count,
      ...(forksInMs !== undefined && { forksInMs }),
    }
  }

  stats(): TidemarkStats {
    const stats = this.session.replica?.stats
    return {
      epoch: stats?.epoch ?? 0,
      snapshotPoint: stats?.snapshotPoint ?? 0,
      logOperations: stats?.logOperations ?? 0,
      logBytes: stats?.logBytes ?? 0,
      segmentOperations: stats?.segmentOperations ?? 0,
      segmentBytes: stats?.segmentBytes ?? 0,
      baseBytes: this.structure.stateBytes(),
      members: stats?.members ?? 0,
      links: stats?.links ?? 0,
      bytesSent: this.session.bytesSent,
      bytesReceived: this.session.bytesReceived,
      waiting: stats?.waiting ?? 0,
      storedBytes: this.keeping?.bytes ?? 0,
    }
  }

  /**
   * Compacts now, everything applied so far included, and resolves once this replica has done it: with `'full'` the
   * document, with `'log'` the log. With `'off'` it resolves once everybody holds what was applied. `blockedBy`
   * tells who it waits for. Rejects if this replica disconnects meanwhile. Seldom needed: rooms are compacted when
   * it pays. Unlike that, this does not spare what was deleted just now: it can no longer be undone.
   */
  compact(): Promise<{ epoch: number; bytes: number }> {
    return new Promise((resolve, reject) => {
      // As with local changes: not within a call that may come from the middle of an editor's update.
      this.scheduler.at(this.scheduler.now(), () => {
        const { session } = this
        const done = () => ({ epoch: this.epoch, bytes: this.structure.stateBytes() })
        compactNow(this, { session, isFull: this.compaction === 'full' }, () => resolve(done()), reject)
      })
    })
  }

  /**
   * Keeps an undo manager of this document working when the document is compacted. Call it for each one, whatever
   * the mode, and again for another provider of the document. What was deleted more than `undoHorizonMs` ago can no longer be brought back;
   * nor is what was put in its place taken away then. The other steps stay.
   * @returns a function that stops it.
   */
  trackUndo(undoManager: Y.UndoManager): () => void {
    return this.structure.trackUndo(undoManager)
  }

  // ------------------------------------------------------------------ news

  private told(news: News): void {
    this.company.noticeIdentity(this.session.replica)
    switch (news.type) {
      case 'joined':
        return this.joined(news.carriedBytes)
      case 'members':
        return this.company.membersChanged(news)
      case 'peers':
        return this.company.peersChanged(news)
      case 'snapshot':
        return this.emit('snapshot', [news.move])
      case 'cut':
        return this.compacted(news.cut)
      case 'progress':
        return this.emit('progress', [{ share: news.share }])
      case 'presence':
        return this.presenceOf(news.replica, news.bytes)
      case 'alarm':
        return this.faults.tell((news.of === 'history' ? otherHistory : otherBase)(news.from, news.reason))
      case 'refused':
        return this.faults.refused(news, {
          compaction: this.compaction,
          hasIdentities: this.identities !== undefined,
        })
    }
  }

  private joined(carried: number): void {
    const isBack = this.wasInRoom || (this.keeping?.formerIds.length ?? 0) > 0
    this.wasInRoom = true
    this.unsynced.joined(this.session.replica)
    this.keeping?.noteBase()
    this.bridge.renew()
    // Whoever finds nobody has come back to nothing.
    if (isBack && this.members.length > 1) this.emit('returned', [{ carried }])
  }

  private compacted({ epoch, bytesBefore, bytesAfter }: ExecutedCut): void {
    this.emit('compacted', [{ epoch, bytesBefore, bytesAfter, pauseMs: this.lastPauseMs }])
  }

  private renumbered(translate: TranslatePosition): void {
    this.bridge.renamed(translate)
    this.emit('renumbered', [{ translate: (value) => translatePositions(value, translate) }])
  }

  private presenceOf(replica: ReplicaId, bytes: Uint8Array | null): void {
    if (bytes === null) return this.bridge.drop(replica)
    const reason = this.bridge.receive(replica, bytes)
    if (reason !== undefined)
      this.faults.tell(new Error(`tidemark: ignored the presence of ${replica}: ${reason}`))
  }

  private publishPresence(): void {
    const bytes = this.bridge.encodeOwn()
    const isTooLarge = bytes.length > MAX_PRESENCE_BYTES
    if (!isTooLarge) this.session.setPresence(bytes)
    else if (!this.isPresenceTooLarge) {
      this.faults.tell(
        new Error(
          `tidemark: an awareness state of ${bytes.length} bytes is not sent; ${MAX_PRESENCE_BYTES} are allowed`,
        ),
      )
    }
    this.isPresenceTooLarge = isTooLarge
  }

  /** Something happened: say what it changed for the application. */
  private settled(): void {
    this.company.noticeIdentity(this.session.replica)
    this.connection.look(this.wantsConnection, () => this.session.replica)
  }
}

/** Bindings take the state under the document's client id for their own. */
function followClient(awareness: Awareness): void {
  const { clientID } = awareness.doc
  if (awareness.clientID === clientID) return
  const state = awareness.getLocalState()
  awareness.setLocalState(null)
  awareness.clientID = clientID
  awareness.setLocalState(state)
}
