/**
 * The smallest structure that can be cut: a set of tokens, renumbered by each cut. Fast, strict about how the core
 * calls it, and nothing in it heals what the core does wrong.
 */
import type { Cut, CutWork, Epochs, NamedPayload, Naming, StatePiece, Structure } from '@tidemark/core'
import * as sha256 from 'lib0/hash/sha256'
import { encodeUtf8 } from 'lib0/string'
import { type CutHost, Work } from './numbered-cut.js'
import { Offer, readOffer } from './numbered-offer.js'
import {
  type Change,
  decodeChanges,
  encodeChanges,
  type Name,
  Numbering,
  type Past,
  type Table,
  translateChanges,
  translateName,
} from './numbering.js'

const same = (a: Naming, b: Naming) => a.lineage === b.lineage && a.epoch === b.epoch
const isAmong = (naming: Naming, namings: readonly Naming[]) => namings.some((other) => same(naming, other))
const joined = (...lists: readonly (readonly string[])[]): string[] => [...new Set(lists.flat())]
/** Along tables that follow each other. */
const led = (name: Name, tables: readonly Table[]) =>
  tables.reduce<Name | undefined>((at, table) => at && translateName(at, table), name)

export class NumberedSet implements Structure, Epochs, CutHost {
  readonly epochs = this
  namings: readonly Naming[] = []
  pasts: readonly Past[] = []
  /** Every lineage that the content stems from: tables go, but kinship must be known for ever. */
  lineages: readonly string[] = []
  /** The base alone: renumbered, unless the lineage has just begun. */
  ground = new Numbering([])
  live = new Numbering([])
  private unsent: Change[] = []
  private isSettled = false
  private load: Load | undefined
  private work: Work | undefined
  private readonly keptTables: number
  private readonly onOrphaned: () => void

  constructor(keptTables: number, onOrphaned: () => void) {
    this.keptTables = keptTables
    this.onOrphaned = onOrphaned
  }

  /** Nothing of the epoch before will come any more. */
  settle(): void {
    this.isSettled = true
  }

  get epoch(): number {
    return this.namings[0]?.epoch ?? 0
  }

  /** The user's. */
  perform(changes: readonly Change[]): void {
    this.live.change(changes)
    this.unsent.push(...changes)
  }

  apply(payload: Uint8Array, epoch: number): string | undefined {
    if (this.load) return this.load.apply({ payload, epoch })
    const changes = this.inPresentNaming({ payload, epoch })
    const refusal = this.live.refusal(changes)
    if (refusal === undefined) this.live.change(changes)
    return refusal
  }

  inPresentNaming({ payload, epoch }: NamedPayload): Change[] {
    const changes = decodeChanges(payload)
    if (epoch === this.epoch) return changes
    if (this.isSettled) throw new Error(`an operation of epoch ${epoch} came when none could come any more`)
    const last = this.pasts.at(-1)
    if (epoch !== this.epoch - 1 || !last) {
      throw new Error(`an operation of epoch ${epoch} can not be told in epoch ${this.epoch}`)
    }
    return translateChanges(changes, last.table)
  }

  takeLocalChange(): Uint8Array | undefined {
    if (this.load || this.unsent.length === 0) return undefined
    const payload = encodeChanges(this.unsent)
    this.unsent = []
    return payload
  }

  stateBytes(): number {
    return 3 * (this.live.base.length + this.live.own.size + this.live.goneFromBase.size)
  }

  // ------------------------------------------------------------------ storage

  /** The base with its tables, what has become of it, and what of that nobody was told. */
  store(): Uint8Array[] {
    const { namings, pasts, lineages, ground, live, unsent } = this
    const parts = [ground, live].map((part) => new Offer({ namings, pasts, lineages, ground: part }).whole)
    return [...parts, encodeChanges(unsent)]
  }

