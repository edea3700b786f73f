import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Agreement, type AgreementState, MAX_ROUND } from '../../src/eviction/agreement.js'

const MEMBERS = ['anna', 'bert', 'cleo', 'dora', 'emil']

/** Acceptors, and what each has heard of the others last. */
class Room {
  readonly decisions = new Map<number, string>()
  private readonly agreements: ReadonlyMap<string, Agreement>
  private readonly heard: ReadonlyMap<string, Map<string, AgreementState>>
  private readonly members: readonly string[]

  constructor(members: readonly string[] = MEMBERS) {
    this.members = members
    this.agreements = new Map(members.map((member) => [member, new Agreement(member)]))
    this.heard = new Map(members.map((member) => [member, new Map()]))
  }

  of(member: string): Agreement {
    return this.agreements.get(member) as Agreement
  }

  /** What `from` says now, or said once, reaches `to`. */
  tell(from: string, to: string, state = this.of(from).state): void {
    if (from === to || !state) return
    this.heard.get(to)?.set(from, state)
    const isMajority = (quorum: ReadonlySet<string>) => 2 * quorum.size > this.members.length
    while (this.of(to).read(this.heard.get(to) ?? new Map(), isMajority));
    this.note(to)
  }

  /** Everybody hears from everybody, again and again, as it is without faults. */
  talk(): void {
    for (let round = 0; round < 6; round++) {
      for (const from of this.members) for (const to of this.members) this.tell(from, to)
    }
  }

  private note(member: string): void {
    const { stage, decided } = this.of(member)
    for (const [index, evicted] of decided.entries()) {
      const number = stage - decided.length + index
      const told = evicted.join()
      expect(this.decisions.get(number) ?? told).toBe(told)
      this.decisions.set(number, told)
    }
  }
}

describe('an agreement', () => {
  test('[EV2] costs nothing as long as nobody proposes anything', () => {
    expect(new Agreement('anna').state).toBeUndefined()
  })

  test('[EV2] is reached by whoever proposes and hears of a majority', () => {
    const room = new Room()
    room.of('anna').propose(['emil'])
    for (let round = 0; round < 3; round++) {
      for (const other of ['bert', 'cleo']) {
        room.tell('anna', other)
        room.tell(other, 'anna')
      }
    }
    expect(room.of('anna').decided).toEqual([['emil']])
    room.tell('anna', 'dora')
    expect(room.of('dora').decided).toEqual([['emil']])
  })

  test('[EV2] is not reached by a minority', () => {
    const room = new Room()
    room.of('anna').propose(['emil'])
    for (let round = 0; round < 5; round++) {
      room.tell('anna', 'bert')
      room.tell('bert', 'anna')
    }
    expect(room.decisions.size).toBe(0)
  })

  test('[EV2] keeps what a quorum may have accepted, whoever proposes something else afterwards', () => {
    const room = new Room(['anna', 'bert', 'cleo'])
    room.of('anna').propose(['dora'])
    room.tell('anna', 'bert')
    room.tell('bert', 'anna')
    // Anna has accepted it; that Bert has, too, nobody gets to know.
    room.tell('anna', 'bert')
    expect(room.of('anna').stage).toBe(0)
    room.of('cleo').propose(['emil'])
    room.of('cleo').propose(['emil'])
    room.tell('cleo', 'bert')
    room.tell('bert', 'cleo')
    room.talk()
    expect(room.of('cleo').decided).toEqual([['dora']])
  })

  test('[EV2] is one per stage, whoever proposes what, and whatever is late, lost or repeated', () => {
    const step = fc.record({
      kind: fc.nat(39),
      from: fc.nat(4),
      to: fc.nat(4),
      age: fc.nat(11),
    })
    const size = fc.integer({ min: 3, max: 5 })
    let decisions = 0
    fc.assert(
      fc.property(size, fc.array(step, { minLength: 40, maxLength: 250 }), (count, steps) => {
        const members = MEMBERS.slice(0, count)
        const room = new Room(members)
        const said: { from: string; state: AgreementState }[] = []
        for (const { kind, age, ...ends } of steps) {
          const [from, to] = [members[ends.from % count] as string, members[ends.to % count] as string]
          const old = said[said.length - 1 - age]
          if (kind === 0) room.of(from).propose([to])
          else if (kind < 9 && old) room.tell(old.from, to, old.state)
          else room.tell(from, to)
          const { state } = room.of(from)
          if (state) said.push({ from, state })
        }
        decisions += room.decisions.size
        // Whatever has happened: who is left alone with it comes to an end.
        const { stage } = room.of('anna')
        room.talk()
        for (let attempt = 0; attempt < 50 && room.of('anna').stage === stage; attempt++) {
          room.of('anna').propose(['bert'])
          room.talk()
        }
        expect(room.of('anna').stage).toBeGreaterThan(stage)
        expect(new Set(members.map((member) => room.of(member).stage)).size).toBe(1)
      }),
      { numRuns: 300 },
    )
    expect(decisions).toBeGreaterThan(50)
  })
})

describe('of a liar', () => {
  const ballot = { round: MAX_ROUND, proposer: 'bert' }

  test('[EV2] no ballot is followed, nor what was accepted under it, that would use the numbers up', () => {
    const room = new Room()
    const accepted = { ballot, evicted: ['anna'] }
    for (const member of MEMBERS)
      room.tell('bert', member, { stage: 0, promised: ballot, accepted, decided: [] })
    room.of('anna').propose(['emil'])
    room.talk()
    expect(room.of('cleo').decided).toEqual([['emil']])
  })

  test('[EV2] stages in any number are learned at once, and others can be decided after them', () => {
    const agreement = new Agreement('anna')
    const decided = Array.from({ length: 1000 }, () => ['nobody'])
    expect(agreement.learn(1000, decided)).toBe(true)
    expect(agreement.decided).toHaveLength(1000)
    agreement.propose(['bert'])
    expect(agreement.isOpen).toBe(true)
  })
})
