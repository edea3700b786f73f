/**
 * Every order of events in a small room, depth first. A state that was seen before is not gone into again, which makes
 * the number of orders looked at far larger than the number of steps. Nothing is left out because it should make no
 * difference: states are different if anything in them is.
 */
import { Violation } from '../oracle/violation.js'
import { Random } from '../random.js'
import { type Choice, isDelivery } from './choices.js'
import { type Ending, finish, judge } from './ending.js'
import { begin } from './opening.js'
import type { Scenario } from './scenario.js'
import type { SmallRoom } from './small-room.js'

export interface Exploration {
  /** Different states that were reached. */
  states: number
  /** Steps taken between them. */
  steps: number
  /** Orders of events that lead from the beginning to an end: the paths through these states. */
  orders: number
  /** The longest of them, in events. */
  depth: number
  /** How it ended, by state. */
  readonly endings: Partial<Record<Ending, number>>
  /** Nothing was left out. */
  isComplete: boolean
}

/** When to stop. */
export interface Bounds {
  readonly maxStates: number
  /** Asked now and then. */
  readonly isOver?: (soFar: Exploration) => boolean
  /** Which way first, drawn at random: of what is left of, other parts are seen. */
  readonly seed?: number
}

/** Something that broke a rule, with the events that led there. */
export class ExplorationFailure extends Error {
  override readonly name = 'ExplorationFailure'
  readonly scenario: Scenario
  readonly path: readonly Choice[]
  readonly told: readonly string[]

  constructor(scenario: Scenario, path: readonly Choice[], told: readonly string[], cause: Error) {
    super(`${cause.message}\n${told.join('\n')}`, { cause })
    this.scenario = scenario
    this.path = path
    this.told = told
  }
}

/** So many states lie between two looks at the clock. */
const STATES_BETWEEN_LOOKS = 256

export function explore(scenario: Scenario, { maxStates, isOver, seed }: Bounds): Exploration {
  const result: Exploration = { states: 0, steps: 0, orders: 0, depth: 0, endings: {}, isComplete: true }
  /** Orders from each state on. */
  const ordersFrom = new Map<string, number>()
  const path: Choice[] = []
  const room = begin(scenario)
  const random = seed === undefined ? undefined : new Random(seed)
  let isEnough = false

  const arrive = (): number => {
    const key = room.fingerprint()
    const known = ordersFrom.get(key)
    if (known !== undefined) return known
    if (result.states % STATES_BETWEEN_LOOKS === 0 && isOver?.(result)) isEnough = true
    if (isEnough || result.states >= maxStates) {
      isEnough = true
      result.isComplete = false
      return 0
    }
    result.states++
    result.depth = Math.max(result.depth, path.length)
    ordersFrom.set(key, 0)
    const orders = goOn()
    ordersFrom.set(key, orders)
    return orders
  }

  const goOn = (): number => {
    const choices = room.choices()
    if (random) shuffle(choices, random)
    const here = room.save()
    let orders = 0
    // Nothing is under way: nobody need report, die or lose patience, it may as well be over.
    if (!choices.some(isDelivery)) {
      conclude(room, path, result)
      orders++
    }
    for (const choice of choices) {
      if (isEnough) break
      room.restore(here)
      path.push(choice)
      attempt(scenario, path, () => room.take(choice))
      result.steps++
      orders += arrive()
      path.pop()
    }
    return orders
  }

  result.orders = arrive()
  return result
}

function shuffle(list: Choice[], random: Random): void {
  for (let last = list.length - 1; last > 0; last--) {
    const other = random.below(last + 1)
    const item = list[last] as Choice
    list[last] = list[other] as Choice
    list[other] = item
  }
}

/** Goes through a small room in orders drawn at random. @returns how they ended. */
export function sample(scenario: Scenario, seed: number, times: number): Exploration['endings'] {
  const random = new Random(seed)
  const result: Pick<Exploration, 'endings'> = { endings: {} }
  for (let time = 0; time < times; time++) {
    const room = begin(scenario)
    const path: Choice[] = []
    // Some see everything that may go wrong, most of them only some of it.
    const haste = random.real()
    for (let choices = room.choices(); choices.length > 0; choices = room.choices()) {
      const deliveries = choices.filter(isDelivery)
      if (deliveries.length === 0 && random.chance(haste)) break
      const choice = random.pick(
        deliveries.length > 0 && random.chance(haste) ? deliveries : choices,
      ) as Choice
      path.push(choice)
      attempt(scenario, path, () => room.take(choice))
    }
    conclude(room, path, result)
  }
  return result.endings
}

/** The same events again, to the end. @throws an ExplorationFailure. */
export function replay(scenario: Scenario, path: readonly Choice[]): Ending {
  const room = begin(scenario)
  for (const [i, choice] of path.entries()) attempt(scenario, path.slice(0, i + 1), () => room.take(choice))
  const result: Pick<Exploration, 'endings'> = { endings: {} }
  conclude(room, path, result)
  return Object.keys(result.endings)[0] as Ending
}

function conclude(room: SmallRoom, path: readonly Choice[], { endings }: Pick<Exploration, 'endings'>): void {
  attempt(room.scenario, path, () => {
    const learnAgain = room.goLive()
    finish(room)
    const ending = judge(room)
    learnAgain()
    endings[ending] = (endings[ending] ?? 0) + 1
  })
}

function attempt(scenario: Scenario, path: readonly Choice[], step: () => void): void {
  try {
    step()
  } catch (error) {
    throw new ExplorationFailure(scenario, [...path], tell(scenario, path), error as Error)
  }
}

/** What each event was. */
export function tell(scenario: Scenario, path: readonly Choice[]): string[] {
  try {
    const room = begin(scenario)
    return path.map((choice, i) => {
      const line = room.describe(choice)
      if (i < path.length - 1) room.take(choice)
      return line
    })
  } catch (error) {
    // Going back to a state must lead to that very state.
    if (!(error instanceof Violation)) throw error
    return [...path, `(again it broke a rule before: ${error.message})`]
  }
}
