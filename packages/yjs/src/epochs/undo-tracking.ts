/**
 * Undo managers whose stacks follow the document into another naming.
 *
 * Editors keep the selection before a step in the step's `meta`, as relative positions within objects of their own.
 * These are changed in place, because the editor may hold the same object elsewhere. A selection that was taken
 * before a cut may also enter a step after it; so all are led on once more before a step is undone. As an id that
 * means something today is never one of the naming before, doing so twice changes nothing.
 *
 * Invariant: while a step is undone, every position in its meta leads somewhere: editors throw at one that does not.
 *
 * What a step holds is the application's, and may throw when it is read or changed. That is told of, and ends nothing.
 */
import * as Y from 'yjs'

type TranslatePosition = (position: Y.RelativePosition) => Y.RelativePosition | null

const asItIs: TranslatePosition = (position) => position

/** What holds a selection is small; whatever is larger is something else, and may be half of the application. */
const MAX_FIELDS = 32
const MAX_DEPTH = 6

/** A manager that somebody tracks. */
interface Tracked {
  uses: number
  readonly end: () => void
}

export class UndoTracking {
  readonly #managers = new Map<Y.UndoManager, Tracked>()
  readonly #onError: (error: unknown) => void
  /** It holds a table; so only while there is somebody to use it. */
  #translate = asItIs

  /** @param onError gets what the application's objects throw. */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError
  }

  get managers(): readonly Y.UndoManager[] {
    return [...this.#managers.keys()]
  }

  /** Several may track one manager: it is followed until none of them does. @returns a function that stops it. */
  track(manager: Y.UndoManager): () => void {
    const tracked = this.#managers.get(manager) ?? this.#begin(manager)
    tracked.uses++
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      if (--tracked.uses === 0) tracked.end()
    }
  }

  /** Lets go of all managers. */
  destroy(): void {
    for (const { end } of [...this.#managers.values()]) end()
  }

  translateMeta(translate: TranslatePosition): void {
    if (this.#managers.size === 0) return
    this.#translate = translate
    for (const manager of this.#managers.keys()) this.#leadOn(manager)
  }

  #begin(manager: Y.UndoManager): Tracked {
    const { doc } = manager
    const beforeUndo = (transaction: Y.Transaction) => {
      if (transaction.origin === manager) this.#leadOn(manager)
    }
    const end = () => {
      doc.off('beforeTransaction', beforeUndo)
      doc.off('destroy', end)
      // Whoever stops late must not end what somebody has begun since.
      if (this.#managers.get(manager) === tracked) this.#managers.delete(manager)
      if (this.#managers.size === 0) this.#translate = asItIs
    }
    const tracked: Tracked = { uses: 0, end }
    doc.on('beforeTransaction', beforeUndo)
    doc.on('destroy', end)
    this.#managers.set(manager, tracked)
    return tracked
  }

  #leadOn(manager: Y.UndoManager): void {
    const seen = new Set<object>()
    const visit = (position: Y.RelativePosition) => this.#lead(position, manager)
    for (const step of [...manager.undoStack, ...manager.redoStack]) {
      eachPosition(() => step.meta, MAX_DEPTH, { seen, visit, onError: this.#onError })
    }
  }

  #lead(position: Y.RelativePosition, manager: Y.UndoManager): void {
    const translated = this.#translate(position)
    const isLost = translated === null || !leadsSomewhere(translated, manager.doc)
    const next = isLost ? endOfScope(manager, position.assoc) : translated
    if (next !== undefined) Object.assign(position, next)
  }
}

/** As Yjs will find out, without counting what stands before it: a stack may hold hundreds of positions. */
function leadsSomewhere({ item, type, tname }: Y.RelativePosition, { store }: Y.Doc): boolean {
  const found = (id: Y.ID) => {
    const struct = id.clock < Y.getState(store, id.client) ? Y.getItem(store, id) : undefined
    return struct instanceof Y.Item ? struct : undefined
  }
  if (item !== null) return found(item) !== undefined
  if (tname !== null) return true
  return type !== null && found(type)?.content instanceof Y.ContentType
}

/** Where the container is gone, the selection goes to the end of what the manager watches. */
function endOfScope(manager: Y.UndoManager, assoc: number): Y.RelativePosition | undefined {
  const type = manager.scope.find((scope) => scope instanceof Y.AbstractType)
  if (type === undefined) return undefined
  const { _item: item } = type
  const name = item === null ? Y.findRootTypeKey(type) : null
  return new Y.RelativePosition(item?.id ?? null, name, null, Math.max(0, assoc))
}

interface Walk {
  readonly seen: Set<object>
  readonly visit: (position: Y.RelativePosition) => void
  readonly onError: (error: unknown) => void
}

function eachPosition(read: () => unknown, depth: number, walk: Walk): void {
  try {
    const value = read()
    if (typeof value !== 'object' || value === null || walk.seen.has(value)) return
    walk.seen.add(value)
    if (value instanceof Y.RelativePosition) walk.visit(value)
    else if (depth > 0) for (const part of partsOf(value)) eachPosition(part, depth - 1, walk)
  } catch (error) {
    walk.onError(error)
  }
}

function partsOf(holder: object): readonly (() => unknown)[] {
  if (holder instanceof Y.AbstractType || holder instanceof Y.Doc || ArrayBuffer.isView(holder)) return []
  const parts =
    holder instanceof Map || holder instanceof Set
      ? [...holder.values()].map((part) => () => part)
      : Object.keys(holder).map((key) => () => Reflect.get(holder, key))
  return parts.length > MAX_FIELDS && !(holder instanceof Map) ? [] : parts
}
