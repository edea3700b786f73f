/** Sorting that can pause: a map of 100,000 keys, or as many authors, must not hold up the page. */

const BLOCK = 500

/** A merge sort by `<`, of distinct values; yields after each block's worth of work. */
export function* sortInSteps<T extends string | number>(values: T[]): Generator<void, T[], void> {
  if (values.length <= BLOCK) return values.sort(ascending)
  let runs: T[][] = []
  for (let at = 0; at < values.length; at += BLOCK) {
    runs.push(values.slice(at, at + BLOCK).sort(ascending))
    yield
  }
  while (runs.length > 1) {
    const merged: T[][] = []
    for (let at = 0; at < runs.length; at += 2) {
      const left = runs[at] ?? []
      const right = runs[at + 1]
      merged.push(right === undefined ? left : yield* mergeInSteps(left, right))
    }
    runs = merged
  }
  return runs[0] ?? []
}

function* mergeInSteps<T extends string | number>(left: T[], right: T[]): Generator<void, T[], void> {
  const merged: T[] = []
  let fromLeft = 0
  let fromRight = 0
  while (fromLeft < left.length || fromRight < right.length) {
    const a = left[fromLeft]
    const b = right[fromRight]
    if (b === undefined || (a !== undefined && a < b)) {
      if (a !== undefined) merged.push(a)
      fromLeft++
    } else {
      merged.push(b)
      fromRight++
    }
    if (merged.length % (8 * BLOCK) === 0) yield
  }
  return merged
}

function ascending<T extends string | number>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0
}
