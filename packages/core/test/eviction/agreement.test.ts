import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Random } from '../../../../test/simulator/random.js'
import { type AgreementState, MAX_ROUND } from '../../src/eviction/acceptor-state.js'
import { Agreement } from '../../src/eviction/agreement.js'

const MEMBERS = ['anna', 'bert', 'cleo', 'dora', 'emil']
const TURN_MS = 2000
/** Of a turn. */
const SLOTS = 8

/** Acceptors, and what each has heard of the others last. */
class Room {
  readonly decisions = new Map<number, string>()
  now = 0
  private readonly agreements: ReadonlyMap<string, Agreement>
  private readonly heard: ReadonlyMap<string, Map<string, AgreementState>>
  private readonly members: readonly string[]
  private readonly silent: readonly string[]
  /** Let in after the others. */
  guests: readonly string[] = []

  constructor(members: readonly string[] = MEMBERS, silent: readonly string[] = []) {
    this.members = members
    this.silent = silent
    this.agreements = new Map(members.map((member) => [member, new Agreement(member, TURN_MS)]))
    this.heard = new Map(members.map((member) => [member, new Map()]))
  }

  of(member: string): Agreement {
    return this.agreements.get(member) as Agreement
  }

  /** What `from` says now, or said once, reaches `to`. */
  tell(from: string, to: string, state = this.of(from).state): void {
    if (from === to || !state) return
    this.heard.get(to)?.set(from, state)
    this.read(to)
  }

  propose(member: string, evicted: readonly string[]): void {
    this.of(member).propose(evicted, this.now)
    this.read(member)
  }

  private read(member: string): void {
    const { members, silent, guests, now } = this
    const isPrimary = (quorum: ReadonlySet<string>) => {
      const votes = members.filter((voter) => quorum.has(voter)).length
      return 2 * votes > members.length || (2 * votes === members.length && quorum.has(members[0] ?? ''))
    }
    const answering = () =>
      [...members, ...guests].filter((other) => other !== member && !silent.includes(other))
    const isOld = (other: string) => members.includes(other)
    while (this.of(member).read(this.heard.get(member) ?? new Map(), { isPrimary, answering, isOld, now }));
    this.note(member)
  }

  /** Everybody hears from everybody, again and again, as it is without faults. */
  talk(members = this.members): void {
    for (let round = 0; round < 6; round++) {
      for (const from of members) for (const to of members) this.tell(from, to)
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
    expect(new Agreement('anna', TURN_MS).state).toBeUndefined()
  })

  test('[EV2] is reached by whoever proposes and hears of a majority', () => {
    const room = new Room()
    room.propose('anna', ['emil'])
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
    room.propose('anna', ['emil'])
    for (let round = 0; round < 5; round++) {
      room.tell('anna', 'bert')
      room.tell('bert', 'anna')
    }
    expect(room.decisions.size).toBe(0)
  })

  test('[EV2] keeps what a quorum may have accepted, whoever proposes something else afterwards', () => {
    const room = new Room(['anna', 'bert', 'cleo'])
    room.propose('anna', ['dora'])
    room.tell('anna', 'bert')
    room.tell('bert', 'anna')
    // Anna has accepted it; that Bert has, too, nobody gets to know.
    room.tell('anna', 'bert')
    expect(room.of('anna').stage).toBe(0)
    room.propose('cleo', ['emil'])
    room.propose('cleo', ['emil'])
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
          if (kind === 0) room.propose(from, [to])
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
          room.propose('anna', ['bert'])
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
    room.propose('anna', ['emil'])
    room.talk()
    expect(room.of('cleo').decided).toEqual([['emil']])
  })

  const HONEST = ['anna', 'bert', 'cleo', 'dora']

  function bid(round: number, proposer = 'emil'): AgreementState {
    return { stage: 0, promised: { round, proposer }, accepted: undefined, decided: [] }
  }

