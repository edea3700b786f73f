/**
 * What happened, for people and for comparison: readable lines and a chronicle if wanted, and always a hash over
 * everything, so that two runs of one seed can be told to be the same.
 */
import { Chronicle, type Mark } from './chronicle.js'

export class Story {
  readonly lines: string[] = []
  /** Only if it is kept. */
  readonly chronicle: Chronicle | undefined
  private readonly now: () => number
  private state = 0x811c9dc5

  /** @param isKept whether lines and chronicle are kept, or all is only hashed. */
  constructor(now: () => number, isKept: boolean) {
    this.now = now
    if (isKept) this.chronicle = new Chronicle(now)
  }

  get hash(): string {
    return (this.state >>> 0).toString(16).padStart(8, '0')
  }

  tell(who: string, what: string, mark?: Mark): void {
    const line = `${(this.now() / 1000).toFixed(3).padStart(8)}  ${who.padEnd(4)} ${what}`
    for (let i = 0; i < line.length; i++) this.mix(line.charCodeAt(i))
    if (!this.chronicle) return
    this.lines.push(line)
    this.chronicle.add(who, what, mark)
  }

  /** For the chronicle alone: neither text nor hash know of it. */
  note(who: string, text: string, mark: Mark): void {
    this.chronicle?.add(who, text, mark)
  }

  /** A message that was sent: part of the hash, not of the text. */
  sent(bytes: Uint8Array): void {
    this.mix(this.now() * 1000)
    for (let i = 0; i < bytes.length; i++) this.mix(bytes[i] as number)
  }

  private mix(value: number): void {
    this.state = Math.imul(this.state ^ value, 0x01000193)
  }
}
