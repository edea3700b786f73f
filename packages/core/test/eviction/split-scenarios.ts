/** The rooms whose every split is looked at. */
import type { Split } from './splits.js'

const [ANNA, BERT, CLEO, DORA] = ['anna', 'bert', 'cleo', 'dora'] as const
const THREE = [ANNA, BERT, CLEO]
const FOUR = [ANNA, BERT, CLEO, DORA]
const PLAIN = { joins: [], evictions: 0, isLate: false }

/** Few enough states to go through all of them. */
export const EXHAUSTED: readonly Split[] = [
  {
    ...PLAIN,
    name: 'one of three suspects another one',
    members: THREE,
    proposals: [[BERT, [ANNA]]],
    evictions: 2,
    isLate: true,
  },
  {
    ...PLAIN,
    name: 'two of three suspect each other',
    members: THREE,
    proposals: [
      [ANNA, [BERT]],
      [BERT, [ANNA]],
    ],
    evictions: 0,
  },
  {
    ...PLAIN,
    name: 'who may decide of three, on two sides that grow',
    members: THREE,
    proposals: [],
    joins: [
      [ANNA, 'xena'],
      [BERT, 'yuri'],
    ],
  },
  {
    ...PLAIN,
    name: 'who may decide of three, one of whom lets in two',
    members: THREE,
    proposals: [],
    joins: [
      [CLEO, 'xena'],
      [CLEO, 'yuri'],
    ],
  },
  {
    ...PLAIN,
    name: 'who may decide of four, on two sides that grow',
    members: FOUR,
    proposals: [],
    joins: [
      [ANNA, 'xena'],
      [DORA, 'yuri'],
    ],
  },
]

/** Too many for every test: the test goes as far as it gets. */
export const LARGE: readonly Split[] = [
  {
    ...PLAIN,
    name: 'four in two halves',
    members: FOUR,
    proposals: [
      [ANNA, [CLEO, DORA]],
      [CLEO, [ANNA, BERT]],
    ],
  },
  {
    ...PLAIN,
    name: 'one side of three grows',
    members: THREE,
    proposals: [
      [ANNA, [BERT]],
      [BERT, [ANNA]],
    ],
    joins: [[BERT, 'yuri']],
  },
  {
    ...PLAIN,
    name: 'both sides of three grow, and one is given up',
    members: THREE,
    proposals: [[BERT, [ANNA]]],
    joins: [
      [ANNA, 'xena'],
      [BERT, 'yuri'],
    ],
    evictions: 1,
  },
  {
    ...PLAIN,
    name: 'three suspect each other crosswise',
    members: THREE,
    proposals: [
      [CLEO, [ANNA]],
      [ANNA, [BERT]],
      [BERT, [ANNA]],
    ],
  },
  {
    ...PLAIN,
    name: 'three, each side of which grows, carry their evictions out',
    members: THREE,
    proposals: [
      [ANNA, [BERT]],
      [BERT, [ANNA]],
    ],
    joins: [
      [ANNA, 'xena'],
      [BERT, 'yuri'],
    ],
    evictions: 2,
  },
  {
    ...PLAIN,
    name: 'four in two halves, each of which grows',
    members: FOUR,
    proposals: [
      [ANNA, [CLEO, DORA]],
      [CLEO, [ANNA, BERT]],
    ],
    joins: [
      [BERT, 'xena'],
      [DORA, 'yuri'],
    ],
    evictions: 1,
  },
]