  restore([ground, live, unsent]: readonly Uint8Array[]): void {
    const [base, whole] = [ground, live].map((part) => part && readOffer([part]))
    if (!base || !whole || !unsent) throw new Error('what was stored is not complete')
    this.namings = base.namings
    this.pasts = base.pasts
    this.lineages = base.lineages
    this.ground = base.ground
    this.live = whole.ground
    this.unsent = decodeChanges(unsent)
  }

  // ------------------------------------------------------------------ states

  encodeState(pieceBytes: number, tablesFrom = this.epoch): Iterator<StatePiece, undefined> {
    const { namings, ground, epoch, lineages } = this
    // From the beginning, or from another lineage: then all that there are.
    const count = tablesFrom === 0 ? this.pasts.length : Math.max(0, epoch - tablesFrom)
    const pasts = this.pasts.slice(Math.max(0, this.pasts.length - count))
    return new Offer({ namings, pasts, ground, lineages }).pieces(pieceBytes)
  }

  beginLoad(): void {
    this.work = undefined
    this.load = new Load(this.keptTables)
  }

  enter(namings: readonly Naming[]): void {
    if (!this.load) throw new Error('a room was entered without a load')
    this.load.namings = namings
  }

  loadPiece(bytes: Uint8Array): string | undefined {
    if (!this.load) throw new Error('a piece of a state arrived without a load')
    this.load.add(bytes)
    return undefined
  }

  endLoad(): undefined {
    const { load } = this
    if (!load) throw new Error('a load ended that had not begun')
    this.load = undefined
    const { room } = load
    if (!room) return
    const carried = this.carriedInto(room)
    this.namings = room.namings
    this.pasts = room.pasts
    this.lineages = joined(room.lineages, this.lineages)
    this.ground = room.ground
    this.live = room.live
    this.unsent = []
    this.isSettled = false
    if (!carried) this.onOrphaned()
    else this.perform(carried)
  }

  /** What this side has and the room has not, in the room's naming; undefined if no table leads there. */
  private carriedInto(room: NumberedSet): Change[] | undefined {
    const { live } = this
    const isEmpty = live.base.length === 0 && live.own.size === 0
    const from = this.tablesInto(room)
    // Where everything is gone by now, tables tell what was.
    if (isEmpty && from?.isForeign !== false) return []
    if (from === undefined) return this.isBehind(room) && isSame(live, this.ground) ? [] : undefined
    const changes: Change[] = []
    const tell = (name: Name, isThere: boolean) => {
      const to = from.isForeign ? this.nameAmongStrangers(name, room, from.tables) : led(name, from.tables)
      if (!to) return
      const isNews = !room.live.knows(to)
      if (isNews) changes.push({ does: 'insert', name: to })
      if (!isThere && (isNews || room.live.has(to))) changes.push({ does: 'remove', name: to })
    }
    const { isForeign, back } = from
    if (isForeign) {
      const marks = cutNamings(this.namings).map(markOf)
      changes.push(...marks.map((number): Change => ({ does: 'bring', name: { in: 'own', number } })))
    }
    for (const name of earlierNames(live, back, isForeign)) {
      const now = name.in === 'base' && isForeign ? name : led(name, back)
      tell(name, now !== undefined && live.has(now))
    }
    // Whoever is in that room has kin of ours among its content from here on.
    if (changes.length > 0) {
      const known = room.kin
      for (const number of this.kin) {
        if (!known.has(number)) changes.push({ does: 'kin', name: { in: 'own', number } })
      }
      // Whose tables lead back to the authors tells what is gone, too.
      for (const number of isForeign && !this.leadsToAuthors ? this.kin : live.strange) {
        if (!room.live.strange.has(number)) changes.push({ does: 'estrange', name: { in: 'own', number } })
      }
    }
    return changes
  }

  /** Our numbers mean nothing there, but somebody else may have brought the same tokens. */
  private nameAmongStrangers(name: Name, room: NumberedSet, tables: readonly Table[]): Name | undefined {
    const token = this.live.tokenOf(name)
    const number = room.live.base.indexOf(token)
    return number < 0 ? led({ in: 'own', number: token }, tables) : { in: 'base', number }
  }

