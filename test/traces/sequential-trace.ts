/**
 * Traces of one author: patches that are applied one after the other.
 */
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type * as Y from 'yjs'

export type Patch = readonly [position: number, deleteCount: number, text: string]

export interface SequentialTrace {
  readonly patches: readonly Patch[]
  readonly endContent: string
}

interface RawTrace {
  readonly startContent: string
  readonly endContent: string
  readonly txns: readonly { readonly patches: readonly Patch[] }[]
}

export async function loadSequentialTrace(file: URL): Promise<SequentialTrace> {
  const raw: RawTrace = JSON.parse((await promisify(gunzip)(await readFile(file))).toString())
  if (raw.startContent !== '') throw new Error(`${file} begins with content`)
  return { patches: raw.txns.flatMap(({ patches }) => patches), endContent: raw.endContent }
}

export function applyPatch(text: Y.Text, [position, deleteCount, inserted]: Patch): void {
  if (deleteCount > 0) text.delete(position, deleteCount)
  if (inserted !== '') text.insert(position, inserted)
}
