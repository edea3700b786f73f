/**
 * Three members, two of whom make an operation each at any moment, and one misfortune out of a list at any moment.
 */
import { NOTHING_HAPPENS, type Scenario } from './scenario.js'

const TWO_EDIT: Omit<Scenario, 'name'> = { ...NOTHING_HAPPENS, editors: ['N1', 'N3'] }

/** Who stays may find out that somebody is gone. */
const ACCUSED = ['N1', 'N2', 'N3'].flatMap((by) =>
  ['N1', 'N2', 'N3'].flatMap((of) => (of === by ? [] : [{ by, of }])),
)

export const CASES: readonly Scenario[] = [
  { ...TWO_EDIT, name: 'nothing' },
  { ...TWO_EDIT, name: 'loss', losses: 1 },
  { ...TWO_EDIT, name: 'crash-editor', mortal: ['N3'], accusations: ACCUSED },
  { ...TWO_EDIT, name: 'crash-other', mortal: ['N2'], accusations: ACCUSED },
  { ...TWO_EDIT, name: 'partition-editor', parted: 'N3' },
  { ...TWO_EDIT, name: 'partition-other', parted: 'N2' },
  { ...TWO_EDIT, name: 'join', newcomers: [{ name: 'N4', sponsor: 'N2' }] },
  { ...TWO_EDIT, name: 'leave-editor', leavers: ['N3'] },
  { ...TWO_EDIT, name: 'leave-other', leavers: ['N2'] },
  {
    ...TWO_EDIT,
    name: 'evict',
    accusations: [{ by: 'N1', of: 'N3' }],
    isSlandered: true,
    returns: true,
  },
  {
    ...TWO_EDIT,
    name: 'rivals',
    accusations: [
      { by: 'N1', of: 'N3' },
      { by: 'N3', of: 'N1' },
    ],
    isSlandered: true,
    returns: true,
  },
]
