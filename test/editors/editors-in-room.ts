/**
 * Three editors of one kind in one room, and what their users do.
 */
import * as prng from 'lib0/prng'
import { CompactingRoom } from './compacting-room.js'
import type { EditorHandle, OpenEditor, Range } from './editor-handle.js'

const EDITORS = 3

export class EditorsInRoom {
  readonly room: CompactingRoom
  readonly editors: readonly EditorHandle[]
  readonly generator: prng.PRNG
  private readonly parents: HTMLElement[] = []
  private words = 0

  constructor(generator: prng.PRNG, open: OpenEditor) {
    this.generator = generator
    this.room = new CompactingRoom(generator, EDITORS)
    this.editors = this.room.sites.map(({ doc, provider }, index) => {
      const parent = document.createElement('div')
      parent.style.height = '200px'
      document.body.append(parent)
      this.parents.push(parent)
      provider.awareness.setLocalStateField('user', { name: `user ${index}`, color: '#336699' })
      const editor = open(doc, provider.awareness, parent)
      provider.trackUndo(editor.undoManager)
      return editor
    })
  }

  /** Bindings put some of what they do off until the next task. */
  async tasks(): Promise<void> {
    for (let i = 0; i < 3; i++) await new Promise((resolve) => setTimeout(resolve))
  }

  chance(percent: number): boolean {
    return prng.int32(this.generator, 0, 99) < percent
  }

  someEditor(): EditorHandle {
    return prng.oneOf(this.generator, [...this.editors])
  }

  /** A word that nobody has used, and that is part of no other. */
  newWord(): string {
    return `w${this.words++}w`
  }

  somewhere(editor: EditorHandle): number {
    return prng.int32(this.generator, 0, editor.length())
  }

  /** One change as a user would make it: mostly typing, sometimes all else. */
  changeAtRandom(editor: EditorHandle): void {
    const kind = prng.int32(this.generator, 0, 99)
    if (kind < 45) editor.insert(this.somewhere(editor), `${this.newWord()} `, this.chance(20))
    else if (kind < 70) this.removeAtRandom(editor)
    else if (kind < 80) editor.split(this.somewhere(editor))
    else if (kind < 85) editor.setBold(this.rangeAtRandom(editor, 10))
    else if (kind < 90) editor.select(this.rangeAtRandom(editor, 10))
    else if (kind < 95) editor.undo()
    else editor.redo()
    if (this.chance(30)) editor.undoManager.stopCapturing()
  }

  private removeAtRandom(editor: EditorHandle): void {
    const range = this.rangeAtRandom(editor, 12)
    if (range.from < range.to) editor.remove(range)
  }

  private rangeAtRandom(editor: EditorHandle, longest: number): Range {
    const from = this.somewhere(editor)
    return { from, to: Math.min(editor.length(), from + prng.int32(this.generator, 0, longest)) }
  }

  /** Types words, a few to a line. @returns the words. */
  typeWords(editor: EditorHandle, count: number): string[] {
    return Array.from({ length: count }, (_, i) => {
      const word = this.newWord()
      editor.insert(editor.length(), `${word} `)
      if (i % 8 === 7) editor.split(editor.length())
      return word
    })
  }

  removeWord(editor: EditorHandle, word: string): void {
    const { from, to } = this.whereIs(editor, word)
    editor.remove({ from, to: to + 1 })
  }

  /** Types a word in front of another one. */
  typeBefore(editor: EditorHandle, word: string, newWord = this.newWord()): string {
    editor.insert(this.whereIs(editor, word).from, `${newWord} `)
    return newWord
  }

  whereIs(editor: EditorHandle, word: string): Range {
    const range = editor.find(word)
    if (!range) throw new Error(`${word} is not in: ${editor.text()}`)
    return range
  }

  /** A last change at the end of the document, away from all selections, by each in turn. */
  typeLastWords(): void {
    for (const editor of this.editors) editor.select({ from: 0, to: 0 })
    for (const editor of this.editors) {
      editor.insert(editor.length(), this.newWord())
      this.room.settle()
    }
  }

  /** Every editor shows what its document says, and all say the same. */
  check(when: string): void {
    const { knownFault } = this.editors[0] ?? {}
    const errors = this.room.errors.filter((error) => !knownFault?.test(error))
    if (errors.length > 0) throw new Error(`${when}: errors of providers: ${errors.join('; ')}`)
    const [first] = this.editors.map((editor) => JSON.stringify(editor.content()))
    for (const [index, editor] of this.editors.entries()) {
      const content = JSON.stringify(editor.content())
      const shared = JSON.stringify(editor.shared())
      if (content !== shared) throw new Error(`${when}: editor ${index}: ${content}\nits document: ${shared}`)
      if (content !== first) throw new Error(`${when}: editor ${index}: ${content}\neditor 0: ${first}`)
    }
  }

  close(): void {
    for (const editor of this.editors) editor.destroy()
    for (const parent of this.parents) parent.remove()
    this.room.close()
  }
}
