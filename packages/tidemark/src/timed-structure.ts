/**
 * A structure with a stopwatch at the one step of a compaction that can not be divided. The core knows no real time,
 * and the structure need not know any.
 */
import type { Structure } from '@tidemark/core'

/** @param onCommit is told how long it took, before anything else is told of it. */
export function timed<S extends Structure>(
  structure: S,
  now: () => number,
  onCommit: (ms: number) => void,
): S {
  const { epochs } = structure
  if (epochs === undefined) return structure
  const begin: typeof epochs.begin = (cut) => {
    const work = epochs.begin(cut)
    const commit: typeof work.commit = () => {
      const startedAt = now()
      const result = work.commit()
      onCommit(now() - startedAt)
      return result
    }
    return overriding(work, { commit })
  }
  return overriding(structure, { epochs: overriding(epochs, { begin }) } as Partial<S>)
}

/** The same object but for some members; its methods run on itself, so it may have private fields. */
function overriding<T extends object>(target: T, overrides: Partial<T>): T {
  return new Proxy(target, {
    get(_, key) {
      if (Object.hasOwn(overrides, key)) return Reflect.get(overrides, key)
      const value: unknown = Reflect.get(target, key)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
