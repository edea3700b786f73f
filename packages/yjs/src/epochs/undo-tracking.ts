/**
 * Undo managers whose stacks follow the document into another naming.
 *
 * Editors keep the selection before a step in the step's `meta`, as relative positions. They are looked for at any
 * depth of plain objects, arrays, maps and sets. A position whose container is gone stays as it is: it names
 * nothing any more, which is what editors expect of a position that can not be resolved.
 */
import * as Y from 'yjs'

type TranslatePosition = (position: Y.RelativePosition) => Y.RelativePosition | null

export class UndoTracking {
  readonly #managers = new Set<Y.UndoManager>()

  get managers(): readonly Y.UndoManager[] {
    return [...this.#managers]
  }

  /** @returns a function that stops it. */
  track(manager: Y.UndoManager): () => void {
    this.#managers.add(manager)
    const untrack = () => {
      this.#managers.delete(manager)
      manager.doc.off('destroy', untrack)
    }
    manager.doc.on('destroy', untrack)
    return untrack
  }

  translateMeta(translate: TranslatePosition): void {
    const seen = new Set<object>()
    for (const manager of this.#managers) {
      for (const step of [...manager.undoStack, ...manager.redoStack]) {
        translateWithin(step.meta, translate, seen)
      }
    }
  }
}

/** Replaces the positions in what can hold some. */
function translateWithin(holder: object, translate: TranslatePosition, seen: Set<object>): void {
  const queue: object[] = [holder]
  const replaced = (value: unknown): unknown => {
    if (value instanceof Y.RelativePosition) return translate(value) ?? value
    if (isHolder(value)) queue.push(value)
    return value
  }
  for (const next of queue) {
    if (seen.has(next)) continue
    seen.add(next)
    if (next instanceof Map) {
      for (const [key, value] of next) next.set(key, replaced(value))
    } else if (next instanceof Set) {
      const values = [...next].map(replaced)
      next.clear()
      for (const value of values) next.add(value)
    } else if (!Object.isFrozen(next)) {
      replaceFields(next as Record<string, unknown>, replaced)
    }
  }
}

function replaceFields(fields: Record<string, unknown>, replaced: (value: unknown) => unknown): void {
  for (const [key, value] of Object.entries(fields)) {
    const next = replaced(value)
    if (next !== value) fields[key] = next
  }
}

function isHolder(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value) || value instanceof Map || value instanceof Set) return true
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
