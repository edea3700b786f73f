/**
 * What both ends of a link remember of the small messages that went one way: their bytes one after the other, the
 * latest last.
 *
 * Invariant: after the same messages both ends hold the same, so that a place in it means the same to both. Memory is
 * bounded, whatever comes.
 */

/** So much is remembered at least, once there has been so much. */
const windowBytes = 8 * 1024
/** Messages that can be named as the one that the next is like: four bits. */
const maxNamed = 16

export class RecentMessages {
  readonly #bytes = new Uint8Array(2 * windowBytes)
  #end = 0
  /** How many bytes came before those that are still here. */
  #forgotten = 0
  /** Where the latest messages begin, the last one last. */
  #starts: number[] = []

  get end(): number {
    return this.#end
  }

  get forgotten(): number {
    return this.#forgotten
  }

  get named(): number {
    return this.#starts.length
  }

  /** Where a message begins: 0 is the latest. Behind everything if there is none. */
  start(index: number): number {
    return this.#starts[this.#starts.length - 1 - index] ?? this.#end
  }

  at(position: number): number {
    return this.#bytes[position] ?? 0
  }

  copy(position: number, length: number): Uint8Array {
    return this.#bytes.subarray(position, position + length)
  }

  /** How many bytes from `position` on are those of `message` from `at` on. */
  matching(position: number, message: Uint8Array, at: number): number {
    const most = Math.min(message.byteLength - at, this.#end - position)
    let length = 0
    while (length < most && this.#bytes[position + length] === message[at + length]) length++
    return length
  }

  add(message: Uint8Array): void {
    if (this.#end + message.byteLength > this.#bytes.byteLength) this.#forget()
    this.#starts.push(this.#end)
    if (this.#starts.length > maxNamed) this.#starts.shift()
    this.#bytes.set(message, this.#end)
    this.#end += message.byteLength
  }

  #forget(): void {
    const surplus = this.#end - windowBytes
    this.#bytes.copyWithin(0, surplus, this.#end)
    this.#end = windowBytes
    this.#forgotten += surplus
    this.#starts = this.#starts.map((start) => start - surplus).filter((start) => start >= 0)
  }
}
