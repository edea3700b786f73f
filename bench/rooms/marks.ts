/** As cheap a structure as there can be: how many marks everybody has made. What it costs is the protocol's. */
import type { StatePiece, Structure } from '@tidemark/core'
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'

type Counts = ReadonlyMap<string, number>

export class Marks implements Structure {
  private readonly counts = new Map<string, number>()
  private readonly who: string
  private readonly heard: (total: number) => void
  private hasNews = false

  /** @param heard told how many marks there are whenever some have come. */
  constructor(who: string, heard: (total: number) => void) {
    this.who = who
    this.heard = heard
  }

  get total(): number {
    let total = 0
    for (const count of this.counts.values()) total += count
    return total
  }

  make(): void {
    this.counts.set(this.who, (this.counts.get(this.who) ?? 0) + 1)
    this.hasNews = true
  }

  takeLocalChange(): Uint8Array | undefined {
    if (!this.hasNews) return undefined
    this.hasNews = false
    return encode(new Map([[this.who, this.counts.get(this.who) ?? 0]]))
  }

  apply(payload: Uint8Array): undefined {
    for (const [who, count] of decode(payload))
      this.counts.set(who, Math.max(count, this.counts.get(who) ?? 0))
    this.heard(this.total)
  }

  *encodeState(): Generator<StatePiece, undefined> {
    yield { bytes: encode(this.counts), progress: 1 }
    return undefined
  }

  beginLoad(): void {}

  loadPiece(bytes: Uint8Array): undefined {
    this.apply(bytes)
  }

  endLoad(): undefined {}

  stateBytes(): number {
    return encode(this.counts).length
  }
}

function encode(counts: Counts): Uint8Array {
  const out = encoding.createEncoder()
  for (const [who, count] of counts) {
    encoding.writeVarString(out, who)
    encoding.writeVarUint(out, count)
  }
  return encoding.toUint8Array(out)
}

function decode(bytes: Uint8Array): Counts {
  const from = decoding.createDecoder(bytes)
  const counts = new Map<string, number>()
  while (decoding.hasContent(from)) counts.set(decoding.readVarString(from), decoding.readVarUint(from))
  return counts
}
