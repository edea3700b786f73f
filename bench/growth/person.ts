/**
 * Somebody who works on a text: types a sentence, mistypes now and then, goes elsewhere, and once the text is long enough
 * takes out as much as is added. Repeatable: from a seed.
 */
import * as prng from 'lib0/prng'
import type * as Y from 'yjs'

const LETTERS = 'etaoinshrdlu      '
const SENTENCE_CHARACTERS = { least: 20, most: 90 }
const MISTYPED_SHARE = 0.08
/** Of moves; otherwise the next sentence follows the last one. */
const ELSEWHERE_SHARE = 0.7

export class Person {
  private readonly text: Y.Text
  private readonly random: prng.PRNG
  private readonly enoughCharacters: number
  private position = 0
  private left = 0

  constructor(text: Y.Text, seed: number, enoughCharacters: number) {
    this.text = text
    this.random = prng.create(seed)
    this.enoughCharacters = enoughCharacters
  }

  /** One keystroke, or the deletion of what was selected. */
  edit(): void {
    const { text } = this
    // Others may have deleted what was here.
    this.position = Math.min(this.position, text.length)
    if (this.left === 0) return this.begin()
    if (this.position > 0 && prng.real53(this.random) < MISTYPED_SHARE) {
      text.delete(--this.position, 1)
      return
    }
    text.insert(this.position++, LETTERS[this.below(LETTERS.length)] ?? ' ')
    this.left--
  }

  private begin(): void {
    const { least, most } = SENTENCE_CHARACTERS
    this.left = least + this.below(most - least)
    if (prng.real53(this.random) < ELSEWHERE_SHARE) this.position = this.below(this.text.length + 1)
    if (this.text.length < this.enoughCharacters) return this.edit()
    const selected = Math.min(this.left, this.text.length - this.position)
    if (selected > 0) this.text.delete(this.position, selected)
  }

  private below(limit: number): number {
    return prng.int53(this.random, 0, limit - 1)
  }
}
