/**
 * Sums of what stands before a place in a row of numbers that change (a Fenwick tree): an edit may consist of
 * thousands of parts when a whole state arrives.
 */
export class PrefixSums {
  /** At an index i (from 1): the sum of the values that end at i, as many as the lowest bit of i says. */
  private readonly tree: number[]

  constructor(values: readonly number[]) {
    this.tree = new Array<number>(values.length + 1).fill(0)
    for (const [i, value] of values.entries()) this.add(i, value)
  }

  add(index: number, difference: number): void {
    for (let i = index + 1; i < this.tree.length; i += i & -i) this.tree[i] = (this.tree[i] ?? 0) + difference
  }

  /** The sum of all values left of the index. */
  before(index: number): number {
    let sum = 0
    for (let i = index; i > 0; i -= i & -i) sum += this.tree[i] ?? 0
    return sum
  }
}
