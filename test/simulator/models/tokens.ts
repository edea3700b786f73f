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

export interface Token {
  readonly id: TokenId
  /** Written into the document: one character that occurs nowhere else. */
  readonly char: string
  /** Visible only while this one is. */
  readonly container?: TokenId
  /** Other writers of the same place may replace it without having seen it (a key of a map). */
  readonly isContested?: boolean
  /** What it was typed between. */
  readonly left?: TokenId
  readonly right?: TokenId
}

const FIRST_CHAR = 0x4e00
const LAST_CHAR = 0x9fff

/** Which token a character in a document is. */
export const tokenOf = (char: string): TokenId => char.charCodeAt(0) - FIRST_CHAR

export class TokenBook {
  readonly tokens: Token[] = []
  /** All that any user did. */
  readonly performed = new Set<ActionId>()
  /**
   * A state, or half of one, was left behind somewhere by a sponsor that went away. It may hold removals that nobody
   * can list by looking at it, so from here on what somebody did remove may be missing wherever that is carried.
   */
  isUncertain = false

  make(about: Omit<Token, 'id' | 'char'> = {}): Token {
    const id = this.tokens.length
    const code = FIRST_CHAR + id
    if (code > LAST_CHAR) throw new Error('a schedule types more characters than there are')
    const token = { ...about, id, char: String.fromCharCode(code) }
    this.tokens.push(token)
    return token
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
