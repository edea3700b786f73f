/**
 * The document of an epoch made anew, of its base and everything above it in total order (protocol rule LI7).
 *
 * Several operations may bring the same thing, each in its own way; in a document the way counts in which it came first.
 * In total order that is the same everywhere.
 */
import type { NamedPayload } from '@tidemark/core'
import { Rebuilding } from '../renumbering/index.js'
import { type History, presentNaming } from './history.js'
import { readInto } from './incoming.js'

export interface MadeAnew {
  readonly rebuilding: Rebuilding
  /** Carries further operations over the cut as they would be carried had all come in this order. */
  readonly history: History
  /** Of base and operations. */
  readonly bytes: number
  /** In this order not all of them count. */
  readonly hasRefused: boolean
}

/** @param operations in total order. */
export function madeAnew(before: History, operations: readonly NamedPayload[]): MadeAnew {
  const crossing = before.crossing?.pristine()
  const rebuilding = new Rebuilding()
  for (const piece of before.pieces) rebuilding.add(piece)
  let bytes = before.baseBytes
  let hasRefused = false
  rebuilding.together(() => {
    for (const operation of operations) {
      const incoming = readInto(operation, presentNaming(before), crossing, rebuilding.doc)
      if (incoming === undefined) {
        hasRefused = true
        continue
      }
      bytes += incoming.update.length
      rebuilding.add(incoming.update, incoming.contents.sections)
    }
  })
  return { rebuilding, history: { ...before, crossing }, bytes, hasRefused }
}
