/**
 * What a struct brings as its content, looked over: values that would harm whoever reads them.
 *
 * Whether a value is refused depends on it alone, so every replica judges alike.
 */
import * as Y from 'yjs'

/** As the key of a plain object it would replace the prototype of whatever `toJSON` builds. */
export const FORBIDDEN_KEY = '__proto__'

/** Types within types, and values within values: whatever walks through them calls itself. */
export const MAX_NESTING = 100

/** @returns what is wrong with it, or undefined. */
export function contentFault(content: Y.Item['content']): string | undefined {
  if (content instanceof Y.ContentAny || content instanceof Y.ContentJSON) return firstFault(content.arr)
  if (content instanceof Y.ContentEmbed) return valueFault(content.embed, MAX_NESTING)
  if (content instanceof Y.ContentFormat) {
    if (content.key === FORBIDDEN_KEY) return `has the key ${FORBIDDEN_KEY}`
    return valueFault(content.value, MAX_NESTING)
  }
  if (content instanceof Y.ContentDoc && !isPlainSubdocument(content)) {
    return 'is a subdocument with options no document writes'
  }
  return undefined
}

function firstFault(values: readonly unknown[]): string | undefined {
  for (const value of values) {
    const fault = valueFault(value, MAX_NESTING)
    if (fault !== undefined) return fault
  }
  return undefined
}

function valueFault(value: unknown, depthLeft: number): string | undefined {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return undefined
  if (depthLeft === 0) return `has values nested more than ${MAX_NESTING} deep`
  if (Array.isArray(value)) {
    for (const item of value) {
      const fault = valueFault(item, depthLeft - 1)
      if (fault !== undefined) return fault
    }
    return undefined
  }
  // The decoder has assigned it already: the object it built has lost its prototype.
  if (Object.getPrototypeOf(value) !== Object.prototype || Object.hasOwn(value, FORBIDDEN_KEY))
    return `has a value with the key ${FORBIDDEN_KEY}`
  for (const key in value) {
    const fault = valueFault((value as Record<string, unknown>)[key], depthLeft - 1)
    if (fault !== undefined) return fault
  }
  return undefined
}

/** The options of a subdocument come from the wire, and its constructor takes whatever it is given. */
function isPlainSubdocument({ doc, opts }: Y.ContentDoc): boolean {
  if (valueFault(opts, MAX_NESTING) !== undefined) return false
  return typeof doc.guid === 'string' && typeof doc.gcFilter === 'function' && typeof doc.gc === 'boolean'
}
