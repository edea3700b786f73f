/**
 * @braidjs/antimatter: two connected copies, whose acknowledgements let both prune what they hold. Its messages and what it
 * keeps are JSON. For text by one author at a time: it is what its algorithm is shown at its best with.
 */
import braid from '@braidjs/antimatter'
import type { Patch } from '../../test/traces/sequential-trace.js'
import { joined, textBytes } from '../bytes.js'
import type { Editor, Form, Library } from './editor.js'

interface Message {
  readonly conn: string
}

interface Copy {
  receive(message: unknown): void
  connect(conn: string): void
  set(...patches: { readonly range: string; readonly content: unknown }[]): void
  read(): string
}

class AntimatterEditor implements Editor {
  private readonly copies = new Map<string, Copy>()
  private readonly queue: { readonly to: string; readonly message: string }[] = []
  private readonly received: Uint8Array[] = []
  private readonly author = this.open('author')

  constructor() {
    this.open('other')
    this.author.connect('author-other')
    this.deliver()
    this.author.set({ range: '', content: '' })
    this.deliver()
  }

  /** A connection is called after its two ends. */
  private open(name: string): Copy {
    const copy: Copy = braid.antimatter.create((message: Message) => {
      const to = message.conn.split('-').find((end) => end !== name) as string
      this.queue.push({ to, message: JSON.stringify(message) })
    })
    this.copies.set(name, copy)
    return copy
  }

  private deliver(): void {
    for (let next = this.queue.shift(); next; next = this.queue.shift()) {
      if (next.to === 'newcomer') this.received.push(textBytes(next.message))
      this.copies.get(next.to)?.receive(JSON.parse(next.message))
    }
  }

  apply(patches: readonly Patch[]): void {
    for (const [position, deleteCount, content] of patches)
      this.author.set({ range: `[${position}:${position + deleteCount}]`, content })
    this.deliver()
  }

  take(): Uint8Array {
    throw new Error('copies of this library merge over a connection')
  }

  merge(): void {
    this.take()
  }

  /** Who writes is one of those connected. */
  becomeStranger(): void {}

  get content(): string {
    return this.author.read()
  }

  forms(): Form[] {
    // Before somebody comes: it is the document of two who have everything.
    const kept = textBytes(JSON.stringify(this.author))
    const newcomer = this.open('newcomer')
    newcomer.connect('newcomer-author')
    this.deliver()
    if (newcomer.read() !== this.content) throw new Error('the newcomer has another content')
    return [{ who: 'antimatter', encoded: kept, wire: joined(this.received), rest: kept }]
  }
}

export const antimatter: Library = { name: 'antimatter', open: () => new AntimatterEditor() }
