/**
 * What the user of a Yjs document wants next, drawn from what is shown.
 */
import * as Y from 'yjs'
import type { Random } from '../random.js'
import type { Census, SharedType } from './census.js'
import type { Intent, NestedKind, Unit } from './intent.js'
import type { ContainerId, Feature } from './model.js'
import {
  type ActionId,
  inserts,
  type Run,
  removes,
  type Token,
  type TokenBook,
  type TokenId,
} from './tokens.js'

const KEYS = ['a', 'b', 'c']
const ATTRIBUTES = ['x', 'y']
/** Users meet: most edits happen near the beginning. */
const BUSY_LENGTH = 10
/** Nested types hold nested types, but not without end. */
const MAX_DEPTH = 4
/** Beyond this, users erase more than they type. */
const CROWDED = 40

const IN_ARRAYS: readonly NestedKind[] = ['map', 'array', 'text']
const IN_XML: readonly NestedKind[] = ['element', 'xml-text']

/** An intent, and the actions it stands for. */
export interface Wish {
  readonly intent: Intent
  readonly actions: readonly ActionId[]
  /** What is inserted by it. */
  readonly run?: Run | undefined
}

export class YjsUser {
  private readonly features: ReadonlySet<Feature>

  constructor(features: ReadonlySet<Feature>) {
    this.features = features
  }

  /** How many wishes make one transaction. */
  wishesAtOnce(random: Random): number {
    return this.features.has('mixed') && random.chance(0.4) ? random.between(2, 4) : 1
  }

  wish(census: Census, random: Random, book: TokenBook): Wish | undefined {
    const container = this.pickContainer(census, random)
    if (container === undefined) return undefined
    const sequence = census.sequences.get(container)
    const type: SharedType | undefined = sequence?.type ?? census.entries.get(container)?.type
    if (!type) return undefined
    if (this.hasKeys(type) && (!sequence || random.chance(0.3)))
      return this.setKey(census, container, type, random, book)
    const erasing = census.shown.length > CROWDED ? 0.55 : 0.3
    if (random.chance(erasing)) return this.erase(census, container, random)
    if (isText(type)) return this.write(census, container, random, book)
    return this.insertUnits(census, container, type, random, book)
  }

  /** Roots half the time, and whatever is nested in them otherwise. */
  private pickContainer(census: Census, random: Random): ContainerId | undefined {
    const all = [...new Set<ContainerId>([...census.sequences.keys(), ...census.entries.keys()])].filter(
      (id) => typeof id === 'number' || this.isUsed(id),
    )
    const nested = all.filter((id) => typeof id === 'number')
    if (nested.length > 0 && random.chance(0.5)) return random.pick(nested)
    return random.pick(all.filter((id) => typeof id === 'string'))
  }

  private isUsed(root: string): boolean {
    const feature: Feature = root === 'text' || root === 'list' || root === 'map' ? root : 'xml'
    return this.features.has(feature)
  }

  private hasKeys(type: SharedType): boolean {
    return type instanceof Y.Map || (this.features.has('attributes') && type instanceof Y.XmlElement)
  }

  private write(census: Census, into: ContainerId, random: Random, book: TokenBook): Wish | undefined {
    const { tokens } = census.sequences.get(into) ?? { tokens: [] }
    if (this.features.has('format') && tokens.length > 0 && random.chance(0.2)) return format(tokens, random)
    if (this.features.has('embed') && random.chance(0.15)) {
      const kind = this.features.has('nested') && random.chance(0.3) ? 'map' : 'wrapped'
      return this.insertRun(tokens, into, 1, random, book, () => kind)
    }
    const at = random.below(Math.min(tokens.length, BUSY_LENGTH) + 1)
    const run = book.makeRun([...tokens], at, random.between(1, 3), inside(into))
    const text = run.map(({ char }) => char).join('')
    const intent: Intent = { type: 'type', into, after: tokens[at - 1], text }
    return { intent, actions: run.map(({ id }) => inserts(id)), run: run[0]?.run }
  }

