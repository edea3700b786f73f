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

/**
 * Counts visits in a database that is none of Tidemark's, long committed when the browser is killed.
 * @returns how many there were before; 0, too, if the browser has lost what this site has stored.
 */
export async function visits(): Promise<number> {
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open('visits', 1)
    request.onupgradeneeded = () => request.result.createObjectStore('visits', { autoIncrement: true })
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  const transaction = database.transaction('visits', 'readwrite', { durability: 'strict' })
  const store = transaction.objectStore('visits')
  const count = store.count()
  store.add(Date.now())
  await new Promise<void>((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(transaction.error)
  })
  database.close()
  return count.result
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

/** As another page, or the user, might: nobody is asked. @returns once it is gone. */
export function deleteDatabase(): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase('stored-room')
    request.onsuccess = () => resolve()
    request.onerror = () => reject(request.error)
  })
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
