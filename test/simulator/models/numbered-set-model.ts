/** Users of a numbered set: what they do to it, and what they see. */
import type { Random } from '../random.js'
import type { ContainerId, MakeModel, Model, ModelOptions, Stored } from './model.js'
import { NumberedSet } from './numbered-set.js'
import type { Change } from './numbering.js'
import { type ActionId, inserts, removes, type TokenBook, type TokenId } from './tokens.js'

class NumberedSetModel implements Model {
  readonly structure: NumberedSet
  private readonly onLocalChange: () => void

  constructor(keptTables: number, { onLocalChange, onOrphaned }: ModelOptions) {
    this.structure = new NumberedSet(keptTables, onOrphaned)
    this.onLocalChange = onLocalChange
  }

  edit(random: Random, book: TokenBook): readonly ActionId[] {
    const { live } = this.structure
    const victim = random.chance(0.35) ? random.pick([...live.names()]) : undefined
    const done: ActionId[] = []
    const changes: Change[] = []
    if (victim) {
      done.push(removes(live.tokenOf(victim)))
      changes.push({ does: 'remove', name: victim })
    }
    for (let left = victim ? 0 : random.between(1, 3); left > 0; left--) {
      const { id } = book.make()
      done.push(inserts(id))
      changes.push({ does: 'insert', name: { in: 'own', number: id } })
    }
    this.structure.perform(changes)
    this.onLocalChange()
    return done
  }

  shown(): readonly TokenId[] {
    return this.structure.live.tokens()
  }

  sequences(): ReadonlyMap<ContainerId, readonly TokenId[]> {
    return new Map()
  }

  fingerprint(): string {
    return this.shown()
      .toSorted((a, b) => a - b)
      .join()
  }

  fault(): string | undefined {
    return undefined
  }

  store(): Stored {
    return { records: this.structure.store(), twin: undefined }
  }

  restore({ records }: Stored): void {
    this.structure.restore(records)
  }

  sizes(): { bytes: number; freshBytes: number } {
    return { bytes: this.structure.stateBytes(), freshBytes: 3 * this.shown().length }
  }
}

/** Most keep every table, some only the last one, so that there is who can not be led back. */
export const makeNumberedSet: MakeModel = (random, options) =>
  new NumberedSetModel(random.chance(0.6) ? 1000 : random.between(1, 2), options)
