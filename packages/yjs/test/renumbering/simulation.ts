/**
 * Rooms of fixed membership with random schedules: rich edits, causal delivery out of order, a log in total order,
 * cuts at random points once they are stable, operations that arrive one epoch late.
 *
 * The protocol around the cuts is played by an oracle that sees everyone: a cut is appended while all are in one
 * epoch, and may be executed by each replica for itself, at any later time, once everyone holds all that is below.
 */
import type { Origin } from '@tidemark/core'
import * as Y from 'yjs'
import { Crossing } from '../../src/renumbering/crossing.js'
import { flatten } from '../../src/renumbering/flatten.js'
import { moveInto } from '../../src/renumbering/move.js'
import { type Base, fillBelow, Rebuilding } from '../../src/renumbering/rebuild.js'
import { decodeTable, encodeTable } from '../../src/renumbering/table-encoding.js'
import type { TranslationTable } from '../../src/renumbering/translation-table.js'
import { newDocument, perform } from '../documents.js'
import { contentOf, rebuild } from './content.js'
import { Mirror } from './mirror.js'

export type Random = () => number

/** Deterministic numbers in [0, 1). */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let t = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    t = Math.imul(t ^ (t >>> 15), 0x735a2d97)
    return ((t ^ (t >>> 15)) >>> 0) / 2 ** 32
  }
}

interface Operation {
  readonly author: number
  readonly seq: number
  readonly clock: number
  readonly deps: ReadonlyMap<number, number>
  /** The naming its payload was authored in. */
  readonly epoch: number
  /** Undefined: a cut. */
  readonly update: Uint8Array | undefined
  /** Of a cut: the base holds what has clocks up to this one. */
  readonly through: number
  /** Where it comes from, if that is told. */
  readonly origin: Origin | undefined
}

const EMPTY: Base = { pieces: [], client: 1 }
/** Small, so that bases have several pieces. */
const PIECE_BYTES = 100
const inTotalOrder = (a: Operation, b: Operation) => a.clock - b.clock || a.author - b.author

export class Replica {
  readonly doc: Y.Doc
  readonly tokens: Y.Text
  readonly mirror: Mirror
  readonly undo: Y.UndoManager
  readonly applied = new Map<number, number>()
  readonly bases = new Map<number, Uint8Array>()
  epoch = 1
  clock = 0
  /** The clock at which the epoch began here. */
  epochSince = 0
  visibleChanges = 0
  readonly #id: number
  readonly #send: (operation: Operation) => void
  readonly #onCut: (base: string, shown: string) => void
  readonly #knowsExactly: boolean
  readonly #waiting: Operation[] = []
  readonly #outbox: Uint8Array[] = []
  #log: Operation[] = []
  #base = EMPTY
  #crossing: Crossing | undefined
  /** The document before the last cut, with all that was authored before it. */
  #old: Y.Doc | undefined
  #cuts: Operation[] = []

  constructor(
    id: number,
    send: (operation: Operation) => void,
    onCut: (base: string, shown: string) => void,
    knowsExactly: boolean,
  ) {
    this.#id = id
    this.#knowsExactly = knowsExactly
    this.#send = send
    this.#onCut = onCut
    this.doc = newDocument(1000 + id)
    this.tokens = this.doc.getText('tokens')
    const { doc } = this
    const roots = [doc.getText('text'), doc.getMap('map'), doc.getArray('array'), doc.getXmlFragment('xml')]
    this.undo = new Y.UndoManager(roots, { captureTimeout: 0 })
    this.mirror = new Mirror([this.tokens, ...roots])
    doc.on('update', (update: Uint8Array, origin) => {
      if (origin !== this) this.#outbox.push(update)
    })
  }

  get id(): number {
    return this.#id
  }

  /** The next cut to execute: of several made in one epoch the first in total order counts. */
  get cut(): Operation | undefined {
    return this.#cuts.filter(({ epoch }) => epoch === this.epoch).sort(inTotalOrder)[0]
  }

