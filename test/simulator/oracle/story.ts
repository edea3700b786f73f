/**
 * What happened, for people and for comparison: readable lines if wanted, and always a hash over everything, so
 * that two runs of one seed can be told to be the same.
 */
export class Story {
  readonly lines: string[] = []
  private readonly isKept: boolean
  private readonly now: () => number
  private state = 0x811c9dc5

  /** @param isKept whether the lines are kept, or only hashed. */
  constructor(now: () => number, isKept: boolean) {
    this.now = now
    this.isKept = isKept
  }

  get hash(): string {
    return (this.state >>> 0).toString(16).padStart(8, '0')
  }

  tell(who: string, what: string): void {
    const line = `${(this.now() / 1000).toFixed(3).padStart(8)}  ${who.padEnd(4)} ${what}`
    for (let i = 0; i < line.length; i++) this.mix(line.charCodeAt(i))
    if (this.isKept) this.lines.push(line)
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
