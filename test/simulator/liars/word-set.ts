/** What the members of these stories share: words that are only ever added, so that each that is missing is missed. */
import type { StatePiece, Structure } from '@tidemark/core'

export const wordsIn = (words: readonly string[]): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(words))

export class WordSet implements Structure {
  private readonly all = new Set<string>()
  private readonly unsent = new Set<string>()

  get words(): string[] {
    return [...this.all].sort()
  }

  has(word: string): boolean {
    return this.all.has(word)
  }

  add(word: string): void {
    this.all.add(word)
    this.unsent.add(word)
  }

  takeLocalChange(): Uint8Array | undefined {
    if (this.unsent.size === 0) return undefined
    const words = [...this.unsent]
    this.unsent.clear()
    return wordsIn(words)
  }

  apply(payload: Uint8Array): undefined {
    for (const word of JSON.parse(new TextDecoder().decode(payload)) as string[]) this.all.add(word)
  }

  *encodeState(): Generator<StatePiece, undefined> {
    yield { bytes: wordsIn(this.words), progress: 1 }
    return undefined
  }

  beginLoad(): void {
    for (const word of this.all) this.unsent.add(word)
  }

  loadPiece(bytes: Uint8Array): undefined {
    this.apply(bytes)
    for (const word of JSON.parse(new TextDecoder().decode(bytes)) as string[]) this.unsent.delete(word)
  }

  endLoad(): undefined {}

  stateBytes = (): number => wordsIn(this.words).length
}
