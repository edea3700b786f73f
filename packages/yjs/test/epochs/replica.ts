/** A member of a random room: what stands in for the protocol at one replica. See room.ts. */
import type { CutWork, NamedPayload } from '@tidemark/core'
import * as Y from 'yjs'
import { YjsStructure } from '../../src/index.js'
import { newDocument, perform } from '../documents.js'
import { contentOf } from '../renumbering/content.js'
import { Mirror } from '../renumbering/mirror.js'

/** Small, so that even these states take several pieces. */
const PIECE_BYTES = 200

export interface Operation extends NamedPayload {
  readonly author: number
  readonly seq: number
  readonly clock: number
  readonly deps: ReadonlyMap<number, number>
  /** Of a cut: up to which clock it reaches. */
  readonly through: number | undefined
}

/**
 * Of ../documents.ts, those that neither insert nor delete what can be merged: Yjs (13.6) would merge it while it cleans
 * up the transaction that is being answered, and leave it out of the answer's own event.
 */
const ANSWERS = [5, 6, 7, 12]

const NO_PAYLOAD = new Uint8Array()
const inTotalOrder = (a: Operation, b: Operation) => a.clock - b.clock || a.author - b.author

/** What a replica is told and asked by the room it is in. */
export interface Surroundings {
  anyEdit(): Parameters<typeof perform>[1]
  oneOf(choices: readonly number[]): number
  broadcast(from: Replica, operation: Operation): void
  checkBase(epoch: number, fingerprint: Uint8Array): void
  beforeCommit(replica: Replica): void
  afterCommit(replica: Replica): void
}

interface Load {
  readonly pieces: readonly Uint8Array[]
  readonly operations: readonly Operation[]
  readonly applied: ReadonlyMap<number, number>
  readonly clock: number
  readonly baseThrough: number
}

export class Replica {
  id: number
  readonly doc: Y.Doc
  readonly structure: YjsStructure
  readonly tokens: Y.Text
  readonly mirror: Mirror
  readonly undo: Y.UndoManager
  readonly orphans: Y.Doc[] = []
  applied = new Map<number, number>()
  clock = 0
  /** The clock at which it entered its epoch: everything it authored before is at or below it. */
  enteredAt = 0
  isOnline = true
  isAnswering = false
  #answers = 0
  visibleChanges = 0
  /** How often it got what several had brought in another order than that which counts. */
  untangled = 0
  /** Everything applied above the base, in the order of arrival. */
  log: Operation[] = []
  #room: Surroundings
  #waiting: Operation[] = []
  #load: Load | undefined
  #work: { readonly cut: Operation; readonly work: CutWork; readonly above: Operation[] } | undefined

