/**
 * Where every token of a document is: one walk over everything shown.
 *
 * Nested types carry a token of their own, which names them in all replicas and survives any renumbering: a map under
 * the key `id`, text and elements as the attribute `id`, an array as its first value.
 */
import * as Y from 'yjs'
import type { ContainerId } from './model.js'
import { type TokenId, tokenOf } from './tokens.js'

export type SharedType = Y.AbstractType<unknown>

export const ID_KEY = 'id'

export interface Sequence {
  readonly type: SharedType
  /** Of each unit; undefined for one that says nothing. */
  readonly tokens: TokenId[]
  /** Units before the first of `tokens`: an array's own name. */
  readonly offset: number
}

export interface Entries {
  readonly type: SharedType
  readonly tokens: Map<string, TokenId>
}

export class Census {
  readonly sequences = new Map<ContainerId, Sequence>()
  readonly entries = new Map<ContainerId, Entries>()
  /** Everything shown, one entry per occurrence. */
  readonly shown: TokenId[] = []
  /** What stands in types that are only half there: once they have a name, it is shown. */
  readonly unnamed: TokenId[] = []
  /** Containers in which each token stands. */
  readonly places = new Map<TokenId, ContainerId>()

  constructor(root: Y.Doc | SharedType) {
    if (root instanceof Y.Doc) {
      for (const name of [...root.share.keys()].sort()) this.visit(name, root.share.get(name) as SharedType)
    } else this.visit('', root)
  }

  get all(): readonly TokenId[] {
    return [...this.shown, ...this.unnamed]
  }

  private visit(id: ContainerId, type: SharedType): void {
    const isArray = type instanceof Y.Array
    if (!(type instanceof Y.Map)) this.visitSequence(id, type, isArray && typeof id === 'number' ? 1 : 0)
    if (type._map.size > 0 || type instanceof Y.Map) this.visitEntries(id, type)
  }

  private visitSequence(id: ContainerId, type: SharedType, offset: number): void {
    const tokens: TokenId[] = []
    this.sequences.set(id, { type, tokens, offset })
    let skip = offset
    for (let item = type._start; item !== null; item = item.right) {
      if (item.deleted || !item.countable) continue
      for (const value of valuesOf(item.content)) {
        if (skip > 0) skip--
        else tokens.push(this.note(value, id))
      }
    }
  }

  private visitEntries(id: ContainerId, type: SharedType): void {
    const tokens = new Map<string, TokenId>()
    for (const key of [...type._map.keys()].sort()) {
      const item = type._map.get(key)
      if (!item || item.deleted || key === ID_KEY) continue
      tokens.set(key, this.note(valuesOf(item.content).at(-1), id))
    }
    if (type instanceof Y.Map || tokens.size > 0) this.entries.set(id, { type, tokens })
  }

  /** @returns the token, or -1 for what has none: a nested type that is only half there. */
  private note(value: unknown, container: ContainerId): TokenId {
    const token = tokenIn(value)
    if (token === undefined) {
      if (value instanceof Y.AbstractType) this.unnamed.push(...new Census(value as SharedType).all)
      return -1
    }
    this.shown.push(token)
    if (!this.places.has(token)) {
      this.places.set(token, container)
      if (value instanceof Y.AbstractType) this.visit(token, value as SharedType)
    }
    return token
  }
}

function valuesOf(content: Y.Item['content']): readonly unknown[] {
  if (content instanceof Y.ContentString) return content.str.split('')
  return content.getContent()
}

function tokenIn(value: unknown): TokenId | undefined {
  const char = value instanceof Y.AbstractType ? nameOf(value as SharedType) : plainChar(value)
  return typeof char === 'string' && char !== '' ? tokenOf(char) : undefined
}

/** Values come as the character alone, or wrapped in an object. */
function plainChar(value: unknown): unknown {
  if (typeof value === 'object' && value !== null && 'token' in value) return value.token
  return value
}

function nameOf(type: SharedType): unknown {
  if (type instanceof Y.Array) {
    for (let item = type._start; item !== null; item = item.right) {
      if (!item.deleted && item.countable) return valuesOf(item.content)[0]
    }
    return undefined
  }
  const item = type._map.get(ID_KEY)
  return item && !item.deleted ? valuesOf(item.content).at(-1) : undefined
}
