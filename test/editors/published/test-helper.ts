/**
 * Stands in for the test helper that Yjs publishes, under the same names: random tests of what is bound to documents.
 *
 * There, documents pass each other their updates; here, they meet in a room, and it is compacted at random between
 * the steps of the test. People leave and return at the same rate as there.
 */
import * as prng from 'lib0/prng'
import type { TestCase } from 'lib0/testing'
import * as Y from 'yjs'
import { CompactingRoom, type Site } from '../compacting-room.js'

type Step<Bound> = (doc: Y.Doc, generator: prng.PRNG, bound: Bound) => void

const USERS = 5

export interface RandomTest<Bound> {
  readonly testObjects: Bound[]
  readonly users: Y.Doc[]
}

/** Of all random tests so far, so that it can be seen that there were cuts. */
export const tally = { steps: 0, cuts: 0, cutsBetweenSteps: 0 }

export function applyRandomTests<Bound>(
  { prng: generator }: TestCase,
  steps: readonly Step<Bound>[],
  iterations: number,
  bind: (doc: Y.Doc) => Bound,
): RandomTest<Bound> {
  const room = new CompactingRoom(generator, USERS)
  const users = room.sites.map(({ doc }) => doc)
  const testObjects = users.map((doc) => bind(doc))
  for (let i = 0; i < iterations; i++) {
    interlude(room)
    const user = prng.int32(generator, 0, USERS - 1)
    const step = prng.oneOf(generator, [...steps])
    step(users[user] as Y.Doc, generator, testObjects[user] as Bound)
  }
  tally.steps += iterations
  tally.cutsBetweenSteps += room.highestEpoch()
  for (const { provider } of room.sites) provider.connect()
  room.settle()
  room.cut()
  tally.cuts += room.highestEpoch()
  compare(room)
  room.close()
  return { testObjects, users }
}

/** What happens in the room between two steps. */
function interlude(room: CompactingRoom): void {
  const { generator } = room
  const chance = (percent: number) => prng.int32(generator, 0, 99) < percent
  if (chance(3)) toggle(prng.oneOf(generator, [...room.sites]))
  if (chance(10)) room.requestCut()
  // Mostly as fast as people type, sometimes long enough for a cut to come about.
  if (chance(10)) room.advance(2500)
  else if (chance(50)) room.advance(prng.int32(generator, 1, 150))
}

function toggle({ provider }: Site): void {
  if (provider.synced) provider.disconnect()
  else provider.connect()
}

function compare({ sites, errors }: CompactingRoom): void {
  if (errors.length > 0) throw new Error(`errors of providers: ${errors.join('; ')}`)
  const contents = sites.map(({ doc }) => JSON.stringify(contentOf(doc)))
  for (const [index, content] of contents.entries()) {
    if (content !== contents[0]) throw new Error(`user ${index}: ${content}\nuser 0: ${contents[0]}`)
  }
  for (const { doc } of sites) {
    const { pendingStructs, pendingDs } = doc.store
    if (pendingStructs !== null || pendingDs !== null) throw new Error('a document has parked an update')
  }
}

function contentOf(doc: Y.Doc): unknown[] {
  const types = [...doc.share].sort(([a], [b]) => (a < b ? -1 : 1))
  return types.map(([name, type]) => [name, type instanceof Y.Text ? type.toDelta() : type.toJSON()])
}
