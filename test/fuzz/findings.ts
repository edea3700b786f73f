/**
 * What fuzzing has found: the smallest attacks that once went wrong, and what went wrong. They never may again.
 */
import { readFileSync } from 'node:fs'
import type { Attack, Mutation, Step } from './attack.js'

export interface PinnedFinding {
  readonly found: string
  readonly attacks: readonly Attack[]
}

const step = (source: Step['source'], frame: number, ...mutations: readonly Mutation[]): Step => ({
  source,
  frame,
  mutations,
})

function attack(room: Attack['room'], target: number, ...steps: readonly Step[]): Attack {
  return { room, route: 'neighbour', target, isUpsetting: true, steps }
}

function attacksIn(file: string): Attack[] {
  return JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as Attack[]
}

export const FINDINGS: readonly PinnedFinding[] = [
  {
    found: 'an operation with a smaller clock than what it depends on made every cut throw, at everybody',
    attacks: [
      attack('cut', 0, step('fresh', 101, { type: 'number', at: 3535, value: 256 })),
      attack('cut', 0, step('fresh', 179, { type: 'number', at: 2302, value: 127 })),
    ],
  },
  {
    found: 'an operation of the epoch before, of somebody who had told of this one, made every cut throw',
    attacks: [attack('cut', 0, step('fresh', 132, { type: 'nudge', at: 3744, by: -1 }))],
  },
  {
    found: 'where nothing is renumbered, an operation of a later epoch made whoever heard it start over',
    attacks: [attack('log', 1, step('fresh', 199, { type: 'nudge', at: 605, by: 1 }))],
  },
  {
    found: 'an operation that waits for ever kept newcomers from ever being synced',
    attacks: [
      attack('evicted', 0, step('fresh', 92, { type: 'number', at: 3397, value: 0 })),
      attack('evicted', 0, step('fresh', 61, { type: 'number', at: 1604, value: 3 })),
    ],
  },
  {
    found: 'two epochs ahead: the one who heard it started over, and the others founded rooms that never met',
    attacks: [
      attack('cut', 0, step('fresh', 98)),
      attack('cut', 0, step('fresh', 71, { type: 'nudge', at: 788, by: 10 })),
    ],
  },
  {
    found: "a cursor shown in somebody else's name, with a number as large as can be",
    attacks: [attack('evicted', 0, step('past', 11, { type: 'number', at: 2327, value: 255 }))],
  },
  {
    found:
      'a right neighbour left of the left one stood elsewhere with a newcomer, whose next base was another one',
    attacks: attacksIn('bases-differ.json'),
  },
  {
    found: 'an operation of an epoch that was long over made every cut throw',
    attacks: attacksIn('epoch-long-over.json'),
  },
  {
    found: 'an operation that leans on what comes after it in total order made every cut throw',
    attacks: attacksIn('refused-in-total-order.json'),
  },
  {
    found: 'advice that members have identities counted as a fault',
    attacks: [attack('young', 1, step('past', 14, { type: 'flip', at: 1328, bit: 1 }))],
  },
]
