/**
 * A room's state on its way in: tables, base, then the operations above it.
 *
 * An empty document takes it in as it comes. One with content of its own stays as it is until everything has
 * arrived: the room's document grows beside it, because their ids may mean different things.
 */
import type { NamedPayload, Naming } from '@tidemark/core'
import * as Y from 'yjs'
import { inspect } from '../gate.js'
import { Crossing, Rebuilding, type Starts, type TranslationTable } from '../renumbering/index.js'
import { baseClientOf } from './base-client.js'
import { bytesOf, type History, joinedLineages } from './history.js'
import { readPayload } from './incoming.js'
import { StateReceiver } from './state-transfer.js'
import { decodeLinks, type Link, sameNaming, TableChain } from './table-chain.js'

/** Integrates an update that has passed the gate into the live document, as a part of a state. */
export type IntegrateLive = (update: Uint8Array, starts: Starts) => void

export class RoomLoad {
  readonly #live: Y.Doc
  /** Undefined: the room's document grows on the side. */
  readonly #integrateLive: IntegrateLive | undefined
  readonly namings: readonly Naming[]
  readonly #receiver = new StateReceiver()
  readonly #links: Link[] = []
  #lineages: readonly string[] = []
  readonly #pieces: Uint8Array[] = []
  /** Of the live document, the clocks that came with the state. */
  readonly reached = new Map<number, number>()
  /** Of the base and the operations above it. */
  bytes = 0
  #crossing: Crossing | undefined
  /** Something of it: what is here is not the whole base. */
  #isRefused = false
  #room: { readonly history: History; readonly rebuilding: Rebuilding } | undefined

  constructor(live: Y.Doc, namings: readonly Naming[], integrateLive: IntegrateLive | undefined) {
    this.#live = live
    this.namings = namings
    this.#integrateLive = integrateLive
  }

  get isStraight(): boolean {
    return this.#integrateLive !== undefined
  }

  get isComplete(): boolean {
    return this.#receiver.isComplete && !this.#isRefused
  }

  /** Whether anything of the base has come. */
  get holdsAny(): boolean {
    return this.#pieces.length > 0
  }

  /** All that the room's content stems from. They come before it. */
  get lineages(): readonly string[] {
    return joinedLineages(
      this.namings.map(({ lineage }) => lineage),
      this.#lineages,
    )
  }

  add(bytes: Uint8Array): string | undefined {
    const refusal = this.#add(bytes)
    if (refusal !== undefined) this.#isRefused = true
    return refusal
  }

  #add(bytes: Uint8Array): string | undefined {
    const received = this.#receiver.add(bytes)
    if (received === undefined || typeof received === 'string') return received
    if (received.kind === 'lineages') {
      this.#lineages = received.lineages
      return undefined
    }
    if (received.kind === 'table') {
      if (this.#pieces.length > 0) return 'a table follows the base'
      this.#links.push(received.link)
      return undefined
    }
    if (received.kind === 'crossing') return this.#addCrossing(received.bytes)
    for (const update of received.updates) {
      const refusal = this.#addBase(update)
      if (refusal !== undefined) return refusal
    }
    return undefined
  }

  /** It belongs to the last table: both lead from the epoch before. */
  #addCrossing(bytes: Uint8Array): string | undefined {
    const table = this.#lastTable
    if (table === undefined || this.#pieces.length > 0) return 'a crossing comes without its table'
    const crossing = Crossing.decode(bytes, table)
    if (typeof crossing === 'string') return crossing
    this.#crossing = crossing
    return undefined
  }

  /** The one that leads from the epoch before. */
  get #lastTable(): TranslationTable | undefined {
    const [naming] = this.namings
    const last = this.#links.at(-1)
    if (naming === undefined || last === undefined) return undefined
    const before = { lineage: naming.lineage, epoch: naming.epoch - 1 }
    return last.from.some((from) => sameNaming(from, before)) ? decodeLinks([last])[0] : undefined
  }

  /** An operation above the base. */
  apply(operation: NamedPayload): string | undefined {
    if (this.#room === undefined || !this.isComplete) throw new Error('An operation came before its base')
    const { history, rebuilding } = this.#room
    const incoming = readPayload(operation, history, this.isStraight ? this.#live : rebuilding.doc)
    if (typeof incoming === 'string') return incoming
    this.bytes += operation.payload.length
    if (this.#integrateLive === undefined) {
      rebuilding.add(incoming.update, incoming.contents.sections)
    } else {
      this.#integrateLive(incoming.update, incoming.contents.sections)
      for (const [client, { end }] of incoming.contents.sections) this.#noteReached(client, end)
    }
    return undefined
  }

  /** What came, once its base is complete. The document is the room's, unless it is the live one. */
  get room(): { readonly history: History; readonly rebuilding: Rebuilding } {
    if (this.#room === undefined || !this.isComplete) throw new Error('The state holds no whole base')
    const { history, rebuilding } = this.#room
    return {
      history: { ...history, pieces: this.#pieces, baseBytes: bytesOf(this.#pieces) },
      rebuilding,
    }
  }

  #addBase(update: Uint8Array): string | undefined {
    this.#room ??= this.#begin(update)
    const doc = this.isStraight ? this.#live : this.#room.rebuilding.doc
    const contents = inspect(update, doc.store)
    if (typeof contents === 'string') return contents
    this.#pieces.push(update)
    this.bytes += update.length
    if (this.#integrateLive === undefined) {
      this.#room.rebuilding.add(update, contents.sections)
    } else {
      this.#integrateLive(update, contents.sections)
      for (const [client, { end }] of contents.sections) this.#noteReached(client, end)
    }
    return undefined
  }

  #begin(firstPiece: Uint8Array) {
    const [naming] = this.namings
    if (naming === undefined) throw new Error('The pieces of a state came before the name of their room')
    const client = naming.epoch === 0 ? 0 : (firstClientOf(firstPiece) ?? baseClientOf(naming))
    const history: History = {
      namings: this.namings,
      pieces: [],
      baseBytes: 0,
      client,
      table: this.#lastTable,
      crossing: this.#crossing,
      chain: new TableChain(this.#links),
      lineages: this.lineages,
    }
    return { history, rebuilding: new Rebuilding() }
  }

  #noteReached(client: number, end: number): void {
    this.reached.set(client, Math.max(end, this.reached.get(client) ?? 0))
  }
}

/** A canonical base has one client. */
function firstClientOf(update: Uint8Array): number | undefined {
  try {
    const [client] = Y.parseUpdateMeta(update).from.keys()
    return client
  } catch {
    return undefined
  }
}
