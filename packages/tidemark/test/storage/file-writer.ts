/**
 * A process that writes to a folder until it is killed: consecutive numbers, now and then replaced by the last few of
 * them. Says what it found, and each number once it is acknowledged.
 *
 * Bundled and run by file-crash.test.ts: `node writer.mjs <folder>`.
 */
import { writeSync } from 'node:fs'
import { fileStorage } from 'tidemark/node'

const say = (word: string, ...numbers: number[]) => writeSync(1, `${[word, ...numbers].join(' ')}\n`)
const record = (number: number) =>
  Uint8Array.from({ length: 4 + (number % 300) }, (_, i) => number >> (8 * (i % 4)))
const numberIn = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)

/** Large enough for several batches of a replacement now and then. */
function* generation(last: number) {
  for (let number = Math.max(0, last - 20); number <= last; number++) yield record(number)
}

const store = await fileStorage(process.argv[2] ?? '').open('room')
const found = (await store.load()).map(numberIn)
say('found', ...found)
let next = (found.at(-1) ?? -1) + 1
for (;;) {
  const count = 1 + (next % 3)
  const numbers = Array.from({ length: count }, (_, i) => next + i)
  const appended = store.append(numbers.map(record))
  next += count
  const last = next - 1
  // In order, and without waiting, as everybody may.
  const replaced = last % 5 === 0 ? store.replace(generation(last)) : undefined
  await appended
  say('kept', last)
  await replaced
}
