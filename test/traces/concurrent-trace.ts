/**
 * Makes a concurrent trace playable by people who hold more (or less) than its authors did.
 *
 * A position means something only in the version it was made in. Plain Yjs is the oracle for that version: each
 * author's edits are made there, in a document with all its parents, and written down as neighbours by name. The
 * n-th character an author ever inserted has the name (author, n), which is its Yjs id wherever that author types
 * with the client id `author + 1`.
 */
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import * as Y from 'yjs'

/** Client and clock of a character, deleted ones included. */
export type CharacterName = readonly [client: number, clock: number]

export interface NamedEdit {
  /** The last character that the edit's version has of each other author: to be waited for. */
  readonly needs: readonly CharacterName[]
  /** The last character of the edit's version that another author deleted: to be waited for. */
  readonly needsGone: readonly CharacterName[]
  /** Insert behind this character; null: at the beginning. Absent if nothing is inserted. */
  readonly after?: CharacterName | null
  readonly text?: string
  /** Runs of characters to delete: the first one's name, and how many follow each other. */
  readonly deletes?: readonly (readonly [client: number, clock: number, length: number])[]
}

export interface PlayableTrace {
  /** What each author does, in its order. */
  readonly authors: readonly (readonly NamedEdit[])[]
  readonly endContent: string
}

export interface RawTrace {
  readonly numAgents: number
  readonly endContent: string
  readonly txns: readonly {
    readonly parents: readonly number[]
    readonly agent: number
    readonly patches: readonly (readonly [position: number, deleteCount: number, text: string])[]
  }[]
}

export function clientIdOf(author: number): number {
  return author + 1
}

/** As it is in the file: edits by position, each in the version that its parents make. */
export async function loadRawTrace(file: URL): Promise<RawTrace> {
  return JSON.parse((await promisify(gunzip)(await readFile(file))).toString())
}

export async function loadConcurrentTrace(file: URL): Promise<PlayableTrace> {
  const raw = await loadRawTrace(file)
  const oracles = Array.from({ length: raw.numAgents }, (_, author) => new Oracle(author))
  const made: MadeTransaction[] = []
  for (const [index, txn] of raw.txns.entries()) {
    const oracle = oracles[txn.agent]
    if (!oracle) throw new Error(`transaction ${index} names an unknown author`)
    for (const parent of ancestorsOfOthers(raw, txn.agent, txn.parents, oracle.merged)) {
      oracle.merge(made[parent] as MadeTransaction)
    }
    made.push(oracle.edit(txn.patches))
  }
  return { authors: oracles.map((oracle) => oracle.edits), endContent: raw.endContent }
}

/** Ancestors that an author has not merged yet, oldest first; marks them as merged. */
export function ancestorsOfOthers(
  raw: RawTrace,
  agent: number,
  parents: readonly number[],
  merged: Set<number>,
): number[] {
  const found: number[] = []
  const open = [...parents]
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    if (merged.has(index)) continue
    merged.add(index)
    const txn = raw.txns[index]
    if (txn && txn.agent !== agent) found.push(index)
    open.push(...(txn?.parents ?? []))
  }
  return found.sort((a, b) => a - b)
}

interface MadeTransaction {
  readonly author: number
  readonly update: Uint8Array
  readonly lastInserted: CharacterName | undefined
  readonly lastDeleted: CharacterName | undefined
}

class Oracle {
  readonly doc = new Y.Doc({ gc: false })
  readonly edits: NamedEdit[] = []
  readonly merged = new Set<number>()
  private readonly author: number
  private readonly text: Y.Text
  /** By other author: what of its edits was merged last. */
  private readonly needs = new Map<number, CharacterName>()
  private readonly needsGone = new Map<number, CharacterName>()

  constructor(author: number) {
    this.author = author
    this.doc.clientID = clientIdOf(author)
    this.text = this.doc.getText('text')
  }

  merge({ author, update, lastInserted, lastDeleted }: MadeTransaction): void {
    Y.applyUpdate(this.doc, update)
    if (lastInserted) this.needs.set(author, lastInserted)
    if (lastDeleted) this.needsGone.set(author, lastDeleted)
  }

  edit(patches: RawTrace['txns'][number]['patches']): MadeTransaction {
    const before = Y.encodeStateVector(this.doc)
    let lastInserted: CharacterName | undefined
    let lastDeleted: CharacterName | undefined
    for (const [position, deleteCount, text] of patches) {
      const past = { needs: [...this.needs.values()], needsGone: [...this.needsGone.values()] }
      if (deleteCount > 0) {
        const deletes = this.names(position, deleteCount)
        this.edits.push({ ...past, deletes })
        this.text.delete(position, deleteCount)
        const [client, clock] = deletes[0] ?? [0, 0]
        lastDeleted = [client, clock]
      }
      if (text !== '') {
        const [after] = position > 0 ? this.names(position - 1, 1) : []
        this.edits.push({ ...past, after: after ? [after[0], after[1]] : null, text })
        this.text.insert(position, text)
        const client = this.doc.clientID
        lastInserted = [client, Y.getState(this.doc.store, client) - 1]
      }
    }
    const update = Y.encodeStateAsUpdate(this.doc, before)
    return { author: this.author, update, lastInserted, lastDeleted }
  }

  /** Names of the visible characters from `position` on, as runs. */
  private names(position: number, length: number): [number, number, number][] {
    const runs: [number, number, number][] = []
    let skip = position
    let left = length
    for (let item = this.text._start; item && left > 0; item = item.right) {
      if (item.deleted || !item.countable) continue
      if (skip >= item.length) {
        skip -= item.length
        continue
      }
      const count = Math.min(item.length - skip, left)
      runs.push([item.id.client, item.id.clock + skip, count])
      skip = 0
      left -= count
    }
    return runs
  }
}
