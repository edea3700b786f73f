/**
 * A replicated structure in 50 lines: a set of words. Adding wins over removing words it has not seen.
 * Shows all that the core asks of a structure.
 */
import type { StatePiece, Structure } from '@tidemark/core'

interface Change {
  /** Word → unique tags: one per addition. */
  add?: [word: string, tag: string][]
  remove?: string[]
}

const encode = (change: Change) => new TextEncoder().encode(JSON.stringify(change))
const decode = (bytes: Uint8Array): Change => JSON.parse(new TextDecoder().decode(bytes))

export class SharedSet implements Structure {
  private readonly tags = new Map<string, string>()
  private readonly removed = new Set<string>()
  private unsent: Change[] = []
  private readonly name: string
  private readonly onChange: () => void
  private count = 0

  constructor(name: string, onChange: () => void = () => {}) {
    this.name = name
    this.onChange = onChange
  }

  add(word: string): void {
    this.edit({ add: [[word, `${this.name}${this.count++}`]] })
  }

  delete(word: string): void {
    this.edit({ remove: [...this.tags].filter(([, w]) => w === word).map(([tag]) => tag) })
  }

  get words(): string[] {
    return [...new Set(this.tags.values())].sort()
  }

  apply(payload: Uint8Array): string | undefined {
    this.integrate(decode(payload))
    return undefined
  }

  takeLocalChange(): Uint8Array | undefined {
    const changes = this.unsent.splice(0)
    if (changes.length === 0) return undefined
    return encode({
      add: changes.flatMap((c) => c.add ?? []),
      remove: changes.flatMap((c) => c.remove ?? []),
    })
  }

  *encodeState(): IterableIterator<StatePiece> {
    const add = [...this.tags].map(([tag, word]): [string, string] => [word, tag])
    yield { bytes: encode({ add, remove: [...this.removed] }), progress: 1 }
  }

  beginLoad(): void {}
  endLoad(): void {}
  fold(): void {}
  stateBytes = (): number => encode({ add: [...this.tags].map(([tag, word]) => [word, tag]) }).length
  loadPiece = (bytes: Uint8Array): string | undefined => this.apply(bytes)

  private edit(change: Change): void {
    this.integrate(change)
    this.unsent.push(change)
    this.onChange()
  }

  private integrate({ add = [], remove = [] }: Change): void {
    for (const tag of remove) this.removed.add(tag)
    for (const [word, tag] of add) this.tags.set(tag, word)
    for (const tag of this.removed) this.tags.delete(tag)
  }
}
