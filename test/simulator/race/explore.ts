/**
 * Every order of events of a race, depth first. A replica can not be copied, so each branch replays its past on a
 * new world; a state that was seen before is not gone into again, which makes the number of orders looked at far
 * larger than the number of runs.
 */
import { createHash } from 'node:crypto'
import { Random } from '../random.js'
import { type Choice, RaceWorld, type Scenario } from './race-world.js'

export interface Exploration {
  /** Different states that were reached. */
  states: number
  /** Steps taken between them. */
  steps: number
  /** Orders of events that lead from the beginning to an end: the paths through these states. */
  orders: number
  /** How the races ended, by state. */
  readonly endings: Record<string, number>
  /** Nothing was left out. */
  isComplete: boolean
}

/** A race that broke a rule, with the events that led there. */
export class RaceFailure extends Error {
  override readonly name = 'RaceFailure'
}

export function explore(scenario: Scenario, maxStates: number): Exploration {
  const result: Exploration = { states: 0, steps: 0, orders: 0, endings: {}, isComplete: true }
  /** Orders from each state on. */
  const ordersFrom = new Map<string, number>()
  const path: Choice[] = []

  const arrive = (world: RaceWorld): number => {
    const key = createHash('sha1').update(world.fingerprint()).digest('base64')
    const known = ordersFrom.get(key)
    if (known !== undefined) return known
    if (result.states >= maxStates) {
      result.isComplete = false
      return 0
    }
    result.states++
    ordersFrom.set(key, 0)
    const orders = goOn(world)
    ordersFrom.set(key, orders)
    return orders
  }

  const goOn = (world: RaceWorld): number => {
    const choices = world.choices()
    if (choices.length === 0) return conclude(world, scenario, path, result)
    // Nothing is under way: nobody need report, die or lose patience, the race may as well be over.
    const mayEnd = !choices.some(isDelivery)
    let orders = mayEnd ? conclude(replay(scenario, path), scenario, path, result) : 0
    let here: RaceWorld | undefined = world
    for (const choice of choices) {
      // The first branch goes on in the world we have, the others need one of their own.
      const branch: RaceWorld = here ?? replay(scenario, path)
      here = undefined
      path.push(choice)
      attempt(scenario, path, () => branch.take(choice))
      result.steps++
      orders += arrive(branch)
      path.pop()
    }
    return orders
  }

  result.orders = arrive(new RaceWorld(scenario))
  return result
}

/** Goes through a race in orders drawn at random. @returns how they ended. */
export function sample(scenario: Scenario, seed: number, races: number): Record<string, number> {
  const random = new Random(seed)
  const result: Pick<Exploration, 'endings'> = { endings: {} }
  for (let race = 0; race < races; race++) {
    const world = new RaceWorld(scenario)
    const path: Choice[] = []
    // Some races see everything that may go wrong, most of them only some of it.
    const haste = random.real()
    for (let choices = world.choices(); choices.length > 0; choices = world.choices()) {
      const deliveries = choices.filter(isDelivery)
      if (deliveries.length === 0 && random.chance(haste)) break
      const choice = random.pick(
        deliveries.length > 0 && random.chance(haste) ? deliveries : choices,
      ) as Choice
      path.push(choice)
      attempt(scenario, path, () => world.take(choice))
    }
    conclude(world, scenario, path, result)
  }
  return result.endings
}

const isDelivery = (choice: Choice) => choice.startsWith('deliver')

function conclude(
  world: RaceWorld,
  scenario: Scenario,
  path: readonly Choice[],
  result: Pick<Exploration, 'endings'>,
): number {
  attempt(scenario, path, () => {
    world.finish()
    const ending = world.judge()
    result.endings[ending] = (result.endings[ending] ?? 0) + 1
  })
  return 1
}

function replay(scenario: Scenario, path: readonly Choice[]): RaceWorld {
  const world = new RaceWorld(scenario)
  for (const choice of path) world.take(choice)
  return world
}

function attempt(scenario: Scenario, path: readonly Choice[], step: () => void): void {
  try {
    step()
  } catch (error) {
    const world = new RaceWorld(scenario)
    const told = path.map((choice, i) => {
      const line = world.describe(choice)
      if (i < path.length - 1) world.take(choice)
      return line
    })
    throw new RaceFailure(`${(error as Error).message}\n${told.join('\n')}`, { cause: error })
  }
}
