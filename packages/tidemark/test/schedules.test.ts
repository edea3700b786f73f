/**
 * Random schedules of people who type, delete, undo, leave, come back and compact, over a network that parts and
 * heals. Afterwards everybody shows the same; what was typed and not deleted is there, once; and every event was right.
 */
import * as prng from 'lib0/prng'
import { afterEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { Room, type Site } from './room.js'

let room: Room

afterEach(() => room.destroy())

const STEPS = 250
const MAX_SITES = 4

interface Person extends Site {
  readonly manager: Y.UndoManager
  isAway: boolean
}

class Schedule {
  readonly random: prng.PRNG
  readonly people: Person[] = []
  readonly orphaned: Y.Doc[] = []
  /** One character each. */
  readonly deleted = new Set<string>()
  typed = 0
  private readonly undoes: boolean

  constructor(seed: number, undoes: boolean) {
    this.random = prng.create(seed)
    this.undoes = undoes
  }

  below(n: number): number {
    return prng.int31(this.random, 0, n - 1)
  }

  join(): void {
    const site = room.open({
      compactionMinBytes: 300,
      compactionShare: 0.2,
      undoHorizonMs: this.below(2) * 4000,
    })
    const manager = new Y.UndoManager(site.text, { captureTimeout: 0 })
    site.provider.trackUndo(manager)
    site.provider.on('orphaned', ({ document }) => this.orphaned.push(document))
    this.people.push({ ...site, manager, isAway: false })
  }

  type({ text }: Person): void {
    const token = String.fromCharCode(0x4e00 + this.typed++)
    // Often where the others are: conflicts are what it is about.
    text.insert(this.below(3) === 0 ? Math.min(2, text.length) : this.below(text.length + 1), token)
  }

  erase({ text }: Person): void {
    const at = this.below(text.length)
    const length = Math.min(1 + this.below(3), text.length - at)
    for (const token of text.toString().slice(at, at + length)) this.deleted.add(token)
    text.delete(at, length)
  }

  step(): void {
    const person = prng.oneOf(this.random, this.people)
    const dice = this.below(100)
    if (dice < 50) this.type(person)
    else if (dice < 70 && person.text.length > 0) this.erase(person)
    else if (dice < 80 && this.undoes) person.manager[dice < 77 ? 'undo' : 'redo']()
    else if (dice < 84) person.provider.compact().catch(() => {})
    else if (dice < 88) this.comeOrGo(person)
    else if (dice < 90 && this.people.length < MAX_SITES) this.join()
    else if (dice === 90) this.part()
    else this.point(person)
    room.settle(this.below(10) === 0 ? this.below(3000) : this.below(60))
  }

  comeOrGo(person: Person): void {
    const { provider } = person
    if (person.isAway) provider.connect()
    else {
      // Somebody has to stay, or whoever comes first founds the room anew from what may be the older state.
      if (this.people.filter((other) => !other.isAway && other.provider.synced).length < 2) return
      room.settle(2000)
      provider.disconnect()
    }
    person.isAway = !person.isAway
  }

  /** Both sides work on for a while. Nobody leaves meanwhile: whoever does so unheard is missed for ever. */
  part(): void {
    room.settle()
    const transports = this.people.map(({ transport }) => transport)
    const at = 1 + this.below(transports.length)
    room.network.partition(transports.slice(0, at), transports.slice(at))
    for (let step = 0; step < 20; step++) {
      const person = prng.oneOf(this.random, this.people)
      if (this.below(3) === 0 && person.text.length > 0) this.erase(person)
      else this.type(person)
      room.settle(this.below(800))
    }
    room.network.heal()
    room.settle(20_000)
  }

  point({ provider, text }: Person): void {
    const at = this.below(text.length + 1)
    const position = Y.createRelativePositionFromTypeIndex(text, at)
    provider.awareness.setLocalStateField('cursor', { anchor: position, head: position })
  }

  end(): void {
    room.network.heal()
    for (const { provider } of this.people) provider.connect()
    room.settle(60_000)
    for (const person of this.people) this.point(person)
    room.settle(60_000)
    this.people[0]?.provider.compact().catch(() => {})
    room.settle(20_000)
  }
}

function run(seed: number, undoes: boolean): Schedule {
  room = new Room(seed)
  const schedule = new Schedule(seed, undoes)
  schedule.join()
  schedule.join()
  room.settle()
  for (let step = 0; step < STEPS; step++) {
    schedule.step()
    for (const { mirror } of schedule.people) mirror.check()
  }
  schedule.end()
  return schedule
}

function check({ people, deleted, typed, orphaned }: Schedule, undoes: boolean): void {
  const [first] = people as [Person]
  const text = first.text.toString()
  for (const { text: other, provider, mirror, errors, doc } of people) {
    expect(other.toString()).toBe(text)
    expect(errors).toEqual([])
    mirror.check()
    expect(provider.members).toHaveLength(people.length)
    expect(provider.epoch).toBe(first.provider.epoch)
    expect(provider.stats()).toMatchObject({ logOperations: 0, segmentOperations: 0, waiting: 0 })
    expect([...provider.awareness.getStates().keys()].sort()).toEqual(
      people.map((p) => p.doc.clientID).sort(),
    )
    for (const { cursor } of provider.awareness.getStates().values() as Iterable<{
      cursor?: { anchor: object }
    }>) {
      if (!cursor) continue
      const anchor = Y.createRelativePositionFromJSON(cursor.anchor)
      expect(Y.createAbsolutePositionFromRelativePosition(anchor, doc)).not.toBeNull()
    }
  }
  expect(orphaned).toEqual([])
  expect(first.provider.epoch).toBeGreaterThan(2)
  if (undoes) return
  const tokens = Array.from({ length: typed }, (_, i) => String.fromCharCode(0x4e00 + i))
  expect([...text].sort().join('')).toBe(tokens.filter((token) => !deleted.has(token)).join(''))
}

/** More of them on demand. */
const [first = 1, count = 12] = (process.env['SCHEDULES'] ?? '').split(':').filter(Boolean).map(Number)

describe('random schedules', () => {
  for (let seed = first; seed < first + count; seed++) {
    const undoes = seed % 3 === 0
    test(`${seed}${undoes ? ', with undo' : ''}`, () => check(run(seed, undoes), undoes))
  }
})
