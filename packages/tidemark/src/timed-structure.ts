/**
 * A structure with a clock at its compactions: the preparation fills slices of a given time, and the one step that can
 * not be divided is measured. The core knows no real time, and the structure need not know any.
 */
import type { CutWork, Structure } from '@tidemark/core'

export interface Timing {
  readonly now: () => number
  /** How long a preparation may go on in one task. The last part of it may end later. */
  readonly sliceMs: number
  /** Told how long a commit took, before anything else is told of it. */
  readonly onCommit: (ms: number) => void
}

export function timed<S extends Structure>(structure: S, timing: Timing): S {
  const { epochs } = structure
  if (epochs === undefined) return structure
  const begin: typeof epochs.begin = (cut) => timedWork(epochs.begin(cut), timing)
  return overriding(structure, { epochs: overriding(epochs, { begin }) } as Partial<S>)
}

function timedWork(work: CutWork, { now, sliceMs, onCommit }: Timing): CutWork {
  const prepare: typeof work.prepare = () => {
    const end = now() + sliceMs
    let isPrepared = work.prepare()
    while (!isPrepared && now() < end) isPrepared = work.prepare()
    return isPrepared
  }
  const commit: typeof work.commit = () => {
    const startedAt = now()
    const result = work.commit()
    onCommit(now() - startedAt)
    return result
  }
  return overriding(work, { prepare, commit })
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
