/** The rooms whose every split is looked at. */
import type { Split } from './splits.js'

const [ANNA, BERT, CLEO, DORA] = ['anna', 'bert', 'cleo', 'dora'] as const
const THREE = [ANNA, BERT, CLEO]
const FOUR = [ANNA, BERT, CLEO, DORA]

export const SPLITS: readonly Split[] = [
  {
    name: 'two of three suspect each other',
    members: THREE,
    proposals: [
      [ANNA, [BERT]],
      [BERT, [ANNA]],
    ],
    joins: [],
    evictions: 1,
    isLate: false,
  },
  {
    name: 'three suspect each other crosswise',
    members: THREE,
    proposals: [
      [CLEO, [ANNA]],
      [ANNA, [BERT]],
      [BERT, [ANNA]],
    ],
    joins: [],
    evictions: 0,
    isLate: false,
  },
  {
    name: 'three, of whom two let somebody in',
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
    isLate: false,
  },
  {
    name: 'four in two halves',
    members: FOUR,
    proposals: [
      [ANNA, [CLEO, DORA]],
      [CLEO, [ANNA, BERT]],
    ],
    joins: [],
    evictions: 1,
    isLate: false,
  },
]