  private insertUnits(
    census: Census,
    into: ContainerId,
    type: SharedType,
    random: Random,
    book: TokenBook,
  ): Wish | undefined {
    const { tokens } = census.sequences.get(into) ?? { tokens: [] }
    const isXml = type instanceof Y.XmlFragment
    const isDeep = depthOf(into, census) >= MAX_DEPTH
    const draw = (): Unit['kind'] => {
      if (isXml) return isDeep ? 'xml-text' : (random.pick(IN_XML) ?? 'element')
      if (this.features.has('nested') && !isDeep && random.chance(0.4)) return random.pick(IN_ARRAYS) ?? 'map'
      return random.chance(0.5) ? 'value' : 'wrapped'
    }
    return this.insertRun(tokens, into, random.between(1, isXml ? 1 : 3), random, book, draw)
  }

  private insertRun(
    tokens: readonly TokenId[],
    into: ContainerId,
    count: number,
    random: Random,
    book: TokenBook,
    draw: () => Unit['kind'],
  ): Wish {
    const at = random.below(Math.min(tokens.length, BUSY_LENGTH) + 1)
    const run = book.makeRun([...tokens], at, count, inside(into))
    const units = run.map(({ char }): Unit => ({ kind: draw(), char }))
    const intent: Intent = { type: 'insert', into, after: tokens[at - 1], units }
    return { intent, actions: run.map(({ id }) => inserts(id)), run: run[0]?.run }
  }

  private erase(census: Census, from: ContainerId, random: Random): Wish | undefined {
    const { tokens } = census.sequences.get(from) ?? { tokens: [] }
    if (tokens.length === 0) return undefined
    const at = random.below(Math.min(tokens.length, BUSY_LENGTH))
    const erased = tokens.slice(at, at + random.between(1, 4)).filter((token) => token >= 0)
    return { intent: { type: 'delete', tokens: erased }, actions: erased.map(removes) }
  }

  private setKey(
    census: Census,
    where: ContainerId,
    type: SharedType,
    random: Random,
    book: TokenBook,
  ): Wish | undefined {
    const isMap = type instanceof Y.Map
    const key = random.pick(isMap ? KEYS : ATTRIBUTES) ?? 'a'
    const before = census.entries.get(where)?.tokens.get(key)
    const gone = before === undefined || before < 0 ? [] : [removes(before)]
    if (gone.length > 0 && random.chance(0.3)) {
      return { intent: { type: 'unset', in: where, key }, actions: gone }
    }
    const token: Token = book.make({ ...inside(where), isContested: true, key })
    const nests =
      isMap && this.features.has('nested') && depthOf(where, census) < MAX_DEPTH && random.chance(0.3)
    const kind = nests ? (random.pick(IN_ARRAYS) ?? 'map') : 'value'
    const unit: Unit = { kind, char: token.char }
    return { intent: { type: 'set', in: where, key, unit }, actions: [...gone, inserts(token.id)] }
  }
}

/** @param book for what is written; without it the key is emptied. */
export function writeKey(
  census: Census,
  where: ContainerId,
  key: string,
  book: TokenBook | undefined,
): Wish | undefined {
  const before = census.entries.get(where)?.tokens.get(key)
  const gone = before === undefined || before < 0 ? [] : [removes(before)]
  if (!book)
    return gone.length === 0 ? undefined : { intent: { type: 'unset', in: where, key }, actions: gone }
  const { id, char } = book.make({ ...inside(where), isContested: true, key })
  const intent: Intent = { type: 'set', in: where, key, unit: { kind: 'value', char } }
  return { intent, actions: [...gone, inserts(id)] }
}

function isText(type: SharedType): boolean {
  return type instanceof Y.Text
}

function format(tokens: readonly TokenId[], random: Random): Wish {
  const at = random.below(Math.min(tokens.length, BUSY_LENGTH))
  const formatted = tokens.slice(at, at + random.between(1, 4))
  const attributes = { [random.chance(0.7) ? 'bold' : 'em']: random.chance(0.6) ? true : null }
  return { intent: { type: 'format', tokens: formatted, attributes }, actions: [] }
}

function inside(container: ContainerId): { readonly container?: TokenId } {
  return typeof container === 'number' ? { container } : {}
}

function depthOf(container: ContainerId, census: Census): number {
  let depth = 0
  for (let at: ContainerId | undefined = container; typeof at === 'number'; at = census.places.get(at))
    depth++
  return depth
}