  test('[EV2] ballots that some were led up to do not put those out of reach of the others', () => {
    const room = new Room()
    for (let i = 1; i <= 20; i++)
      for (const member of ['anna', 'bert']) room.tell('emil', member, bid(i * 2 ** 20))
    for (const member of ['anna', 'cleo']) {
      room.propose(member, ['frank'])
      room.talk(HONEST)
    }
    expect(room.of('anna').decided).toEqual([['frank']])
  })

  test('[EV2] neither do those that all follow, nor one that is the last that is followed', () => {
    const room = new Room()
    for (let i = 1; i <= 20; i++) {
      room.tell('emil', 'anna', bid(i * 2 ** 20))
      room.talk(HONEST)
    }
    room.propose('dora', ['frank'])
    room.talk(HONEST)
    expect(room.of('anna').decided).toEqual([['frank']])
  })

  test('[EV2] the last that is followed is outbid after a while where most say nothing of it', () => {
    const room = new Room(['anna', 'bert', 'emil', 'frank'], ['frank'])
    const pair = ['anna', 'bert']
    for (const member of pair) room.tell('emil', member, bid(2 ** 20))
    room.propose('anna', ['frank'])
    expect(room.of('anna').state?.promised.proposer).toBe('emil')
    for (; room.now < 5 * TURN_MS && room.of('anna').stage === 0; room.now += TURN_MS) {
      for (const member of pair)
        room.tell('emil', member, { ...bid(1), promised: { round: 0, proposer: '' } })
      room.propose('anna', ['frank'])
      room.talk(pair)
    }
    expect(room.of('bert').decided).toEqual([['frank']])
  })

  test('[EV2] higher and higher ballots, told before anybody else is heard, keep nobody from being evicted', () => {
    const manner = fc.record({
      seed: fc.nat(),
      liars: fc.constantFrom(['emil'], ['emil', 'gina'], []),
      steps: fc.constantFrom([1], [1, 1, 1, 2, 2 ** 20], [2 ** 20], [1, 2 ** 19, 2 ** 30]),
      heard: fc.constantFrom(0.1, 0.5, 1),
    })
    fc.assert(
      fc.property(manner, ({ seed, liars, steps, heard }) => {
        const random = new Random(seed)
        // All who are honest are needed to evict the silent one.
        const room = new Room([...liars, ...HONEST, 'frank'], ['frank'])
        const outbid = () => {
          const rounds = HONEST.map((member) => room.of(member).state?.promised.round ?? 0)
          for (const member of HONEST.filter(() => random.chance(heard))) {
            for (const liar of [...liars, ...room.guests]) {
              const round = Math.max(...rounds) + (random.pick(steps) ?? 1)
              room.tell(liar, member, bid(round, liar))
            }
          }
        }
        const begun = HONEST.map(() => random.below(SLOTS))
        for (let slot = 0; slot < 200 * SLOTS && room.of('anna').stage === 0; slot++) {
          room.now = (slot * TURN_MS) / SLOTS
          // Without others of its kind a liar lets in another one for each turn.
          if (liars.length === 0) room.guests = [`guest-${Math.floor(slot / SLOTS)}`]
          for (const [age, member] of HONEST.entries()) {
            const since = slot - (begun[age] ?? 0)
            if (since >= 0 && since % ((1 + age) * SLOTS) === 0) room.propose(member, ['frank'])
          }
          for (const from of HONEST) {
            outbid()
            for (const to of HONEST) room.tell(from, to)
          }
        }
        expect(room.of('anna').decided).toEqual([['frank']])
      }),
      { numRuns: 100 },
    )
  })

  test('[EV2] stages in any number are learned at once, and others can be decided after them', () => {
    const agreement = new Agreement('anna', TURN_MS)
    const decided = Array.from({ length: 1000 }, () => ['nobody'])
    expect(agreement.learn(1000, decided)).toBe(true)
    expect(agreement.decided).toHaveLength(1000)
    agreement.propose(['bert'], 0)
    expect(agreement.isOpen).toBe(true)
  })
})
