/**
 * A Yjs document: text with formatting, an array of values and nested types, and a map.
 */
import { YjsStructure } from '@tidemark/yjs'
import * as Y from 'yjs'
import type { Random } from '../random.js'
import type { MakeModel, Model } from './model.js'
import { type ActionId, inserts, removes, type TokenBook, type TokenId, tokenOf } from './tokens.js'

const KEYS = ['a', 'b', 'c']
/** Users meet: most edits happen near the beginning. */
const BUSY_LENGTH = 10

class YjsDocument implements Model {
  readonly structure: YjsStructure
  private readonly doc = new Y.Doc()
  private readonly text = this.doc.getText('text')
  private readonly list = this.doc.getArray<Item>('list')
  private readonly map = this.doc.getMap<string>('map')

  constructor(random: Random, onLocalChange: () => void) {
    this.doc.clientID = random.between(1, 2 ** 31 - 1)
    this.structure = new YjsStructure(this.doc, { onLocalChange })
  }

  edit(random: Random, book: TokenBook): readonly ActionId[] {
    const kind = random.real()
    if (kind < 0.4) return this.type(random, book, this.text)
    if (kind < 0.6) return this.erase(random, this.text)
    if (kind < 0.68) return this.format(random)
    if (kind < 0.76) return this.insertItem(random, book)
    if (kind < 0.82) return this.deleteItem(random)
    if (kind < 0.92) return this.editNested(random, book)
    return this.setKey(random, book)
  }

  shown(): readonly TokenId[] {
    const tokens = [...this.ordered()]
    for (const item of this.list) {
      const token = itemToken(item)
      if (token !== undefined) tokens.push(token)
      const text = typeof item === 'string' ? undefined : textOf(item)
      if (text) tokens.push(...[...text.toString()].map(tokenOf))
    }
    for (const value of this.map.values()) tokens.push(tokenOf(value))
    return tokens
  }

  ordered(): readonly TokenId[] {
    return [...this.text.toString()].map(tokenOf)
  }

  fingerprint(): string {
    const vector = [...Y.decodeStateVector(Y.encodeStateVector(this.doc))].sort(([a], [b]) => a - b)
    const map = Object.entries(this.map.toJSON()).sort(([a], [b]) => (a < b ? -1 : 1))
    return JSON.stringify([this.text.toDelta(), this.list.toJSON(), map, vector])
  }

  private type(random: Random, book: TokenBook, text: Y.Text, container?: TokenId): ActionId[] {
    const at = random.below(Math.min(text.length, BUSY_LENGTH) + 1)
    const before = text.toString()
    const right = before[at]
    const between = right === undefined ? {} : { right: tokenOf(right) }
    const inside = container === undefined ? {} : { container }
    let left = before[at - 1]
    const done: ActionId[] = []
    let typed = ''
    for (let i = random.between(1, 3); i > 0; i--) {
      const token = book.make({
        ...between,
        ...inside,
        ...(left === undefined ? {} : { left: tokenOf(left) }),
      })
      left = token.char
      typed += token.char
      done.push(inserts(token.id))
    }
    text.insert(at, typed)
    return done
  }

  private erase(random: Random, text: Y.Text): ActionId[] {
    if (text.length === 0) return []
    const at = random.below(Math.min(text.length, BUSY_LENGTH))
    const erased = text.toString().slice(at, at + random.between(1, 4))
    text.delete(at, erased.length)
    return [...erased].map((char) => removes(tokenOf(char)))
  }

  private format(random: Random): ActionId[] {
    if (this.text.length === 0) return []
    const at = random.below(Math.min(this.text.length, BUSY_LENGTH))
    const length = Math.min(this.text.length - at, random.between(1, 4))
    this.text.format(at, length, { bold: random.chance(0.6) ? true : null })
    return []
  }

  private insertItem(random: Random, book: TokenBook): ActionId[] {
    const token = book.make()
    const at = random.below(this.list.length + 1)
    if (random.chance(0.5)) {
      this.list.insert(at, [token.char])
    } else {
      const nested = new Y.Map<unknown>([
        ['id', token.char],
        ['text', new Y.Text()],
      ])
      this.list.insert(at, [nested])
    }
    return [inserts(token.id)]
  }

  private deleteItem(random: Random): ActionId[] {
    if (this.list.length === 0) return []
    const at = random.below(this.list.length)
    const token = itemToken(this.list.get(at))
    if (token === undefined) return []
    this.list.delete(at, 1)
    return [removes(token)]
  }

  private editNested(random: Random, book: TokenBook): ActionId[] {
    const nested = random.pick(this.list.toArray().filter((item) => typeof item !== 'string'))
    const container = nested && itemToken(nested)
    const text = nested && textOf(nested)
    if (container === undefined || !text) return this.insertItem(random, book)
    return random.chance(0.3) ? this.erase(random, text) : this.type(random, book, text, container)
  }

  private setKey(random: Random, book: TokenBook): ActionId[] {
    const key = random.pick(KEYS) ?? 'a'
    const before = this.map.get(key)
    const done = before === undefined ? [] : [removes(tokenOf(before))]
    if (before !== undefined && random.chance(0.3)) {
      this.map.delete(key)
      return done
    }
    const token = book.make({ isContested: true })
    this.map.set(key, token.char)
    return [...done, inserts(token.id)]
  }
}

type Item = string | Y.Map<unknown>

/** Of a nested map that is only half loaded, neither part may be there yet. */
function itemToken(item: Item): TokenId | undefined {
  const char = typeof item === 'string' ? item : item.get('id')
  return typeof char === 'string' ? tokenOf(char) : undefined
}

function textOf(nested: Y.Map<unknown>): Y.Text | undefined {
  const text = nested.get('text')
  return text instanceof Y.Text ? text : undefined
}

export const makeYjsDocument: MakeModel = (random, onLocalChange) => new YjsDocument(random, onLocalChange)
