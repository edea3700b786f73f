/**
 * Rooms of fixed membership with random schedules: rich edits, causal delivery out of order, a log in total order,
 * cuts at random points once they are stable, operations that arrive one epoch late.
 *
 * The protocol around the cuts is played by an oracle that sees everyone: a cut is appended while all are in one
 * epoch, and may be executed by each replica for itself, at any later time, once everyone holds all that is below.
 */
import * as Y from 'yjs'
import { flatten } from '../../src/renumbering/flatten.js'
import { moveInto } from '../../src/renumbering/move.js'
import { type Base, fillBelow, rebuild, type WindowOperation } from '../../src/renumbering/rebuild.js'
import { Retargeter } from '../../src/renumbering/retarget.js'
import { decodeTable, encodeTable } from '../../src/renumbering/table-encoding.js'
import { translate } from '../../src/renumbering/translate.js'
import type { TranslationTable } from '../../src/renumbering/translation-table.js'
import { newDocument, perform } from '../documents.js'
import { contentOf } from './content.js'
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
}

/** An operation as it lies in a replica's log: in the replica's naming. */
interface Logged {
  readonly operation: Operation
  readonly update: Uint8Array
  readonly translated: boolean
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
  visibleChanges = 0
  readonly #id: number
  readonly #send: (operation: Operation) => void
  readonly #onCut: (base: string, shown: string) => void
  readonly #waiting: Operation[] = []
  readonly #outbox: Uint8Array[] = []
  #log: Logged[] = []
  #base = EMPTY
  #table: TranslationTable | undefined
  #retargeter: Retargeter | undefined
  #cuts: Operation[] = []

