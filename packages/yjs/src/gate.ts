/**
 * Looks an update over before the document sees it.
 *
 * Invariant: what passes is integrated by Yjs completely, without an exception and with nothing left waiting.
 * Yjs applies as it reads and can not roll back, so a bad update must be recognised beforehand. What it takes
 * knowledge of the author to judge (whose client id is it, had he seen what he deletes) is not decided here.
 */
import type * as decoding from 'lib0/decoding'
import * as Y from 'yjs'
import type { DeleteSetLike } from './id-ranges.js'
import { contentFault, FORBIDDEN_KEY } from './plain-content.js'
import type { StructStore } from './store.js'
import { Surroundings } from './surroundings.js'

export interface Section {
  /** Of the first struct. */
  readonly clock: number
  /** The clock after the last struct. */
  readonly end: number
}

export interface UpdateContents {
  /**
   * Says which struct names a right neighbour that stands left of its left one. No document makes such a pair, and where Yjs
   * puts it depends on what else has come. Only where histories have met may neighbours have changed places.
   */
  readonly crossed: string | undefined
  /** All of those structs. */
  readonly crossedIds: readonly Y.ID[]
  /**
   * A struct that begins below what is known of its author goes on from something else. Only where histories have met may one
   * thing have been told in several ways.
   */
  readonly astray: string | undefined
  readonly sections: ReadonlyMap<number, Section>
  readonly deletes: DeleteSetLike
}

type DecodedStruct = Y.Item | Y.GC | Y.Skip
type Structs = ReadonlyMap<number, readonly DecodedStruct[]>

/** Clocks stay below this, so that sums and lengths remain exact, and fit what other implementations use. */
const MAX_CLOCK = 2 ** 31
/** Of each of these a document pays for every one at every later change. Old documents brought along have thousands. */
const MAX_CLIENTS = 50_000
const MAX_DELETE_RANGES = 200_000

/** Per client the clock up to which a document holds, or need not hold, everything. */
type Reached = (client: number) => number

/**
 * What shows by itself that no document has written this update, whatever it is for. What users can bring about, as values
 * that nobody should hold, is not among it.
 */
export function inspectAlone(update: Uint8Array): string | undefined {
  const decoded = decode(update)
  if (update.length <= REMEMBERED_BYTES) remember(update, decoded)
  if (typeof decoded === 'string') return decoded
  for (const struct of decoded.structs) {
    const fault = rangeFault(struct)
    if (fault !== undefined) return fault
  }
  for (const [client, ranges] of decoded.ds.clients) {
    if (ranges.some(({ len }) => len < 1)) return `a deletion of client ${client} is empty`
  }
  return undefined
}

/** What was looked at alone is mostly looked at again in a moment: then it need not be decoded again. */
const remembered = new Map<Uint8Array, Decoded | string>()
const REMEMBERED = 32
const REMEMBERED_BYTES = 16 * 1024

function remember(update: Uint8Array, decoded: Decoded | string): void {
  remembered.set(update, decoded)
  for (const [oldest] of remembered) {
    if (remembered.size <= REMEMBERED) return
    remembered.delete(oldest)
  }
}

/** @returns what the update holds, or why it is refused. */
export function inspect(update: Uint8Array, store: StructStore): UpdateContents | string {
  return inspectWith(update, store, () => (client) => Y.getState(store, client))
}

/**
 * The same above a cut: an author's structs begin at any clock, for what is left out before is part of a base under another
 * name. (Delivery is causal: nothing is left out because it is late.)
 */
export function inspectAboveCut(update: Uint8Array, store: StructStore): UpdateContents | string {
  return inspectWith(update, store, (sections) => (client) => {
    return Math.max(Y.getState(store, client), sections.get(client)?.clock ?? 0)
  })
}

function firstFault({ structs }: Decoded): string | undefined {
  for (const struct of structs) {
    const fault = structFault(struct)
    if (fault !== undefined) return fault
  }
  return undefined
}