  constructor(room: Surroundings, id: number) {
    this.#room = room
    this.id = id
    this.doc = newDocument(2 ** 31 + id)
    this.structure = new YjsStructure(this.doc, {
      compaction: 'full',
      onLocalChange: () => {},
      onOrphaned: (document) => this.orphans.push(document),
      onEpoch: ({ changedVisibly }) => {
        if (changedVisibly) this.visibleChanges++
      },
      onObserverError: (error) => {
        throw error
      },
      onUnsaved: () => {},
    })
    this.doc.clientID = 2 ** 31 + id
    const { doc } = this
    this.tokens = doc.getText('tokens')
    const roots = [doc.getText('text'), doc.getMap('map'), doc.getArray('array'), doc.getXmlFragment('xml')]
    this.undo = new Y.UndoManager(roots, { captureTimeout: 0 })
    this.structure.trackUndo(this.undo)
    this.mirror = new Mirror([this.tokens, ...roots])
    doc.on('afterTransaction', ({ origin }) => this.#answer(origin))
  }

  /** Some applications edit when they are told of a change: of the first few, or they would never end. */
  #answer(origin: unknown): void {
    if (!this.isAnswering || origin !== this.structure || this.#answers++ > 3) return
    perform(this.doc, { ...this.#room.anyEdit(), action: this.#room.oneOf(ANSWERS) })
  }

  get epochs() {
    const { epochs } = this.structure
    if (epochs === undefined) throw new Error('Full compaction has epochs')
    return epochs
  }

  get lineage(): string {
    return this.epochs.namings[0]?.lineage ?? ''
  }

  get epoch(): number {
    return this.epochs.namings[0]?.epoch ?? -1
  }

  get isLoading(): boolean {
    return this.#load !== undefined
  }

  get waiting(): readonly Operation[] {
    return this.#waiting
  }

  get isSettled(): boolean {
    return this.#waiting.length === 0 && !this.isLoading
  }

  /** The next cut to execute: of several made in one epoch the first in total order counts. */
  get cut(): Operation | undefined {
    return this.log.filter((o) => o.through !== undefined && o.epoch === this.epoch).sort(inTotalOrder)[0]
  }

  edit(change: () => void): void {
    change()
    this.flush()
  }

  /** Sends what is to be sent. */
  flush(): void {
    if (this.isOnline && !this.isLoading) {
      const payload = this.structure.takeLocalChange()
      if (payload !== undefined) this.#author(payload, undefined)
    }
    this.mirror.check()
    if (this.doc.store.pendingStructs !== null || this.doc.store.pendingDs !== null) throw new Error('Parked')
  }

  appendCut(clock: number, through: number): void {
    this.clock = Math.max(this.clock, clock)
    this.#author(NO_PAYLOAD, through)
  }

  #author(payload: Uint8Array, through: number | undefined): void {
    this.clock++
    const seq = (this.applied.get(this.id) ?? 0) + 1
    const { id: author, clock, epoch } = this
    const deps = new Map(this.applied)
    const past = new Map([...deps].map(([other, known]) => [`${other}`.padStart(4, '0'), known]))
    const origin = { author: `${author}`.padStart(4, '0'), seq, clock, past }
    const operation = { author, seq, clock, deps, epoch, payload, through, origin }
    this.applied.set(this.id, seq)
    this.#append(operation)
    this.#room.broadcast(this, operation)
  }

  #append(operation: Operation): void {
    this.log.push(operation)
    if (operation.through === undefined) this.#work?.above.push(operation)
  }

  receive(operation: Operation): void {
    this.#waiting.push(operation)
    if (!this.isLoading) this.#applyReady()
  }

  forget(isLost: (operation: Operation) => boolean): void {
    this.#waiting = this.#waiting.filter((operation) => !isLost(operation))
  }

  #applyReady(): void {
    const has = (author: number, seq: number) => (this.applied.get(author) ?? 0) >= seq
    this.#waiting = this.#waiting.filter(({ author, seq }) => !has(author, seq))
    for (;;) {
      const index = this.#waiting.findIndex(
        ({ author, seq, deps }) =>
          has(author, seq - 1) && [...deps].every(([other, known]) => has(other, known)),
      )
      const operation = index < 0 ? undefined : this.#waiting.splice(index, 1)[0]
      if (operation === undefined) return
      this.#apply(operation)
    }
  }

  #apply(operation: Operation): void {
    // An operation of the next epoch is a certificate that the cut was stable.
    while (operation.epoch > this.epoch) this.execute()
    this.applied.set(operation.author, operation.seq)
    this.clock = Math.max(this.clock, operation.clock)
    this.#applyPayload(operation)
    this.#append(operation)
    this.#untangle()
    this.flush()
  }

  #untangle(): void {
    if (!this.epochs.isTangled) return
    this.untangled++
    this.flush()
    const updates = this.log.filter(({ through }) => through === undefined)
    this.epochs.untangle?.(updates.sort(inTotalOrder))
    if (this.epochs.isTangled) throw new Error('Two forms of the same are left')
    this.flush()
  }

  #applyPayload(operation: Operation): void {
    if (operation.through !== undefined) return
    const refusal = this.structure.apply(operation.payload, operation.epoch, operation.origin)
    if (refusal !== undefined) throw new Error(`A member's operation was refused: ${refusal}`)
  }

  /** One step towards executing a cut that is known to be stable. */
  advance(): void {
    const { cut } = this
    if (cut?.through === undefined) return
    const { through } = cut
    if (this.#work?.cut !== cut) {
      const updates = this.log.filter((operation) => operation.through === undefined)
      const above = updates.filter(({ clock }) => clock > through)
      const below = updates.filter(({ clock }) => clock <= through).sort(inTotalOrder)
      const work = this.epochs.begin({ lineage: this.lineage, epoch: this.epoch + 1, below, above })
      this.#work = { cut, work, above }
    }
    const { work } = this.#work
    if (!work.prepare() || !work.canCommit) return
    this.#room.checkBase(this.epoch + 1, work.fingerprint)
    this.#room.beforeCommit(this)
    work.commit()
    this.#room.afterCommit(this)
    this.#work = undefined
    this.enteredAt = this.clock
    this.log = this.log.filter(({ clock }) => clock > through)
    this.baseThrough = through
    this.flush()
  }

  baseThrough = 0

  execute(): void {
    const { epoch } = this
    if (this.cut === undefined) throw new Error('There is no cut to execute')
    while (this.epoch === epoch) {
      this.flush()
      this.advance()
    }
  }

  /** Begins to load the state of a sponsor; the pieces are made as they are needed. */
  beginLoad(sponsor: Replica): void {
    const iterator = sponsor.structure.encodeState(PIECE_BYTES, 0)
    const pieces: Uint8Array[] = []
    for (let next = iterator.next(); !next.done; next = iterator.next()) pieces.push(next.value.bytes)
    this.#work = undefined
    this.#waiting = []
    this.isOnline = true
    this.#load = {
      pieces,
      operations: sponsor.log.toSorted(inTotalOrder),
      applied: new Map(sponsor.applied),
      clock: sponsor.clock,
      baseThrough: sponsor.baseThrough,
    }
    // For the oracle the newcomer holds what its state holds from here on.
    this.applied = new Map(sponsor.applied)
    this.clock = sponsor.clock
    this.enteredAt = this.clock
    this.structure.beginLoad()
    this.epochs.enter(sponsor.epochs.namings)
  }

  finishLoad(): void {
    const load = this.#load
    if (load === undefined) throw new Error('Nothing is being loaded')
    for (const piece of load.pieces) {
      const refusal = this.structure.loadPiece(piece)
      if (refusal !== undefined) throw new Error(`A piece was refused: ${refusal}`)
    }
    for (const operation of load.operations) this.#applyPayload(operation)
    this.structure.endLoad()
    this.log = [...load.operations]
    this.baseThrough = load.baseThrough
    this.#load = undefined
    this.flush()
    this.#applyReady()
  }

  /** Begins a room of its own with all it has. */
  found(room: Surroundings, id: number, lineage: string): void {
    this.structure.takeLocalChange()
    this.epochs.found(lineage)
    this.moveTo(room, id)
    this.applied = new Map()
    this.clock = 0
    this.enteredAt = 0
    this.log = []
    this.baseThrough = 0
    this.isOnline = true
  }

  moveTo(room: Surroundings, id: number): void {
    this.#room = room
    this.id = id
  }

  leave(): void {
    this.isOnline = false
    this.#work = undefined
    this.#waiting = []
    this.#load = undefined
  }

  content() {
    return { tokens: this.tokens.toString(), ...contentOf(this.doc) }
  }
}
