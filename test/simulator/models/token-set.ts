/**
 * The smallest structure that does everything the core asks for: a set of tokens, where removing wins. Fast, and
 * strict about how the core calls it.
 */
import type { StatePiece, Structure } from '@tidemark/core'
import type { Random } from '../random.js'
import type { ContainerId, MakeModel, Model, Stored } from './model.js'
import { type ActionId, inserts, removes, type TokenBook, type TokenId } from './tokens.js'

const ACTION_BYTES = 3
const NOTHING = new Uint8Array()

const encode = (actions: Iterable<ActionId>): Uint8Array =>
  Uint8Array.from([...actions].flatMap((action) => [action >> 16, (action >> 8) & 255, action & 255]))

function decode(bytes: Uint8Array): ActionId[] {
  const actions: ActionId[] = []
  for (let i = 0; i < bytes.length; i += ACTION_BYTES) {
    actions.push(((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0))
  }
  return actions
}

class TokenSet implements Structure {
  readonly actions = new Set<ActionId>()
  private unsent = new Set<ActionId>()
  /** What came from the sponsor so far, during a load. */
  private loaded: Set<ActionId> | undefined

  add(actions: readonly ActionId[]): void {
    for (const action of actions) {
      this.actions.add(action)
      this.unsent.add(action)
    }
  }

  apply(payload: Uint8Array): string | undefined {
    if (this.loaded) throw new Error('an operation was applied while a state is being loaded')
    for (const action of decode(payload)) this.actions.add(action)
    return undefined
  }

  takeLocalChange(): Uint8Array | undefined {
    if (this.loaded || this.unsent.size === 0) return undefined
    const payload = encode(this.unsent)
    this.unsent = new Set()
    return payload
  }

  /** Read as it is when a piece is asked for, so that later pieces hold what came in meanwhile. */
  *encodeState(pieceBytes: number): Generator<StatePiece, undefined> {
    const perPiece = Math.max(1, Math.floor(pieceBytes / ACTION_BYTES))
    const remaining = this.actions.values()
    let sent = 0
    for (let next = remaining.next(); ; ) {
      const piece: ActionId[] = []
      for (; piece.length < perPiece && !next.done; next = remaining.next()) piece.push(next.value)
      sent += piece.length
      yield { bytes: encode(piece), progress: next.done ? 1 : sent / this.actions.size }
      if (next.done) return undefined
    }
  }

  beginLoad(): void {
    this.loaded = new Set()
  }

  loadPiece(bytes: Uint8Array): string | undefined {
    if (!this.loaded) throw new Error('a piece of a state arrived without a load')
    for (const action of decode(bytes)) {
      this.loaded.add(action)
      this.actions.add(action)
    }
    return undefined
  }

  endLoad(): undefined {
    const { loaded } = this
    if (!loaded) throw new Error('a load ended that had not begun')
    this.unsent = new Set([...this.actions].filter((action) => !loaded.has(action)))
    this.loaded = undefined
  }

  stateBytes(): number {
    return this.actions.size * ACTION_BYTES
  }

  store(): Uint8Array[] {
    return [encode(this.actions), encode(this.unsent)]
  }

  restore([actions = NOTHING, unsent = NOTHING]: readonly Uint8Array[]): void {
    for (const action of decode(actions)) this.actions.add(action)
    for (const action of decode(unsent)) this.unsent.add(action)
  }
}

class TokenSetModel implements Model {
  readonly structure = new TokenSet()
  private readonly onLocalChange: () => void

  constructor(onLocalChange: () => void) {
    this.onLocalChange = onLocalChange
  }

  edit(random: Random, book: TokenBook): readonly ActionId[] {
    const shown = this.shown()
    const victim = random.chance(0.3) ? random.pick(shown) : undefined
    const count = random.between(1, 3)
    const done =
      victim === undefined ? Array.from({ length: count }, () => inserts(book.make().id)) : [removes(victim)]
    this.structure.add(done)
    this.onLocalChange()
    return done
  }

  shown(): readonly TokenId[] {
    const { actions } = this.structure
    const tokens: TokenId[] = []
    for (const action of actions) if (action % 2 === 0 && !actions.has(action + 1)) tokens.push(action / 2)
    return tokens
  }

  sequences(): ReadonlyMap<ContainerId, readonly TokenId[]> {
    return new Map()
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

  fingerprint(): string {
    return [...this.structure.actions].sort((a, b) => a - b).join()
  }
}

export const makeTokenSet: MakeModel = (_random, { onLocalChange }) => new TokenSetModel(onLocalChange)
