import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Agreement, type AgreementState } from '../../src/eviction/agreement.js'

const MEMBERS = ['anna', 'bert', 'cleo', 'dora', 'emil']
const isMajority = (quorum: ReadonlySet<string>) => 2 * quorum.size > MEMBERS.length

/** Five acceptors, and what each has heard of the others last. */
class Room {
  readonly agreements = new Map(MEMBERS.map((member) => [member, new Agreement(member)]))
  private readonly heard = new Map(MEMBERS.map((member) => [member, new Map<string, AgreementState>()]))
  readonly decisions = new Map<number, string>()

  of(member: string): Agreement {
    return this.agreements.get(member) as Agreement
  }

  /** What `from` says now, or said once, reaches `to`. */
  tell(from: string, to: string, state = this.of(from).state): void {
    if (from === to || !state) return
    this.heard.get(to)?.set(from, state)
    while (this.of(to).read(this.heard.get(to) ?? new Map(), isMajority));
    this.note(to)
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

  test('[EV2] is one per stage, whoever proposes what, and whatever is late, lost or repeated', () => {
    const index = fc.nat(MEMBERS.length - 1)
    const step = fc.tuple(fc.nat(39), index, index, fc.nat(50))
    let decisions = 0
    fc.assert(
      fc.property(fc.array(step, { minLength: 40, maxLength: 250 }), (steps) => {
        const room = new Room()
        const said: { from: string; state: AgreementState }[] = []
        for (const [kind, a, b, pick] of steps) {
          const [from, to] = [MEMBERS[a] as string, MEMBERS[b] as string]
          const old = said[said.length - 1 - (pick % 12)]
          if (kind === 0) room.of(from).propose([to])
          else if (kind < 9 && old) room.tell(old.from, to, old.state)
          else room.tell(from, to)
          const { state } = room.of(from)
          if (state) said.push({ from, state })
        }
        decisions += room.decisions.size
      }),
      { numRuns: 300 },
    )
    expect(decisions).toBeGreaterThan(50)
  })
})
