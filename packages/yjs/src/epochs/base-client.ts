/**
 * The synthetic client under which a base is numbered.
 *
 * A pure function of the naming, so that every replica finds the same; 31 bits, so that authors can have the upper
 * half for themselves: a concurrent write to a map entry of the base then comes after the base's. Two bases in a row
 * never share one, or an id of the one could be taken for an id of the other.
 */
import type { Naming } from '@tidemark/core'
import * as sha256 from 'lib0/hash/sha256'
import * as random from 'lib0/random'
import * as string from 'lib0/string'

const CLIENTS = 2 ** 31 - 1

/** Every payload that comes in is held against two of them: finding one anew took a third of applying a keystroke. */
const remembered = new Map<string, number>()
/** Documents of one process are in a few epochs at a time. */
const MOST_REMEMBERED = 64

export function baseClientOf({ lineage, epoch }: Naming): number {
  const name = nameOf(lineage, epoch)
  const known = remembered.get(name)
  if (known !== undefined) return known
  if (remembered.size >= MOST_REMEMBERED) remembered.clear()
  const hash = hashed(name)
  const client = hash === hashed(nameOf(lineage, epoch - 1)) ? 1 + (hash % CLIENTS) : hash
  remembered.set(name, client)
  return client
}

/** The same, or, where a document happens to use that id already, the next one free in it. */
export function freeBaseClient(naming: Naming, used: ReadonlyMap<number, unknown>): number {
  let client = baseClientOf(naming)
  while (used.has(client)) client = 1 + (client % CLIENTS)
  return client
}

/** For an author, above all bases'. */
export function newAuthorClient(): number {
  return CLIENTS + 1 + (random.uint32() % CLIENTS)
}

function nameOf(lineage: string, epoch: number): string {
  return `${epoch} ${lineage}`
}

function hashed(name: string): number {
  const [a = 0, b = 0, c = 0, d = 0] = sha256.digest(string.encodeUtf8(name))
  return 1 + ((((a << 24) | (b << 16) | (c << 8) | d) >>> 0) % CLIENTS)
}
