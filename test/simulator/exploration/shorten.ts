/**
 * Names a list of events, and leaves out of one that breaks a rule whatever that does not need.
 */
import { Violation } from '../oracle/violation.js'
import type { Choice } from './choices.js'
import { finish, judge } from './ending.js'
import { begin } from './opening.js'
import type { Scenario } from './scenario.js'
import type { SmallRoom } from './small-room.js'

/** Of each event, which of the choices it was: `crash-other:3.0.1`. */
export function tokenOf(scenario: Scenario, path: readonly Choice[]): string {
  const room = begin(scenario)
  const numbers = path.map((choice, i) => {
    const number = room.choices().indexOf(choice)
    if (i < path.length - 1) room.take(choice)
    return number
  })
  return `${scenario.name}:${numbers.join('.')}`
}

/** @throws an Error if there is no such case, or no such choice. */
export function readToken(token: string, cases: readonly Scenario[]): { scenario: Scenario; path: Choice[] } {
  const at = token.lastIndexOf(':')
  const scenario = cases.find(({ name }) => name === token.slice(0, at))
  if (!scenario) throw new Error(`there is no case "${token.slice(0, at)}"`)
  const numbers = token.slice(at + 1).split('.')
  const room = begin(scenario)
  const path: Choice[] = []
  for (const number of numbers) {
    const choice = room.choices()[Number(number)]
    if (choice === undefined) throw new Error(`after ${path.length} events there is no choice ${number}`)
    path.push(choice)
    if (path.length < numbers.length) room.take(choice)
  }
  return { scenario, path }
}

/** @returns as few events as are found to lead to the same kind of failure; one by one none of them can be left out. */
export function shorten(scenario: Scenario, path: readonly Choice[], cause: Error): Choice[] {
  const room = begin(scenario)
  const beginning = room.save()
  let shortest = [...path]
  for (let before = Number.POSITIVE_INFINITY; shortest.length < before; ) {
    before = shortest.length
    for (let i = shortest.length - 1; i >= 0; i--) {
      room.restore(beginning)
      const fewer = fails(
        room,
        shortest.filter((_, at) => at !== i),
        cause,
      )
      if (fewer && fewer.length < shortest.length) shortest = fewer
    }
  }
  return shortest
}

/** Takes of these what can be taken. @returns what was, if the same broke. */
function fails(room: SmallRoom, path: readonly Choice[], cause: Error): Choice[] | undefined {
  const taken: Choice[] = []
  try {
    for (const choice of path) {
      if (!room.choices().includes(choice)) continue
      taken.push(choice)
      room.take(choice)
    }
    room.goLive()
    finish(room)
    judge(room)
  } catch (error) {
    return kindOf(error) === kindOf(cause) ? taken : undefined
  }
  return undefined
}

function kindOf(error: unknown): string {
  return error instanceof Violation ? error.rule : (error as Error).message
}
