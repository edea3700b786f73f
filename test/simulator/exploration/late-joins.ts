/**
 * The races that are run: small ones in every order, large ones in orders drawn at random.
 */
import { NOTHING_HAPPENS, type Scenario } from './scenario.js'

const CALM: Omit<Scenario, 'name'> = {
  ...NOTHING_HAPPENS,
  opening: 'late join',
  reports: { N2: 1, N3: 1 },
  losable: 'handshake',
}

/** Few enough states to go through all of them. */
export const EXHAUSTED: readonly Scenario[] = [
  { ...CALM, name: 'nothing goes wrong' },
  { ...CALM, name: 'the newcomer may die at any moment', mortal: ['N5'] },
  { ...CALM, name: 'the sponsor may die at any moment', mortal: ['N2'] },
  { ...CALM, name: 'the sponsor edits meanwhile', editors: ['N2'] },
  { ...CALM, name: 'there is a fourth member', members: ['N1', 'N2', 'N3', 'N4'] },
]

const EVENTFUL = { ...CALM, losses: 2, resends: 2, timeouts: true, mortal: ['N2', 'N5'] }

export const SAMPLED: readonly Scenario[] = [
  { ...CALM, name: 'history is cut meanwhile', reports: { N1: 2, N2: 2, N3: 2, N5: 2 }, cutters: ['N1'] },
  { ...CALM, name: 'everybody reports again and again', reports: { N1: 3, N2: 3, N3: 3, N5: 3 } },
  {
    ...CALM,
    name: 'news also come around',
    hasTrees: false,
    reports: { N1: 2, N2: 3, N3: 2, N5: 2 },
    editors: ['N1', 'N2', 'N3'],
  },
  { ...EVENTFUL, name: 'messages are lost, patience and lives end', reports: { N1: 2, N2: 2, N3: 2, N5: 2 } },
  {
    ...EVENTFUL,
    name: 'two cut at once, and some do not live to see it',
    reports: { N1: 2, N2: 2, N3: 2, N5: 2 },
    editors: ['N1', 'N3', 'N5'],
    cutters: ['N1', 'N3'],
  },
  {
    ...EVENTFUL,
    name: 'the same with four members who edit',
    hasTrees: false,
    members: ['N1', 'N2', 'N3', 'N4'],
    reports: { N1: 2, N2: 2, N3: 2, N4: 2, N5: 2 },
    editors: ['N1', 'N2', 'N3', 'N4', 'N5'],
  },
]
