/**
 * A Yjs document with everything that Yjs knows: text with formatting and embeds, arrays, maps, nested types to any
 * depth, XML.
 */
import { readStored, YjsStructure } from '@tidemark/yjs'
import * as Y from 'yjs'
import type { Random } from '../random.js'
import { Census, type SharedType } from './census.js'
import { freshCopy } from './fresh-copy.js'
import { perform } from './intent.js'
import type { ContainerId, MakeModel, Model, ModelOptions, Stored } from './model.js'
import { PlainTwin } from './plain-twin.js'
import type { ActionId, TokenBook, TokenId } from './tokens.js'
import { type Wish, writeKey, YjsUser } from './yjs-user.js'

const MAX_CLIENT = 2 ** 31 - 1

function makeRoots(doc: Y.Doc): void {
  doc.getText('text')
  doc.getArray('list')
  doc.getMap('map')
  doc.getXmlFragment('xml')
}

class YjsDocument implements Model {
  readonly structure: YjsStructure
  readonly twin: PlainTwin | undefined
  readonly keepsNoHalves: boolean
  private readonly doc = new Y.Doc()
  private readonly user: YjsUser
  private known: { readonly census: Census } | undefined

  constructor(random: Random, options: ModelOptions) {
    const { doc } = this
    const client = random.between(1, MAX_CLIENT)
    doc.clientID = client
    makeRoots(doc)
    doc.on('afterTransaction', () => {
      this.known = undefined
    })
    this.user = new YjsUser(options.features)
    if (options.hasTwin) this.twin = makeTwin(doc.clientID)
    const { compaction, onLocalChange, onOrphaned, onError } = options
    this.keepsNoHalves = compaction === 'fixed'
    this.structure = new YjsStructure(doc, {
      compaction,
      onLocalChange,
      onOrphaned,
      onObserverError: onError,
      ...(options.isStored && { onUnsaved() {} }),
    })
    doc.clientID = client
  }

  edit(random: Random, book: TokenBook): readonly ActionId[] {
    const { user } = this
    return this.do(user.wishesAtOnce(random), (census) => user.wish(census, random, book))
  }

  writeKey(key: string, isWritten: boolean, book: TokenBook): readonly ActionId[] {
    return this.do(1, (census) => writeKey(census, 'map', key, isWritten ? book : undefined))
  }

  private do(times: number, wishOf: (census: Census) => Wish | undefined): readonly ActionId[] {
    const { doc } = this
    const wishes: Wish[] = []
    const actions: ActionId[] = []
    doc.transact(() => {
      for (let left = times; left > 0; left--) {
        const census = new Census(doc)
        const wish = wishOf(census)
        if (!wish) continue
        perform(doc, census, wish.intent)
        wishes.push(wish)
        actions.push(...wish.actions)
      }
    })
    this.twin?.want(wishes)
    return actions
  }

  shown(): readonly TokenId[] {
    return this.census.shown
  }

  unnamed(): readonly TokenId[] {
    return this.census.unnamed
  }

  keys(): ReadonlyMap<ContainerId, ReadonlySet<string>> {
    return new Map([...this.census.entries].map(([id, { tokens }]) => [id, new Set(tokens.keys())]))
  }

  sequences(): ReadonlyMap<ContainerId, readonly TokenId[]> {
    return new Map([...this.census.sequences].map(([id, { tokens }]) => [id, tokens]))
  }

  fingerprint(): string {
    const parts: unknown[] = []
    for (const name of [...this.doc.share.keys()].sort()) {
      parts.push(name, described(this.doc.share.get(name)))
    }
    return JSON.stringify(parts)
  }

  fault(): string | undefined {
    const { pendingStructs, pendingDs } = this.doc.store
    return pendingStructs === null && pendingDs === null ? undefined : 'an update is parked inside Yjs'
  }

  store(): Stored {
    const { recording } = this.structure
    if (!recording) throw new Error('nothing of this document is stored')
    return { records: [...recording.rewrite()], twin: this.twin?.state() }
  }

  restore({ records, twin }: Stored): void {
    const stored = readStored(records)
    if (typeof stored === 'string') throw new Error(stored)
    for (const _ of this.structure.storing.restore(stored));
    if (twin) this.twin?.apply(twin)
  }

  sizes(): { bytes: number; freshBytes: number } {
    const bytes = Y.encodeStateAsUpdate(this.doc).length
    return { bytes, freshBytes: Y.encodeStateAsUpdate(freshCopy(this.doc, makeRoots)).length }
  }

  private get census(): Census {
    this.known ??= { census: new Census(this.doc) }
    return this.known.census
  }
}

function makeTwin(client: number): PlainTwin {
  const doc = new Y.Doc()
  doc.clientID = client
  makeRoots(doc)
  return new PlainTwin(doc)
}

function described(value: unknown): unknown {
  if (!(value instanceof Y.AbstractType)) return value
  const type = value as SharedType
  const entries = [...type._map]
    .filter(([, item]) => !item.deleted)
    .map(([key, item]) => [key, described(item.content.getContent().at(-1))])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))
  if (type instanceof Y.Text) {
    const delta = type.toDelta() as { insert: unknown; attributes?: object }[]
    return [entries, delta.map(({ insert, attributes }) => [described(insert), sorted(attributes)])]
  }
  const children: unknown[] = type instanceof Y.XmlElement ? [type.nodeName] : []
  for (let item = type._start; item !== null; item = item.right) {
    if (!item.deleted && item.countable) children.push(...item.content.getContent().map(described))
  }
  return [entries, children]
}

function sorted(attributes: object | undefined): [string, unknown][] {
  return Object.entries(attributes ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
}

export const makeYjsDocument: MakeModel = (random, options) => new YjsDocument(random, options)