  /** Then the room holds all that our base holds. */
  private isBehind(room: NumberedSet): boolean {
    const [ours, theirs] = [this.namings[0], room.namings[0]]
    return ours !== undefined && ours.lineage === theirs?.lineage && ours.epoch < theirs.epoch
  }

  /** Of all lineages that the content stems from, whoever brought it. */
  private get kin(): ReadonlySet<number> {
    return new Set([...this.lineages.map(numberOf), ...this.live.kin])
  }

  /** We have something of what the other one has, and nobody can tell what of that was gone here. */
  private isStrangeTo(other: NumberedSet): boolean {
    const { kin } = other
    return [...this.live.strange].some((lineage) => kin.has(lineage))
  }

  private tablesInto(room: NumberedSet): Way | undefined {
    const tablesOf = (pasts: readonly Past[]) => pasts.map(({ table }) => table)
    if (this.namings.length === 0) return { back: [], tables: [], isForeign: true }
    // The newest naming that both have gone on from.
    for (let left = this.pasts.length; left >= 0; left--) {
      const namings = this.pasts[left]?.namings ?? this.namings
      const at = room.tablesSince(namings)
      if (at !== undefined)
        return { back: tablesOf(this.pasts.slice(left)), tables: tablesOf(at), isForeign: false }
    }
    const tables = tablesOf(room.pasts)
    const { brought } = room.live
    const own = cutNamings(this.namings)
    const isBroughtOtherwise = own.some((naming) => [...brought].some((mark) => isSibling(mark, naming)))
    const isStrange = this.isStrangeTo(room) || room.isStrangeTo(this)
    if (this.leadsToAuthors && room.leadsToAuthors && !isBroughtOtherwise && !isStrange)
      return { back: tablesOf(this.pasts), tables, isForeign: false }
    const isBroughtAlready = own.some((naming) => brought.has(markOf(naming)))
    if (isBroughtAlready) return { back: tablesOf(this.pasts), tables, isForeign: true }
    const known = room.kin
    const isRelated = [...this.kin].some((lineage) => known.has(lineage))
    return isRelated || isBroughtOtherwise
      ? undefined
      : { back: tablesOf(this.pasts), tables, isForeign: true }
  }

  private tablesSince(namings: readonly Naming[]): readonly Past[] | undefined {
    const isOne = (naming: Naming) => isAmong(naming, namings)
    if (this.namings.some(isOne)) return []
    const at = this.pasts.findIndex((past) => past.namings.some(isOne))
    return at < 0 ? undefined : this.pasts.slice(at)
  }

  /** Back to where nothing had a number yet. */
  private get leadsToAuthors(): boolean {
    return (this.pasts[0]?.namings ?? this.namings).every(({ epoch }) => epoch === 0)
  }

  // ------------------------------------------------------------------ epochs

  get origins(): readonly Naming[] {
    return this.pasts.toReversed().flatMap(({ namings }) => namings)
  }

  get baseBytes(): number {
    return 3 * (this.ground.base.length + this.ground.own.size)
  }

  found(lineage: string): void {
    this.namings = [{ lineage, epoch: 0 }, ...this.namings]
    this.lineages = joined([lineage], this.lineages)
    this.ground = this.live.copy()
    this.unsent = []
  }

  reaches(naming: Naming): boolean {
    return isAmong(naming, this.namings) || this.pasts.some(({ namings }) => isAmong(naming, namings))
  }

  weight(payload: Uint8Array): number {
    const removed = decodeChanges(payload).filter(({ does }) => does === 'remove').length
    return payload.length + 3 * removed
  }

  begin(cut: Cut): CutWork {
    if (this.load) throw new Error('a cut began during a load')
    const { lineage, epoch } = this.namings[0] ?? { lineage: '', epoch: -1 }
    if (cut.lineage !== lineage || cut.epoch !== epoch + 1) {
      throw new Error(`a cut into ${cut.lineage} ${cut.epoch} began in ${lineage} ${epoch}`)
    }
    const work = new Work(this, cut)
    this.work = work
    return work
  }

