import { expect, test } from 'vitest'
import { Rendezvous } from '../src/testing/rendezvous.js'

test('[LI2] each greeter is given every greeter of another history, in whatever order they ask', () => {
  const rendezvous = new Rendezvous<string>()
  const ones = ['one-a', 'one-b', 'one-c']
  const others = ['other-a', 'other-b', 'other-c']
  const given = new Map<string, Set<string | undefined>>()
  const greet = (who: string) => {
    const found = rendezvous.greet('room', who, who.slice(0, 3))
    given.set(who, (given.get(who) ?? new Set()).add(found))
  }
  for (const who of [...ones, ...others]) rendezvous.greet('room', who, who.slice(0, 3))
  for (let round = 0; round < 3; round++) for (const who of [...ones, ...others]) greet(who)
  for (const who of ones) expect(given.get(who)).toEqual(new Set(others))
  for (const who of others) expect(given.get(who)).toEqual(new Set(ones))
})
