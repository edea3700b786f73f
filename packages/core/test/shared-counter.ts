/** A replicated structure in fifty lines: a counter that everybody may increment, and nobody's count is lost. */
import type { StatePiece, Structure } from '@tidemark/core'

type Counts = readonly (readonly [who: string, count: number])[]

const encode = (counts: Counts) => new TextEncoder().encode(JSON.stringify(counts))
const decode = (bytes: Uint8Array): Counts => JSON.parse(new TextDecoder().decode(bytes))

export class SharedCounter implements Structure {
  /** Everybody raises a count of its own; of two counts of one person the larger is the newer. */
  private readonly counts = new Map<string, number>()
  private readonly unsent = new Set<string>()
  private readonly who: string

  constructor(who: string) {
    this.who = who
  }

  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0)
  }

  increment(): void {
    this.counts.set(this.who, (this.counts.get(this.who) ?? 0) + 1)
    this.unsent.add(this.who)
  }

  takeLocalChange(): Uint8Array | undefined {
    const change = [...this.counts].filter(([who]) => this.unsent.has(who))
    this.unsent.clear()
    return change.length > 0 ? encode(change) : undefined
  }

  apply(payload: Uint8Array): string | undefined {
    const change = decode(payload)
    for (const [who, count] of change) this.counts.set(who, Math.max(count, this.counts.get(who) ?? 0))
    return undefined
  }

  *encodeState(): Generator<StatePiece, undefined> {
    yield { bytes: encode([...this.counts]), progress: 1 }
    return undefined
  }

  beginLoad(): void {
    for (const who of this.counts.keys()) this.unsent.add(who)
  }

  loadPiece(bytes: Uint8Array): string | undefined {
    this.apply(bytes)
    for (const [who, count] of decode(bytes)) if (count === this.counts.get(who)) this.unsent.delete(who)
    return undefined
  }

  endLoad(): undefined {}
  stateBytes = (): number => encode([...this.counts]).length
}
