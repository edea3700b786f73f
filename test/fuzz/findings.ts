/**
 * What fuzzing has found: the smallest attacks that once went wrong, and what went wrong. They never may again.
 */
import { readFileSync } from 'node:fs'
import type { Attack, Mutation, Step } from './attack.js'
import type { HostileUpdate, RawStruct } from './hostile-updates.js'

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

const struct = (
  kind: RawStruct['kind'],
  length: number,
  origin: RawStruct['origin'],
  rightOrigin: RawStruct['rightOrigin'],
): RawStruct => ({ kind, length, origin, rightOrigin, parent: 'text', key: undefined })

const BESIDE_A_USED_UP_ID: HostileUpdate = {
  sections: [
    {
      client: 2,
      fromEnd: 5,
      structs: [struct('type', 2, { client: 4, fromEnd: -4 }, { client: 3, fromEnd: -5 })],
    },
  ],
  deletes: [{ id: { client: 1, fromEnd: -13 }, length: 10 }],
  isV2: false,
}

const BETWEEN_MAP_AND_TEXT: HostileUpdate = {
  sections: [
    {
      client: 4,
      fromEnd: -3,
      structs: [struct('deleted', 10, { client: 3, fromEnd: -2 }, { client: 4, fromEnd: -20 })],
    },
    { client: 7, fromEnd: 1, structs: [struct('text', 1, undefined, { client: 7, fromEnd: -4 })] },
    {
      client: 6,
      fromEnd: 5,
      structs: [struct('gc', 1, undefined, undefined), struct('gc', 3, undefined, undefined)],
    },
  ],
  deletes: [{ id: { client: 6, fromEnd: -4 }, length: 1 }],
  isV2: false,
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
    found: 'what no text writes, in a text, made a cut throw that had to show something else',
    attacks: attacksIn('what-no-text-writes.json'),
  },
  {
    found: 'what went on from an entry of a map, under ids used before, stood elsewhere with a newcomer',
    attacks: attacksIn('goes-on-from-something-else.json'),
  },
  {
    found: 'advice that members have identities counted as a fault',
    attacks: [attack('young', 1, step('past', 14, { type: 'flip', at: 1328, bit: 1 }))],
  },
  {
    found: 'the alarm that somebody tells of another base, of itself, counted as a fault',
    attacks: [
      attack(
        'cut',
        0,
        step('past', 38, { type: 'nudge', at: 2643, by: 1 }, { type: 'number', at: 1256, value: 16384 }),
      ),
    ],
  },
  {
    found: 'a stranger that asked to be let in, and was, counted as an intruder',
    attacks: [
      {
        room: 'log',
        route: 'stranger',
        target: 0,
        isUpsetting: false,
        steps: [step('past', 46), step('past', 5)],
      },
    ],
  },
  {
    found: 'a right neighbour left of the left one stood elsewhere once a cut below it was executed',
    attacks: [
      ...[38, 59, 31, 0].map((frame) => attack('young', 0, step('fresh', frame))),
      attack(
        'young',
        0,
        step('fresh', 77, { type: 'payload', at: 893, mutation: { type: 'flip', at: 1224, bit: 1 } }),
      ),
      attack('young', 0, step('fresh', 166)),
    ],
  },
  {
    found: 'a deletion of ids that only their own author still counted made that one, who took it, throw',
    attacks: [
      attack('evicted', 1, step('fresh', 37, { type: 'update', at: 2568, update: BESIDE_A_USED_UP_ID })),
    ],
  },
  {
    found: 'what a cut could not carry over was missing after it, and that threw, at everybody',
    attacks: [
      ...[53, 128, 173, 190].map((frame) => attack('evicted', 0, step('fresh', frame))),
      attack('evicted', 0, step('fresh', 79, { type: 'body', at: 2528, other: 5 })),
      attack('evicted', 0, step('fresh', 156, { type: 'update', at: 1444, update: BETWEEN_MAP_AND_TEXT })),
    ],
  },
  {
    found: 'who had refused what names text that came later took it at the next cut, and had another base',
    attacks: JSON.parse(
      readFileSync(new URL('named-before-it-came.json', import.meta.url), 'utf8'),
    ) as Attack[],
  },
  {
    found: 'the same above a cut: one member showed it and another one did not',
    attacks: JSON.parse(readFileSync(new URL('named-above-a-cut.json', import.meta.url), 'utf8')) as Attack[],
  },
  {
    found: 'a presence that one member passed on later was taken for the doing of the frame after it',
    attacks: attacksIn('presence-passed-on.json'),
  },
]