  get isSettled(): boolean {
    return this.#waiting.length === 0
  }

  get windowLength(): number {
    return this.#log.length
  }

  edit(change: () => void): void {
    change()
    this.flush()
  }

  flush(): void {
    for (let update = this.#outbox.shift(); update !== undefined; update = this.#outbox.shift())
      this.#author(update)
    this.mirror.check()
  }

  appendCut(clock: number, through: number): void {
    this.clock = Math.max(this.clock, clock)
    this.#author(undefined, through)
  }

  #author(update: Uint8Array | undefined, through = 0): void {
    this.clock++
    const seq = (this.applied.get(this.#id) ?? 0) + 1
    const operation: Operation = {
      author: this.#id,
      seq,
      clock: this.clock,
      deps: new Map(this.applied),
      epoch: this.epoch,
      update,
      through,
      origin: this.#knowsExactly ? originOf(this.#id, this.clock, this.applied) : undefined,
    }
    this.applied.set(this.#id, seq)
    if (update === undefined) this.#cuts.push(operation)
    else this.#log.push(operation)
    this.#send(operation)
  }

  receive(operation: Operation): void {
    this.#waiting.push(operation)
    for (let ready = this.#takeReady(); ready !== undefined; ready = this.#takeReady()) this.#apply(ready)
  }

  #takeReady(): Operation | undefined {
    const has = (author: number, seq: number) => (this.applied.get(author) ?? 0) >= seq
    const index = this.#waiting.findIndex(
      ({ author, seq, deps }) =>
        has(author, seq - 1) && [...deps].every(([other, known]) => has(other, known)),
    )
    return index < 0 ? undefined : this.#waiting.splice(index, 1)[0]
  }

  #apply(operation: Operation): void {
    // An operation of the next epoch is a certificate that the cut was stable.
    while (operation.epoch > this.epoch) this.execute()
    if (operation.epoch < this.epoch - 1) throw new Error('An operation is more than one epoch late')
    this.applied.set(operation.author, operation.seq)
    this.clock = Math.max(this.clock, operation.clock)
    if (operation.update === undefined) {
      this.#cuts.push(operation)
      return
    }
    this.#log.push(operation)
    this.#integrate(this.#inNaming(operation, this.epoch, this.doc))
  }

  /** As an update of the naming of `epoch`, to be integrated into a document of that naming. */
  #inNaming({ update, epoch, origin }: Operation, wanted: number, into: Y.Doc): Uint8Array {
    if (update === undefined) throw new Error('A cut has no content')
    if (epoch === wanted) return update
    if (epoch !== wanted - 1 || this.#crossing === undefined) throw new Error('Nothing leads there')
    return this.#crossing.translate(update, into, origin)
  }

  #integrate(update: Uint8Array): void {
    fillBelow(this.doc, update)
    Y.applyUpdate(this.doc, update, this)
    const { pendingStructs, pendingDs } = this.doc.store
    if (pendingStructs !== null || pendingDs !== null) throw new Error('Something is parked')
    this.flush()
  }