function inspectWith(
  update: Uint8Array,
  store: StructStore,
  reachedIn: (sections: ReadonlyMap<number, Section>) => Reached,
): UpdateContents | string {
  const decoded = remembered.get(update) ?? decode(update)
  remembered.delete(update)
  if (typeof decoded === 'string') return decoded
  const structs = new Map<number, DecodedStruct[]>()
  for (const struct of decoded.structs) {
    const ofClient = structs.get(struct.id.client)
    if (ofClient === undefined) structs.set(struct.id.client, [struct])
    else ofClient.push(struct)
  }
  const sections = sectionsOf(structs)
  const reached = reachedIn(sections)
  const fault =
    sizeFault(structs, decoded.ds) ??
    firstFault(decoded) ??
    deleteFault(decoded.ds, sections, reached) ??
    orderFault(structs, reached)
  if (fault !== undefined) return fault
  // Only once it is known that everything it names is there.
  const surroundings = new Surroundings(structs, store)
  const tooDeep = named(decoded, (item) => surroundings.depthFault(item))
  if (tooDeep !== undefined) return tooDeep
  const crossedIds: Y.ID[] = []
  let crossed: string | undefined
  for (const struct of decoded.structs) {
    const disorder = struct instanceof Y.Item ? surroundings.orderFault(struct) : undefined
    if (disorder === undefined) continue
    crossed ??= `${nameOf(struct)} ${disorder}`
    crossedIds.push(struct.id)
  }
  const astray = named(decoded, (item) => surroundings.continuationFault(item))
  return { sections, deletes: decoded.ds, crossed, crossedIds, astray }
}

function sizeFault(structs: Structs, deletes: DeleteSetLike): string | undefined {
  if (structs.size > MAX_CLIENTS || deletes.clients.size > MAX_CLIENTS)
    return 'the update names too many clients'
  let ranges = 0
  for (const ofClient of deletes.clients.values()) ranges += ofClient.length
  return ranges > MAX_DELETE_RANGES ? 'the update has too many deletions' : undefined
}

/** The first item with a fault, and which. */
function named({ structs }: Decoded, faultOf: (item: Y.Item) => string | undefined): string | undefined {
  for (const struct of structs) {
    const fault = struct instanceof Y.Item ? faultOf(struct) : undefined
    if (fault !== undefined) return `${nameOf(struct)} ${fault}`
  }
  return undefined
}

function nameOf({ id }: DecodedStruct): string {
  return `struct ${id.client}:${id.clock}`
}

type Decoded = ReturnType<typeof Y.decodeUpdate>

/** Watches what Yjs' own reader does not report. Yjs makes one for each update, and keeps it to itself. */
class WatchedDecoder extends Y.UpdateDecoderV1 {
  /** The last one made. */
  static last: WatchedDecoder | undefined
  duplicate: number | undefined
  private readonly clients = new Set<number>()

  constructor(decoder: decoding.Decoder) {
    super(decoder)
    WatchedDecoder.last = this
  }

  override readClient(): number {
    const client = super.readClient()
    if (this.clients.has(client)) this.duplicate = client
    this.clients.add(client)
    return client
  }
}

function decode(update: Uint8Array): Decoded | string {
  WatchedDecoder.last = undefined
  let decoded: Decoded
  try {
    decoded = Y.decodeUpdateV2(update, WatchedDecoder)
  } catch (error) {
    return `the update can not be decoded: ${error instanceof Error ? error.message : String(error)}`
  }
  const watched = WatchedDecoder.last as WatchedDecoder | undefined
  WatchedDecoder.last = undefined
  if (watched === undefined || watched.restDecoder.pos !== update.length)
    return 'bytes follow the end of the update'
  // When applied, the second section of a client would replace the first without a word.
  if (watched.duplicate !== undefined) return `the update has two sections of client ${watched.duplicate}`
  return decoded
}

function sectionsOf(structs: Structs): Map<number, Section> {
  const sections = new Map<number, Section>()
  for (const [client, ofClient] of structs) {
    const first = ofClient[0]
    const last = ofClient.at(-1)
    if (first === undefined || last === undefined) continue
    sections.set(client, { clock: first.id.clock, end: last.id.clock + last.length })
  }
  return sections
}

