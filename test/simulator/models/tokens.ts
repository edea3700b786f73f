/**
 * What users did, apart from any data structure: every character, item or value that anybody ever typed is a
 * token of its own, inserted once, and removed by anybody who sees it.
 *
 * An *action* is one such insertion or removal. What a replica must show follows from the set of actions it
 * has: that makes "nothing lost" and "nothing doubled" questions with exact answers.
 */
export type TokenId = number
/** `2 * token` inserts it, `2 * token + 1` removes it. */
export type ActionId = number

export const inserts = (token: TokenId): ActionId => 2 * token
export const removes = (token: TokenId): ActionId => 2 * token + 1
export const isRemoval = (action: ActionId): boolean => action % 2 === 1

/** Tokens typed in one go, and what stood in that sequence before: what `left` and `right` of each follow from. */
export interface Run {
  readonly around: readonly TokenId[]
  /** How many of `around` stand before the run. */
  readonly at: number
  readonly first: TokenId
  readonly count: number
  /** Of `around`, what stood on the other side where the same was wanted without compaction. */
  crossed?: ReadonlySet<TokenId>
}

/** Who typed it, and what that device knew then. */
export interface Authorship {
  readonly known: ReadonlySet<ActionId>
  /** Sets keep the order of insertion: so many actions were known. */
  readonly size: number
  /** So many with all that was done in one with it. */
  readonly sizeAfter: number
}

export interface Token {
  readonly id: TokenId
  /** Written into the document: one character that occurs nowhere else. */
  readonly char: string
  /** Visible only while this one is. */
  readonly container?: TokenId
  /** Other writers of the same place may replace it without having seen it (a key of a map). */
  readonly isContested?: boolean
  /** The key of a map, or the attribute, that it is the value of. */
  readonly key?: string
  /** What it was typed between, if it stands in a sequence. */
  readonly run?: Run
  by?: Authorship
}

const FIRST_CHAR = 0x4e00
const LAST_CHAR = 0x9fff

/** Which token a character in a document is. */
export const tokenOf = (char: string): TokenId => char.charCodeAt(0) - FIRST_CHAR

export class TokenBook {
  readonly tokens: Token[] = []
  /** Those they were typed between have changed places at a cut. */
  readonly parted = new Set<TokenId>()
  /** Who has brought it back from where the room had not been, by action. */
  readonly carriedBy = new Map<ActionId, string>()
  /** All that any user did. */
  readonly performed = new Set<ActionId>()
  /** What somebody did and had no need to tell, as it had no effect on what the room had meanwhile. */
  readonly untold = new Set<ActionId>()
  /**
   * A state, or half of one, was left behind somewhere by a sponsor that went away. It may hold removals that nobody
   * can list by looking at it, so from here on what somebody did remove may be missing wherever that is carried.
   */
  isUncertain = false
  /** Content was left to the application because no table reached it, so not all of it need be in the room. */
  hasOrphans = false
  /** Somebody who had lost tables has come in with content: others of its past may not find theirs in it. */
  hasGuests = false
  /**
   * Two histories met after one of them had forgotten what was removed, and the tables that would tell it: whatever was
   * ever removed may be shown again by those who had not heard of it.
   */
  hasForgotten = false

  /** Two histories met after a cut: of what was removed before, nobody need tell the other side anything. */
  hasMet = false
  /** The same was brought twice, each time in its own way: what stood beside one need not stand beside the other. */
  hasTwins = false

  make(about: Omit<Token, 'id' | 'char'> = {}): Token {
    const id = this.tokens.length
    const code = FIRST_CHAR + id
    if (code > LAST_CHAR) throw new Error('a schedule types more characters than there are')
    const token = { ...about, id, char: String.fromCharCode(code) }
    this.tokens.push(token)
    return token
  }

  /** Tokens typed one behind the other, between `around[at - 1]` and `around[at]`. */
  makeRun(around: readonly TokenId[], at: number, count: number, about: Omit<Token, 'id' | 'char'>): Token[] {
    const run: Run = { around, at, first: this.tokens.length, count }
    return Array.from({ length: count }, () => this.make({ ...about, run }))
  }

  /** Whether a replica that has these actions shows the token; undefined if that is up to the structure. */
  isShown(token: Token, actions: ReadonlySet<ActionId>): boolean | undefined {
    if (!actions.has(inserts(token.id)) || actions.has(removes(token.id))) return false
    const container = token.container === undefined ? undefined : this.tokens[token.container]
    const isContainerShown = container === undefined || this.isShown(container, actions)
    if (isContainerShown === false) return false
    return token.isContested ? undefined : isContainerShown
  }
}

/** What stood before a token when it was typed, nearest first. */
export function* leftOf(token: Token): IterableIterator<TokenId> {
  if (!token.run) return
  const { around, at, first } = token.run
  for (let id = token.id - 1; id >= first; id--) yield id
  for (let i = at - 1; i >= 0; i--) yield around[i] as TokenId
}

/** What stood behind a token when its run was complete, nearest first. */
export function* rightOf(token: Token): IterableIterator<TokenId> {
  if (!token.run) return
  const { around, at, first, count } = token.run
  for (let id = token.id + 1; id < first + count; id++) yield id
  for (let i = at; i < around.length; i++) yield around[i] as TokenId
}
