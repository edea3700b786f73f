/** A page with a stored document: typed into by itself, reloaded, killed. */
import { type DocumentStorage, indexedDBStorage, TidemarkProvider } from 'tidemark'
import { memoryNetwork, STORAGE_CONTRACT } from 'tidemark/testing'
import * as Y from 'yjs'

/** Nobody else is reached by it: what brings pages together is what they store. */
const network = memoryNetwork()
const doc = new Y.Doc()
const numbers = doc.getArray<number>('numbers')
let provider: TidemarkProvider | undefined
const errors: string[] = []

function storageOf(durability: 'relaxed' | 'strict'): DocumentStorage {
  return indexedDBStorage('stored-room', { durability })
}

/** Names of the cases that fail, and why. */
export async function contract(): Promise<string[]> {
  const faults: string[] = []
  for (const [index, { name, run }] of STORAGE_CONTRACT.entries()) {
    await run(indexedDBStorage(`contract-${index}`)).catch((error: Error) =>
      faults.push(`${name}: ${error.message}`),
    )
  }
  return faults
}

/** @returns what the document holds once it is loaded. */
export async function open(connect = true): Promise<number[]> {
  provider = new TidemarkProvider('room', doc, {
    transport: network.transport(),
    storage: storageOf('relaxed'),
    connect,
  })
  provider.on('error', (error) => errors.push(error.message))
  await provider.whenLoaded
  return numbers.toArray()
}

export function errorsSoFar(): string[] {
  return errors
}

export function content(): number[] {
  return numbers.toArray()
}

export function add(...added: number[]): void {
  numbers.push(added)
}

export async function saved(): Promise<void> {
  await provider?.whenSaved()
}

export function characters(): number {
  return doc.getText('text').length
}

export function storedBytes(): number {
  return provider?.stats().storedBytes ?? 0
}

/** Fills the document with text, in pieces that are not merged into one. */
export async function fill(characters: number): Promise<void> {
  const text = doc.getText('text')
  for (let at = 0; at < characters; at += 1000) text.insert(0, `${at} `.repeat(500).slice(0, 1000))
  await saved()
}

/**
 * Adds consecutive numbers until the page is gone; calls what the test has left in the page with each that is stored. Now and
 * then the document is compacted, which stores it anew.
 */
export function write(): void {
  const { acknowledge } = globalThis as unknown as { acknowledge(number: number): Promise<void> }
  const note = doc.getText('note')
  const step = async () => {
    for (;;) {
      const next = numbers.length
      numbers.push([next])
      note.delete(0, note.length)
      note.insert(0, `number ${next} and some text that is history soon`)
      if (next % 7 === 0) provider?.compact().catch(() => {})
      await saved()
      void acknowledge(next)
    }
  }
  step().catch((error: Error) => errors.push(error.message))
}