  execute(): void {
    const { cut } = this
    if (cut === undefined) throw new Error('There is no cut to execute')
    const types = typesOf(this.doc)
    const ordered = this.#log.toSorted(inTotalOrder)
    const shadow = new Rebuilding()
    for (const piece of this.#base.pieces) shadow.add(piece)
    for (const operation of ordered) {
      if (operation.clock > cut.through) continue
      const update = this.#inNaming(operation, this.epoch, shadow.doc)
      shadow.add(update)
    }
    const client = this.epoch + 1
    const { pieces, table } = flatten(shadow.doc, client, PIECE_BYTES)
    this.#base = { pieces, client }
    const rebuilding = new Rebuilding()
    for (const piece of pieces) rebuilding.add(piece)
    const crossing = this.#crossingFrom(shadow.doc, reloaded(table))
    this.#log = this.#log.filter((operation) => operation.clock > cut.through)
    for (const operation of this.#log) {
      const update = this.#inNaming(operation, this.epoch, shadow.doc)
      rebuilding.add(crossing.translate(update, rebuilding.doc, operation.origin))
    }
    this.#crossing = crossing
    this.#old = shadow.doc
    this.epoch++
    this.epochSince = this.clock
    this.bases.set(this.epoch, Buffer.concat(pieces))
    this.#cuts = this.#cuts.filter(({ epoch }) => epoch >= this.epoch)
    this.#move(rebuilding.doc, table, types)
    this.#onCut(
      rebuild(...this.#base.pieces)
        .getText('tokens')
        .toString(),
      this.tokens.toString(),
    )
  }

  /** Half of the replicas go on with what a newcomer would get. */
  #crossingFrom(old: Y.Doc, table: TranslationTable): Crossing {
    const crossing = new Crossing(old, table)
    if (this.#id % 2 === 0) return crossing
    const decoded = Crossing.decode(crossing.encode(), table)
    if (typeof decoded === 'string') throw new Error(decoded)
    return decoded
  }

  /** Tokens in the order they would have without the last cut, those included that have been erased since. */
  get orderBefore(): string {
    return this.#old === undefined ? '' : this.#old.getText('tokens').toString()
  }

  #move(rebuilt: Y.Doc, table: TranslationTable, types: ReadonlyMap<string, unknown>): void {
    const clock = Y.getState(this.doc.store, this.doc.clientID)
    if (
      moveInto(this.doc, rebuilt, table, { origin: this, undoManagers: [this.undo], sameOperations: true })
    ) {
      this.visibleChanges++
    } else {
      for (const [path, type] of typesOf(this.doc)) {
        if (types.get(path) !== type) throw new Error(`The type at ${path} has become another object`)
      }
    }
    if (Y.getState(this.doc.store, this.doc.clientID) !== clock) throw new Error('The own clock has changed')
    this.flush()
  }

  content() {
    return { tokens: this.tokens.toDelta() as unknown, ...contentOf(this.doc) }
  }
}

function originOf(author: number, clock: number, applied: ReadonlyMap<number, number>): Origin {
  const past = new Map([...applied].map(([other, seq]) => [`${other}`, seq]))
  return { author: `${author}`, seq: (applied.get(author) ?? 0) + 1, clock, past }
}

/** As it would come back from storage. */
function reloaded(table: TranslationTable): TranslationTable {
  const decoded = decodeTable(encodeTable(table))
  if (typeof decoded === 'string') throw new Error(decoded)
  return decoded
}

/** Every visible nested type by its place. */
function typesOf(doc: Y.Doc): Map<string, unknown> {
  const types = new Map<string, unknown>()
  const queue: [string, Y.ContentType['type']][] = [...doc.share]
  for (const [path, type] of queue) {
    types.set(path, type)
    let index = 0
    for (let item = type._start; item !== null; item = item.right) {
      if (item.deleted || !item.countable) continue
      if (item.content instanceof Y.ContentType) queue.push([`${path}/${index}`, item.content.type])
      index += item.length
    }
    for (const [key, item] of type._map) {
      if (!item.deleted && item.content instanceof Y.ContentType)
        queue.push([`${path}.${key}`, item.content.type])
    }
  }
  return types
}

/** What its author saw when a token was typed. */
interface Typed {
  readonly before: string
  readonly after: string
}

export class Simulation {
  readonly replicas: Replica[]
  readonly typed = new Map<string, Typed>()
  readonly erased = new Set<string>()
  /** How many tokens above a cut had a survivor beside them when typed, and how many ended up on its wrong side. */
  placed = 0
  misplaced = 0
  /** Of pairs of tokens the author of one of which saw the other: how many have changed places. */
  swaps = 0
  pairs = 0
  /** Neighbours that would be in the other order without the last cut. */
  concurrentSwaps = 0
  readonly #random: Random
  /** Many concurrent edits at few places of a short text. */
  readonly #isDense: boolean
  readonly #inFlight: { to: Replica; operation: Operation; after: number }[] = []
  #time = 0

