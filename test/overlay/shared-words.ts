/** The smallest structure that shows who has heard what: a list of words, only ever added to. */
import type { StatePiece, Structure } from '@tidemark/core'

const encode = (words: readonly string[]) => new TextEncoder().encode(JSON.stringify(words))
const decode = (bytes: Uint8Array): string[] => JSON.parse(new TextDecoder().decode(bytes))

export class SharedWords implements Structure {
  readonly all: string[] = []
  private readonly onChange: () => void
  private unsent: string[] = []

  constructor(onChange: () => void) {
    this.onChange = onChange
  }

  say(word: string): void {
    this.all.push(word)
    this.unsent.push(word)
    this.onChange()
  }

  apply(payload: Uint8Array): undefined {
    this.all.push(...decode(payload))
  }

  takeLocalChange(): Uint8Array | undefined {
    return this.unsent.length > 0 ? encode(this.unsent.splice(0)) : undefined
  }

  *encodeState(): IterableIterator<StatePiece> {
    yield { bytes: encode(this.all), progress: 1 }
  }

  beginLoad(): void {}
  endLoad(): undefined {}

  loadPiece(bytes: Uint8Array): undefined {
    this.apply(bytes)
  }

  stateBytes(): number {
    return encode(this.all).length
  }
}
