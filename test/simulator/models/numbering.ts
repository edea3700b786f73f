/**
 * A set of tokens whose members are named by number: those of the base by their place in it, those above by a name
 * of their own. Each cut numbers anew, so a payload of the epoch before says something else, or nothing, until it is
 * translated.
 */
import type { Naming } from '@tidemark/core'
import type { TokenId } from './tokens.js'

/** A member's name within one naming: `base` counts from 0, `own` is the same for ever, until a cut takes it in. */
export type Name = { readonly in: 'base' | 'own'; readonly number: number }

/**
 * 'bring': says that a base has come along whose own past nobody here can tell; the number stands for its naming.
 * 'kin': what has come along stems from another lineage, too, which the number stands for; 'estrange': and what of it was
 * gone by then nobody can tell.
 */
export type Change = {
  readonly does: 'insert' | 'remove' | 'bring' | 'kin' | 'estrange'
  readonly name: Name
}

/** Changes that say something about where content comes from, and not of a member. */
const ABOUT: ReadonlySet<Change['does']> = new Set(['bring', 'kin', 'estrange'])

/** Where each name of one naming is in the next one; undefined in `own`: not below the cut. -1: gone. */
export interface Table {
  readonly base: readonly number[]
  readonly own: ReadonlyMap<TokenId, number>
}

/** A past naming, under all its names, and what leads from it to the next one. */
export interface Past {
  readonly namings: readonly Naming[]
  readonly table: Table
}

const CODES = ['base', 'own'] as const
const DEEDS = ['insert', 'remove', 'bring', 'kin', 'estrange'] as const
const CHANGE_BYTES = 4
export const GONE = -1

export function encodeChanges(changes: readonly Change[]): Uint8Array {
  const bytes = new Uint8Array(CHANGE_BYTES * changes.length)
  for (const [i, { does, name }] of changes.entries()) {
    const code = 2 * DEEDS.indexOf(does) + (name.in === 'own' ? 1 : 0)
    bytes.set([code, name.number >> 16, (name.number >> 8) & 255, name.number & 255], CHANGE_BYTES * i)
  }
  return bytes
}

export function decodeChanges(bytes: Uint8Array): Change[] {
  const changes: Change[] = []
  for (let i = 0; i < bytes.length; i += CHANGE_BYTES) {
    const [code = 0, high = 0, middle = 0, low = 0] = bytes.subarray(i, i + CHANGE_BYTES)
    const name: Name = { in: CODES[code & 1] ?? 'own', number: (high << 16) | (middle << 8) | low }
    changes.push({ does: DEEDS[code >> 1] ?? 'insert', name })
  }
  return changes
}

/** @returns the name in the next naming, or undefined for what is gone. */
export function translateName(name: Name, table: Table): Name | undefined {
  const to = name.in === 'base' ? table.base[name.number] : table.own.get(name.number)
  if (to === undefined && name.in === 'base') throw new Error(`the table knows no number ${name.number}`)
  if (to === undefined) return name
  return to === GONE ? undefined : { in: 'base', number: to }
}

/** What an operation of the naming before the table says in the naming behind it. */
export function translateChanges(changes: readonly Change[], table: Table): Change[] {
  const translated: Change[] = []
  for (const change of changes) {
    const { does, name } = change
    if (ABOUT.has(does)) {
      translated.push(change)
      continue
    }
    const to = translateName(name, table)
    // What the cut has taken in need not be inserted any more.
    if (to && !(does === 'insert' && to.in === 'base')) translated.push({ does, name: to })
  }
  return translated
}

/** Members and what of them was removed. */
export class Numbering {
  /** Which token each number is. */
  readonly base: readonly TokenId[]
  readonly goneFromBase = new Set<number>()
  /** In the order of their insertion: whether they are still there. */
  readonly own = new Map<TokenId, boolean>()
  /** Bases that came along without their past. */
  readonly brought = new Set<number>()
  /** Lineages that content stems from which somebody has brought along. */
  readonly kin = new Set<number>()
  /** Those of which nobody can tell what was gone. */
  readonly strange = new Set<number>()

  constructor(base: readonly TokenId[]) {
    this.base = base
  }

  copy(): Numbering {
    const copy = new Numbering(this.base)
    for (const number of this.goneFromBase) copy.goneFromBase.add(number)
    for (const [token, isThere] of this.own) copy.own.set(token, isThere)
    for (const base of this.brought) copy.brought.add(base)
    for (const lineage of this.kin) copy.kin.add(lineage)
    for (const lineage of this.strange) copy.strange.add(lineage)
    return copy
  }

  /** @returns why that makes no sense. */
  refusal(changes: readonly Change[]): string | undefined {
    const inserted = new Set<number>()
    for (const { does, name } of changes) {
      if (ABOUT.has(does)) continue
      if (does === 'insert') inserted.add(name.number)
      else if (
        !(name.in === 'base'
          ? name.number < this.base.length
          : this.own.has(name.number) || inserted.has(name.number))
      )
        return `there is no ${name.in} ${name.number}`
    }
    return undefined
  }

  change(changes: readonly Change[]): void {
    for (const { does, name } of changes) {
      if (does === 'bring') this.brought.add(name.number)
      else if (does === 'kin') this.kin.add(name.number)
      else if (does === 'estrange') this.strange.add(name.number)
      else if (does === 'insert') this.own.set(name.number, this.own.get(name.number) ?? true)
      else if (name.in === 'base') this.goneFromBase.add(name.number)
      else this.own.set(name.number, false)
    }
  }

  /** Whether it is there, or was. */
  knows({ in: where, number }: Name): boolean {
    return where === 'base' ? number < this.base.length : this.own.has(number)
  }

  has({ in: where, number }: Name): boolean {
    return where === 'base'
      ? number < this.base.length && !this.goneFromBase.has(number)
      : this.own.get(number) === true
  }

  /** Everything there, in the order that is the same on all replicas if they were told in the same order. */
  *names(): IterableIterator<Name> {
    for (let number = 0; number < this.base.length; number++) {
      if (!this.goneFromBase.has(number)) yield { in: 'base', number }
    }
    for (const [number, isThere] of this.own) if (isThere) yield { in: 'own', number }
  }

  tokenOf({ in: where, number }: Name): TokenId {
    return where === 'base' ? (this.base[number] ?? 0) : number
  }

  tokens(): TokenId[] {
    return [...this.names()].map((name) => this.tokenOf(name))
  }
}

/** Numbers anew whatever is there. */
export function renumber(before: Numbering): { readonly base: readonly TokenId[]; readonly table: Table } {
  const base: TokenId[] = []
  const fromBase = before.base.map(() => GONE)
  const own = new Map<TokenId, number>()
  for (const token of before.own.keys()) own.set(token, GONE)
  for (const name of before.names()) {
    if (name.in === 'base') fromBase[name.number] = base.length
    else own.set(name.number, base.length)
    base.push(before.tokenOf(name))
  }
  return { base, table: { base: fromBase, own } }
}