  /** What waits to be taken is told in the next naming from here on. */
  translateUnsent(table: Table): readonly Change[] {
    this.unsent = translateChanges(this.unsent, table)
    return this.unsent
  }

  isAtWorkOn(work: CutWork): boolean {
    return this.work === work
  }

  /** The switch. */
  enterEpoch(next: Pick<NumberedSet, 'namings' | 'ground' | 'live'>, table: Table): void {
    const kept = [...this.pasts, { namings: this.namings, table }]
    this.pasts = kept.slice(-this.keptTables)
    this.namings = next.namings
    this.ground = next.ground
    this.live = next.live
    this.work = undefined
    this.isSettled = false
  }
}

/** A room's state on its way in. */
class Load {
  namings: readonly Naming[] = []
  /** The room, once all pieces are in. */
  room: NumberedSet | undefined
  private readonly pieces: Uint8Array[] = []
  private readonly keptTables: number

  constructor(keptTables: number) {
    this.keptTables = keptTables
  }

  add(bytes: Uint8Array): void {
    if (this.room) throw new Error('a piece came behind the last one')
    this.pieces.push(bytes)
    const offer = readOffer(this.pieces)
    if (!offer) return
    const room = new NumberedSet(this.keptTables, () => {})
    const [first] = offer.namings
    if (!first || !isAmong(first, this.namings))
      throw new Error('the state is not of the room that was entered')
    room.namings = offer.namings
    room.pasts = offer.pasts
    room.lineages = offer.lineages
    room.ground = offer.ground
    room.live = offer.ground.copy()
    this.room = room
  }

  apply(operation: NamedPayload): string | undefined {
    if (!this.room) throw new Error('an operation was applied before the base was there')
    return this.room.apply(operation.payload, operation.epoch)
  }
}

const EPOCHS = 256

/** Those under which something was renumbered. */
const cutNamings = (namings: readonly Naming[]) => namings.filter(({ epoch }) => epoch > 0)

/** A number for a naming, small enough for a change: one of the lineage, and the epoch behind it. */
function markOf({ lineage, epoch }: Naming): number {
  const [high = 0, low = 0] = sha256.digest(encodeUtf8(lineage))
  return ((high << 8) | low) * EPOCHS + (epoch % EPOCHS)
}

/** A number for a lineage, small enough for a change. */
function numberOf(lineage: string): number {
  const [, , high = 0, middle = 0, low = 0] = sha256.digest(encodeUtf8(lineage))
  return (high << 16) | (middle << 8) | low
}

/** Another epoch of the same lineage. */
function isSibling(mark: number, naming: Naming): boolean {
  const own = markOf(naming)
  return mark !== own && Math.floor(mark / EPOCHS) === Math.floor(own / EPOCHS)
}

interface Way {
  /** Our own tables, from the naming on that both know. */
  readonly back: readonly Table[]
  /** The room's, from there. */
  readonly tables: readonly Table[]
  readonly isForeign: boolean
}

/**
 * Whatever we know of, as it was called where the tables begin, or under a name of its own since. Strangers are told what
 * stands in our base as it is called now, and all the same what is gone: somebody may bring it to them.
 */
function* earlierNames(live: Numbering, back: readonly Table[], isForeign: boolean): Generator<Name> {
  const count = isForeign ? live.base.length : (back[0]?.base.length ?? live.base.length)
  for (let number = 0; number < count; number++) yield { in: 'base', number }
  const own = new Set([...back.flatMap((table) => [...table.own.keys()]), ...live.own.keys()])
  for (const number of own) yield { in: 'own', number }
}

function isSame(a: Numbering, b: Numbering): boolean {
  return a.goneFromBase.size === b.goneFromBase.size && [...a.own].join() === [...b.own].join()
}
