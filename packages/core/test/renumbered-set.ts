/**
 * The set of words with epochs: a cut gives the words that are left new tags and forgets the removed ones. A removal
 * that names a tag of the epoch before goes wrong unless it is translated, so tests see whether it was.
 */
import type { Cut, CutWork, Epochs, NamedPayload, Naming, StatePiece } from '@tidemark/core'
import { type Change, decode, SharedSet } from './shared-set.js'

/** New tag of every tag below the cut; null for words that were gone by then. */
type Table = ReadonlyMap<string, string | null>

interface State {
  readonly epoch: number
  readonly base: [string, string][]
  readonly table: [string, string | null][] | undefined
}

const asBytes = (state: State) => new TextEncoder().encode(JSON.stringify(state))
const fromBytes = (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes)) as State

export class RenumberedSet extends SharedSet {
  /** Every payload that was applied, with its epoch. */
  readonly applied: number[] = []
  /** How many calls of `prepare` a cut takes. */
  steps = 2
  /** As if tables led from these to the present naming. */
  get former(): readonly Naming[] {
    return this.epochs.origins
  }

  set former(namings: readonly Naming[]) {
    this.epochs.origins = namings
  }

  /** As if this replica held something else than the others. */
  isWrong = false
  private epoch = 0
  private base = new Map<string, string>()
  private table: Table | undefined

  override apply(payload: Uint8Array, epoch = this.epoch): string | undefined {
    this.applied.push(epoch)
    try {
      this.integrate(this.translated({ payload, epoch }))
      return undefined
    } catch {
      return 'not a change of a set'
    }
  }

  override *encodeState(_pieceBytes = 0, tablesFrom = this.epoch): Generator<StatePiece, undefined> {
    const table = tablesFrom < this.epoch && this.table ? [...this.table] : undefined
    yield { bytes: asBytes({ epoch: this.epoch, base: [...this.base], table }), progress: 1 }
    return undefined
  }

  override loadPiece(bytes: Uint8Array): string | undefined {
    const { epoch, base, table } = fromBytes(bytes)
    this.epoch = epoch
    this.base = new Map(base)
    this.table = table && new Map(table)
    this.integrate({ add: base, remove: [] })
    return undefined
  }

  readonly epochs: Epochs & { namings: readonly Naming[]; origins: readonly Naming[] } = {
    namings: [],
    origins: [],
    baseBytes: 0,
    found: (lineage) => {
      this.epochs.namings = [{ lineage, epoch: 0 }, ...this.epochs.namings]
      this.base = new Map(this.tagged)
    },
    enter: (namings) => {
      this.epochs.namings = namings
    },
    reaches: ({ lineage, epoch }) =>
      [...this.epochs.namings, ...this.former].some((n) => n.lineage === lineage && n.epoch === epoch),
    weight: (payload) => payload.length,
    settle: () => {
      this.table = undefined
    },
    begin: (cut) => this.begin(cut),
  }

  private begin({ below, above, epoch, lineage }: Cut): CutWork {
    const shadow = new Shadow(this.base)
    for (const payload of below) {
      const change = this.readable(payload)
      if (change) shadow.change(change)
    }
    const live = [...shadow.words].sort(([a, x], [b, y]) => (x < y ? -1 : x > y ? 1 : a < b ? -1 : 1))
    if (this.isWrong) live.pop()
    const base = new Map(live.map(([, word], index) => [`e${epoch}-${index}`, word]))
    const table = new Map<string, string | null>([...shadow.seen].map((tag) => [tag, null]))
    live.forEach(([tag], index) => {
      table.set(tag, `e${epoch}-${index}`)
    })
    let left = this.steps
    const isIdle = () => this.unsent.size === 0
    return {
      prepare: () => --left <= 0,
      fingerprint: new TextEncoder().encode(JSON.stringify([...base])),
      get canCommit() {
        return isIdle()
      },
      commit: () => {
        this.epoch = epoch
        this.epochs.namings = [{ lineage, epoch }]
        this.base = base
        this.table = table
        this.tagged.clear()
        this.removed.clear()
        this.integrate({ add: [...base], remove: [] })
        for (const payload of above) this.integrate(this.translated(payload))
        return { bytesBefore: 0, bytesAfter: 0, changedVisibly: false }
      },
    }
  }

  /** @returns undefined for what is refused. */
  private readable(payload: NamedPayload): Change | undefined {
    try {
      return this.translated(payload)
    } catch {
      return undefined
    }
  }

  private translated({ payload, epoch }: NamedPayload): Change {
    const change = decode(payload)
    if (epoch >= this.epoch) return change
    const { table } = this
    if (!table) throw new Error('no table')
    const remove = change.remove.flatMap((tag) => {
      const to = table.get(tag)
      return to === undefined ? [tag] : to === null ? [] : [to]
    })
    return { add: change.add, remove }
  }
}

/** The set at a cut. */
class Shadow {
  readonly words: Map<string, string>
  readonly seen: Set<string>
  private readonly removed = new Set<string>()

  constructor(base: ReadonlyMap<string, string>) {
    this.words = new Map(base)
    this.seen = new Set(base.keys())
  }

  change({ add, remove }: Change): void {
    for (const tag of remove) this.removed.add(tag)
    for (const [tag, word] of add) {
      this.words.set(tag, word)
      this.seen.add(tag)
    }
    for (const tag of this.removed) this.words.delete(tag)
  }
}
