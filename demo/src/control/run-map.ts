/** Which parts of a text can be seen and which are tombstones, from its beginning to its end. */
import type * as Y from 'yjs'
import { isContent } from './edit.js'

export interface RunMap {
  /** Units in turn visible and deleted; the first is visible and may be 0. */
  readonly runs: readonly number[]
  readonly visible: number
  readonly tombstones: number
  /** How many pieces Yjs keeps it in. */
  readonly structs: number
}

export const EMPTY_RUN_MAP: RunMap = { runs: [], visible: 0, tombstones: 0, structs: 0 }

export function runMapOf(text: Y.Text): RunMap {
  const runs: number[] = [0]
  const units = { visible: 0, tombstones: 0 }
  let structs = 0
  for (let item = text._start; item !== null; item = item.right) {
    structs++
    if (!isContent(item)) continue
    const isRunOfTombstones = runs.length % 2 === 0
    if (isRunOfTombstones === item.deleted) runs[runs.length - 1] = (runs.at(-1) ?? 0) + item.length
    else runs.push(item.length)
    units[item.deleted ? 'tombstones' : 'visible'] += item.length
  }
  return { runs, ...units, structs }
}
