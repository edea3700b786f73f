/** Editing histories, as they are replayed in every library. */
import { ancestorsOfOthers, loadRawTrace } from '../test/traces/concurrent-trace.js'
import { loadSequentialTrace, type Patch } from '../test/traces/sequential-trace.js'
import type { Editor, Library } from './peers/editor.js'
import { TRACES } from './places.js'

/** Edits of one step: so that no library pays for a change of its own per keystroke. */
const EDITS_PER_STEP = 16
const WORD = 'word '

export interface History {
  readonly name: string
  readonly edits: number
  readonly content: string
  /** @returns the text with the whole history. */
  replay(library: Library): Editor
}

export function traceFile(name: string): URL {
  return new URL(`${name}.json.gz`, TRACES)
}

export async function sequentialHistory(name: string): Promise<History> {
  const { patches, endContent } = await loadSequentialTrace(traceFile(name))
  const replay = (library: Library) => {
    const editor = library.open()
    for (let at = 0; at < patches.length; at += EDITS_PER_STEP)
      editor.apply(patches.slice(at, at + EDITS_PER_STEP))
    return editor
  }
  return { name, edits: patches.length, content: endContent, replay }
}

/** Each author has a copy, and merges what the trace says that it had seen. */
export async function concurrentHistory(name: string): Promise<History> {
  const raw = await loadRawTrace(traceFile(name))
  const replay = (library: Library) => {
    const authors = Array.from({ length: raw.numAgents }, (_, author) => ({
      editor: library.open(author),
      merged: new Set<number>(),
    }))
    const made: Uint8Array[] = []
    const author = (index: number) => authors[index] as (typeof authors)[number]
    const catchUp = (index: number, parents: readonly number[]) => {
      const { editor, merged } = author(index)
      for (const other of ancestorsOfOthers(raw, index, parents, merged))
        editor.merge(made[other] as Uint8Array)
    }
    for (const { agent, parents, patches } of raw.txns) {
      catchUp(agent, parents)
      author(agent).editor.apply(patches)
      made.push(author(agent).editor.take())
    }
    catchUp(
      0,
      raw.txns.map((_, index) => index),
    )
    return author(0).editor
  }
  const edits = raw.txns.reduce((sum, { patches }) => sum + patches.length, 0)
  return { name, edits, content: raw.endContent, replay }
}

/** Where each of many people who come once puts a word. */
export function visits(count: number): Patch[] {
  return Array.from(
    { length: count },
    (_, visitor): Patch => [(visitor * 7919) % (visitor * WORD.length + 1), 0, WORD],
  )
}

export function visitorsHistory(count: number): History {
  const all = visits(count)
  const replay = (library: Library) => {
    const editor = library.open()
    for (const patch of all) {
      editor.becomeStranger()
      editor.apply([patch])
    }
    return editor
  }
  let content = ''
  for (const [position, , text] of all) content = content.slice(0, position) + text + content.slice(position)
  return { name: `${count.toLocaleString('en-US')} visitors`, edits: count, content, replay }
}
