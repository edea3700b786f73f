/** A replicated structure: a set of words. An addition wins over a removal that has not seen it. */
import type { StatePiece, Structure } from '@tidemark/core'

/** Every addition has a tag of its own; removing a word removes the tags it has. */
export interface Change {
  readonly add: readonly (readonly [tag: string, word: string])[]
  readonly remove: readonly string[]
}

const encode = (change: Change) => new TextEncoder().encode(JSON.stringify(change))
/** Throws at anything else, before anything has changed. */
export function decode(bytes: Uint8Array): Change {
  const { add, remove } = JSON.parse(new TextDecoder().decode(bytes)) as Change
  return { add: add.map(([tag, word]) => [String(tag), String(word)]), remove: remove.map(String) }
}

export class SharedSet implements Structure {
  protected readonly tagged = new Map<string, string>()
  protected readonly removed = new Set<string>()
  /** Tags added or removed here that no operation holds yet. */
  protected readonly unsent = new Set<string>()
  private readonly name: string
  private count = 0

  constructor(name: string) {
    this.name = name
  }

  get words(): string[] {
    return [...new Set(this.tagged.values())].sort()
  }

  add(word: string): void {
    this.edit({ add: [[`${this.name}-${this.count++}`, word]], remove: [] })
  }

  delete(word: string): void {
    this.edit({ add: [], remove: [...this.tagged].filter(([, w]) => w === word).map(([tag]) => tag) })
  }

  takeLocalChange(): Uint8Array | undefined {
    if (this.unsent.size === 0) return undefined
    const change = this.changeWith((tag) => this.unsent.has(tag))
    this.unsent.clear()
    return encode(change)
  }

  apply(payload: Uint8Array): string | undefined {
    try {
      this.integrate(decode(payload))
      return undefined
    } catch {
      return 'not a change of a set'
    }
  }

  *encodeState(): Generator<StatePiece, undefined> {
    // One piece will do for a small set; a large state is cut into pieces of the size that is asked for.
    yield { bytes: encode(this.changeWith(() => true)), progress: 1 }
    return undefined
  }

  beginLoad(): void {
    for (const tag of [...this.tagged.keys(), ...this.removed]) this.unsent.add(tag)
  }

  loadPiece(bytes: Uint8Array): string | undefined {
    const refusal = this.apply(bytes)
    if (refusal !== undefined) return refusal
    const { add, remove } = decode(bytes)
    for (const [tag] of add) if (!this.removed.has(tag)) this.unsent.delete(tag)
    for (const tag of remove) this.unsent.delete(tag)
    return undefined
  }

  endLoad(_isWhole: boolean): string | undefined {
    return undefined
  }
  stateBytes = (): number => encode(this.changeWith(() => true)).length

  private edit(change: Change): void {
    this.integrate(change)
    for (const tag of [...change.add.map(([tag]) => tag), ...change.remove]) this.unsent.add(tag)
  }

  protected integrate({ add, remove }: Change): void {
    for (const tag of remove) this.removed.add(tag)
    for (const [tag, word] of add) this.tagged.set(tag, word)
    for (const tag of this.removed) this.tagged.delete(tag)
  }

  private changeWith(isMeant: (tag: string) => boolean): Change {
    return {
      add: [...this.tagged].filter(([tag]) => isMeant(tag)),
      remove: [...this.removed].filter(isMeant),
    }
  }
}