/** What is wrong with the clocks of one struct. */
function rangeFault(struct: DecodedStruct): string | undefined {
  if (struct instanceof Y.Skip) return `${nameOf(struct)} is a gap`
  if (struct.length < 1) return `${nameOf(struct)} is empty`
  if (struct.id.clock + struct.length >= MAX_CLOCK) return `${nameOf(struct)} ends beyond the largest clock`
  return undefined
}

/** What is wrong with one struct, whatever surrounds it. */
function structFault(struct: DecodedStruct): string | undefined {
  const range = rangeFault(struct)
  if (range !== undefined || !(struct instanceof Y.Item)) return range
  const { client, clock } = struct.id
  const name = nameOf(struct)
  const { parent, parentSub, content } = struct
  for (const id of references(struct)) {
    // Yjs looks only other clients' ids up before it follows them.
    if (id.client === client && id.clock >= clock)
      return `${name} names ${id.client}:${id.clock}, which is later`
  }
  if (parentSub === FORBIDDEN_KEY || (parent as unknown) === FORBIDDEN_KEY)
    return `${name} has the key ${FORBIDDEN_KEY}`
  const fault = contentFault(content)
  return fault && `${name} ${fault}`
}

function references(item: Y.Item): Y.ID[] {
  const ids: Y.ID[] = []
  if (item.origin !== null) ids.push(item.origin)
  if (item.rightOrigin !== null) ids.push(item.rightOrigin)
  if (item.parent instanceof Y.ID) ids.push(item.parent)
  return ids
}

/** Deletions may only name what exists, or the next text written there would vanish. */
function deleteFault(
  deletes: DeleteSetLike,
  sections: ReadonlyMap<number, Section>,
  reached: Reached,
): string | undefined {
  for (const [client, ranges] of deletes.clients) {
    const state = Math.max(reached(client), sections.get(client)?.end ?? 0)
    for (const { clock, len } of ranges) {
      if (len < 1) return `the deletion at ${client}:${clock} is empty`
      if (clock + len > state) return `a deletion reaches to ${client}:${clock + len}, beyond what exists`
    }
  }
  return undefined
}

/**
 * Walks the structs as Yjs will integrate them, and finds the first that would have to wait: for an earlier
 * struct of its client, for an id that is nowhere, or, in a circle, for itself.
 */
function orderFault(structs: Structs, reachedBefore: Reached): string | undefined {
  const positions = new Map<number, number>()
  const reached = new Map<number, number>()
  const reachedOf = (client: number) => reached.get(client) ?? reachedBefore(client)
  const nextOf = (client: number) => structs.get(client)?.[positions.get(client) ?? 0]
  for (const start of structs.keys()) {
    const path = [start]
    const onPath = new Set(path)
    const stepBack = () => onPath.delete(path.pop() ?? start)
    for (let client = path.at(-1); client !== undefined; client = path.at(-1)) {
      const struct = nextOf(client)
      if (struct === undefined) {
        stepBack()
        continue
      }
      const { clock } = struct.id
      if (clock > reachedOf(client)) return `nothing is known of client ${client} before clock ${clock}`
      const missing = missingReference(struct, reachedOf)
      if (missing === undefined) {
        positions.set(client, (positions.get(client) ?? 0) + 1)
        reached.set(client, Math.max(reachedOf(client), clock + struct.length))
        if (path.length > 1) stepBack()
      } else if (onPath.has(missing.client) || nextOf(missing.client) === undefined) {
        return `struct ${client}:${clock} names ${missing.client}:${missing.clock}, which is unknown`
      } else {
        path.push(missing.client)
        onPath.add(missing.client)
      }
    }
  }
  return undefined
}

function missingReference(struct: DecodedStruct, reachedOf: (client: number) => number): Y.ID | undefined {
  if (!(struct instanceof Y.Item)) return undefined
  for (const id of references(struct)) {
    if (id.client !== struct.id.client && id.clock >= reachedOf(id.client)) return id
  }
  return undefined
}