  constructor(
    id: number,
    send: (operation: Operation) => void,
    onCut: (base: string, shown: string) => void,
  ) {
    this.#id = id
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

  appendCut(clock: number): void {
    this.clock = Math.max(this.clock, clock)
    this.#author(undefined)
  }

  #author(update: Uint8Array | undefined): void {
    this.clock++
    const seq = (this.applied.get(this.#id) ?? 0) + 1
    const operation: Operation = {
      author: this.#id,
      seq,
      clock: this.clock,
      deps: new Map(this.applied),
      epoch: this.epoch,
      update,
    }
    this.applied.set(this.#id, seq)
    if (update === undefined) this.#cuts.push(operation)
    else this.#log.push({ operation, update, translated: false })
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
    const late = operation.epoch < this.epoch
    if (late && this.#table === undefined) throw new Error('No table')
    const update =
      late && this.#table !== undefined ? translate(operation.update, this.#table) : operation.update
    this.#log.push({ operation, update, translated: late })
    this.#integrate(late && this.#retargeter !== undefined ? this.#retargeter.retarget(update) : update)
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
    const ordered = this.#log.toSorted((a, b) => inTotalOrder(a.operation, b.operation))
    const below = ordered.filter(({ operation }) => inTotalOrder(operation, cut) <= 0)
    const shadow = rebuild(this.#base, below)
    const client = this.epoch + 1
    const { pieces, table } = flatten(shadow, client, PIECE_BYTES)
    this.#table = reloaded(table)
    this.epoch++
    this.bases.set(this.epoch, Buffer.concat(pieces))
    this.#base = { pieces, client }
    const window = this.#log.filter(({ operation }) => inTotalOrder(operation, cut) > 0)
    this.#log = window.map(({ operation, update }) => ({
      operation,
      update: translate(update, table),
      translated: true,
    }))
    this.#cuts = this.#cuts.filter(({ epoch }) => epoch >= this.epoch)
    this.#move(this.#log, table, types)
    this.#onCut(rebuild(this.#base, []).getText('tokens').toString(), this.tokens.toString())
  }

  #move(
    window: readonly WindowOperation[],
    table: TranslationTable,
    types: ReadonlyMap<string, unknown>,
  ): void {
    const clock = Y.getState(this.doc.store, this.doc.clientID)
    const rebuilt = rebuild(this.#base, window)
    if (moveInto(this.doc, rebuilt, table, { origin: this, undoManagers: [this.undo] })) {
      this.visibleChanges++
    } else {
      for (const [path, type] of typesOf(this.doc)) {
        if (types.get(path) !== type) throw new Error(`The type at ${path} has become another object`)
      }
    }
    this.#retargeter = new Retargeter(this.doc, this.#base.client)
    if (Y.getState(this.doc.store, this.doc.clientID) !== clock) throw new Error('The own clock has changed')
    this.flush()
  }

  content() {
    return { tokens: this.tokens.toDelta() as unknown, ...contentOf(this.doc) }
  }
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

/** A token's neighbours when it was typed. */
interface Typed {
  readonly left: string | undefined
  readonly right: string | undefined
}

export class Simulation {
  readonly replicas: Replica[]
  readonly typed = new Map<string, Typed>()
  readonly erased = new Set<string>()
  /** How many tokens above a cut had a survivor beside them when typed, and how many ended up on its wrong side. */
  placed = 0
  misplaced = 0
  /** Tokens that have changed places with a neighbour they were typed beside. */
  swaps = 0
  readonly #random: Random
  readonly #inFlight: { to: Replica; operation: Operation; after: number }[] = []
  #time = 0

  constructor(random: Random) {
    this.#random = random
    const count = 2 + this.#below(4)
    this.replicas = Array.from({ length: count }, (_, index) => {
      const slow = random() < 0.3 ? 30 : 5
      const send = (operation: Operation) => this.#broadcast(index + 1, operation, slow)
      return new Replica(index + 1, send, (base, shown) => this.#checkIntention(base, shown))
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
      if (kind < 0.3) {
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

  #type(tokens: Y.Text, at: number, length: number): void {
    const shown = tokens.toString()
    let inserted = ''
    let left = shown[at - 1]
    for (let i = 0; i < length; i++) {
      const token = String.fromCharCode(0x4e00 + this.typed.size)
      this.typed.set(token, { left, right: shown[at] })
      left = token
      inserted += token
    }
    tokens.insert(at, inserted)
  }

  #erase(tokens: Y.Text): void {
    if (tokens.length === 0) return
    const at = this.#below(Math.min(tokens.length, 8))
    const length = Math.min(tokens.length - at, 1 + this.#below(4))
    for (const token of tokens.toString().slice(at, at + length)) this.erased.add(token)
    tokens.delete(at, length)
  }

  #appendCut(replica: Replica): void {
    const { epoch, cut } = replica
    if (cut !== undefined || this.replicas.some((other) => other.epoch !== epoch)) return
    // The reports that show it carry clocks.
    replica.appendCut(Math.max(...this.replicas.map(({ clock }) => clock)))
  }

  #executeIfStable(replica: Replica): void {
    const { cut } = replica
    if (cut === undefined) return
    const isUnfinished = this.#inFlight.some(({ operation }) => inTotalOrder(operation, cut) <= 0)
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
  }

  /** Does what is above the cut lie between the survivors it was typed between? */
  #checkIntention(base: string, shown: string): void {
    const survivors = new Set(base)
    const places = new Map([...shown].map((token, index) => [token, index]))
    for (const [token, at] of places) {
      if (survivors.has(token)) continue
      const { left, right } = this.typed.get(token) ?? {}
      const before = left !== undefined && survivors.has(left) ? places.get(left) : undefined
      const after = right !== undefined && survivors.has(right) ? places.get(right) : undefined
      if (before !== undefined || after !== undefined) this.placed++
      if ((before !== undefined && before > at) || (after !== undefined && after < at)) this.misplaced++
    }
  }

  #checkTokens(shown: string): void {
    const places = new Map([...shown].map((token, index) => [token, index]))
    if (places.size !== shown.length) throw new Error('A token is doubled')
    for (const [token, { left, right }] of this.typed) {
      const at = places.get(token)
      if (at === undefined) {
        if (!this.erased.has(token)) throw new Error('A token is lost')
        continue
      }
      if (this.erased.has(token)) throw new Error('A token has come back')
      const before = left === undefined ? undefined : places.get(left)
      const after = right === undefined ? undefined : places.get(right)
      if ((before !== undefined && before > at) || (after !== undefined && after < at)) this.swaps++
    }
  }
}