  constructor(random: Random, knowsExactly = false) {
    this.#random = random
    this.#isDense = random() < 0.5
    const count = 2 + this.#below(4)
    this.replicas = Array.from({ length: count }, (_, index) => {
      const slow = random() < 0.3 ? 30 : 5
      const send = (operation: Operation) => this.#broadcast(index + 1, operation, slow)
      return new Replica(index + 1, send, (base, shown) => this.#checkIntention(base, shown), knowsExactly)
    })
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }

  #broadcast(from: number, operation: Operation, slow: number): void {
    for (const to of this.replicas) {
      if (to.id !== from)
        this.#inFlight.push({ to, operation, after: this.#time + 1 + this.#random() * slow })
    }
  }

  run(steps: number): void {
    for (let step = 0; step < steps; step++) {
      const replica = this.replicas[this.#below(this.replicas.length)]
      if (replica === undefined) throw new Error('No replica')
      const kind = this.#random()
      if (kind < 0.55) this.#edit(replica)
      else if (kind < 0.62) this.#appendCut(replica)
      else if (kind < 0.8) this.#executeIfStable(replica)
      for (let left = this.#below(5); left > 0; left--) this.#deliver()
    }
  }

  #edit(replica: Replica): void {
    const { tokens } = replica
    const kind = this.#random()
    replica.edit(() => {
      if (this.#isDense && kind < 0.9) {
        this.#editDensely(tokens, kind)
      } else if (kind < 0.3) {
        this.#type(tokens, this.#below(Math.min(tokens.length, 8) + 1), 1 + this.#below(3))
      } else if (kind < 0.5) {
        this.#erase(tokens)
      } else if (kind < 0.55) {
        if (tokens.length > 0)
          tokens.format(0, Math.min(3, tokens.length), { b: this.#random() < 0.5 ? true : null })
      } else if (kind < 0.6) {
        if (this.#random() < 0.5) replica.undo.undo()
        else replica.undo.redo()
      } else {
        perform(replica.doc, { action: this.#below(16), at: this.#below(8), amount: this.#below(1000) })
      }
    })
  }

  #editDensely(tokens: Y.Text, kind: number): void {
    const at = this.#below(Math.min(tokens.length, 3) + 1)
    if (kind < 0.45 || tokens.length === 0) this.#type(tokens, at, 1 + this.#below(2))
    else this.#erase(tokens, tokens.length > 6 ? 8 : 2)
  }

  #type(tokens: Y.Text, at: number, length: number): void {
    const shown = tokens.toString()
    let inserted = ''
    for (let i = 0; i < length; i++) {
      const token = String.fromCharCode(0x4e00 + this.typed.size)
      this.typed.set(token, { before: shown.slice(0, at) + inserted, after: shown.slice(at) })
      inserted += token
    }
    tokens.insert(at, inserted)
  }

  #erase(tokens: Y.Text, most = 4): void {
    if (tokens.length === 0) return
    const at = this.#below(Math.min(tokens.length, 8))
    const length = Math.min(tokens.length - at, 1 + this.#below(most))
    for (const token of tokens.toString().slice(at, at + length)) this.erased.add(token)
    tokens.delete(at, length)
  }

  #appendCut(replica: Replica): void {
    const { epoch, cut } = replica
    if (cut !== undefined || this.replicas.some((other) => other.epoch !== epoch)) return
    // The reports that show it carry clocks.
    const clock = Math.max(...this.replicas.map((other) => other.clock))
    const earliest = Math.max(...this.replicas.map(({ epochSince }) => epochSince))
    const lag = this.#below(2) * this.#below(60)
    replica.appendCut(clock, Math.max(earliest, clock + 1 - lag))
  }

  #executeIfStable(replica: Replica): void {
    const { cut } = replica
    if (cut === undefined) return
    const isUnfinished = this.#inFlight.some(({ operation }) => operation.clock <= cut.clock)
    const isKnown = this.replicas.every(
      (other) => other.isSettled && (other.applied.get(cut.author) ?? 0) >= cut.seq,
    )
    if (!isUnfinished && isKnown) replica.execute()
  }

  /** The next one due, which need not be the next one sent. @returns whether there was any. */
  #deliver(): boolean {
    let due = this.#inFlight[0]
    for (const message of this.#inFlight) if (due !== undefined && message.after < due.after) due = message
    if (due === undefined) return false
    this.#inFlight.splice(this.#inFlight.indexOf(due), 1)
    this.#time = Math.max(this.#time, due.after)
    due.to.receive(due.operation)
    return true
  }

  settle(): void {
    while (this.#deliver());
    for (const replica of this.replicas) this.#executeIfStable(replica)
    while (this.#deliver());
  }

  /** Everything ends in a base: cuts below which everything lies. */
  cutAll(): void {
    const [first] = this.replicas
    if (first === undefined) throw new Error('No replica')
    this.#appendCut(first)
    this.settle()
  }

  check(): void {
    const [first, ...others] = this.replicas
    if (first === undefined) throw new Error('No replica')
    const content = JSON.stringify(first.content())
    for (const other of others) {
      if (JSON.stringify(other.content()) !== content) {
        throw new Error(`Diverged:\n${content}\n${JSON.stringify(other.content())}`)
      }
      for (const [epoch, base] of other.bases) {
        const known = first.bases.get(epoch)
        if (known !== undefined && Buffer.compare(known, base) !== 0)
          throw new Error(`Bases differ in epoch ${epoch}`)
      }
    }
    for (const { isSettled, doc } of this.replicas) {
      if (!isSettled) throw new Error('An operation is left waiting')
      if (doc.store.pendingStructs !== null || doc.store.pendingDs !== null)
        throw new Error('Something is parked')
    }
    this.#checkTokens(first.tokens.toString())
    const order = new Map([...first.orderBefore].map((token, index) => [token, index]))
    const shown = [...first.tokens.toString()].flatMap((token) => order.get(token) ?? [])
    for (const [index, place] of shown.entries()) if (place < (shown[index - 1] ?? 0)) this.concurrentSwaps++
  }

  /** Does what is above the cut lie between the survivors it was typed between? */
  #checkIntention(base: string, shown: string): void {
    const survivors = new Set(base)
    const places = new Map([...shown].map((token, index) => [token, index]))
    for (const [token, at] of places) {
      if (survivors.has(token)) continue
      const { before = '', after = '' } = this.typed.get(token) ?? {}
      const isSurvivor = (other: string) => survivors.has(other)
      const wrong = wrongSide(at, [...before].filter(isSurvivor), [...after].filter(isSurvivor), places)
      this.placed++
      if (wrong > 0) this.misplaced++
    }
  }

  #checkTokens(shown: string): void {
    const places = new Map([...shown].map((token, index) => [token, index]))
    if (places.size !== shown.length) throw new Error('A token is doubled')
    for (const [token, { before, after }] of this.typed) {
      const at = places.get(token)
      if (at === undefined) {
        if (!this.erased.has(token)) throw new Error('A token is lost')
        continue
      }
      if (this.erased.has(token)) throw new Error('A token has come back')
      this.swaps += wrongSide(at, before, after, places)
      this.pairs += before.length + after.length
    }
  }
}

/** How many of those that were before a token, or after it, now lie on its other side. */
function wrongSide(
  at: number,
  before: Iterable<string>,
  after: Iterable<string>,
  places: ReadonlyMap<string, number>,
): number {
  let count = 0
  for (const other of before) if ((places.get(other) ?? at) > at) count++
  for (const other of after) if ((places.get(other) ?? at) < at) count++
  return count
}
