/**
 * What can be said on the command line.
 */

import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { NOTHING_CUT } from '../shrink/choices.js'
import { readToken, type Variation } from '../shrink/token.js'
import { positive } from './numbers.js'

export const HELP = `npm run sim -- [options]

Runs random schedules of edits, joins, departures and faults on the real replicas, in virtual time, and checks
after every step that the protocol's invariants hold. Exit code 1 means that one did not.

Many schedules
  --schedules N         how many (default 500)
  --minutes M           stop after so many minutes
  --first-seed S        schedules S, S+1, … (default: never run before)
  --workers W           processes (default: one per processor)

One schedule
  --seed N              the one that this seed names
  --replay TOKEN        one that was made small, as --shrink named it
  --trace               tell what happens in it
  --diagram FILE.html   draw what happens in it: replicas over time, with what passes between them, in one file that
                        needs nothing else to be looked at; goes with or without --trace
  --shrink              leave out of it whatever the violation does not need; --trace and --diagram then show what is
                        left. The first failure of many schedules is made small without being asked.

Both
  --identities          members sign what they say; goes with --seed, not with --shrink or --replay
  --shrink-seconds S    how long that may take (default 30; 0: not at all)
  --json                the last line is one JSON object
  --help`

export interface Arguments {
  readonly help: boolean
  readonly json: boolean
  /** Members sign what they say. */
  readonly signs: boolean
  readonly trace: boolean
  /** Where to. */
  readonly diagram: string | undefined
  readonly shrink: boolean
  readonly shrinkMs: number
  /** Undefined: many. */
  readonly one: Variation | undefined
  readonly firstSeed: number
  readonly schedules: number
  readonly minutes: number
  readonly workers: number
}

const DEFAULT_SCHEDULES = 500
const DEFAULT_SHRINK_MS = 30_000
/** Seeds are positive 31 bit numbers. */
const MAX_SEED = 2 ** 31 - 1

/** @throws an Error that says what is wrong with them. */
export function readArguments(args: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      identities: { type: 'boolean', default: false },
      trace: { type: 'boolean', default: false },
      shrink: { type: 'boolean', default: false },
      diagram: { type: 'string' },
      seed: { type: 'string' },
      replay: { type: 'string' },
      'shrink-seconds': { type: 'string' },
      'first-seed': { type: 'string' },
      schedules: { type: 'string' },
      minutes: { type: 'string' },
      workers: { type: 'string' },
    },
  })
  const minutes = positive('minutes', values.minutes)
  const schedules = whole('schedules', values.schedules)
  const one = oneOf(whole('seed', values.seed), values.replay)
  if (one === undefined) {
    const asked = (['trace', 'diagram', 'shrink'] as const).find((name) => values[name])
    if (asked) throw new Error(`--${asked} is about one schedule: say which with --seed or --replay`)
  }
  if (values.identities && (values.shrink || values.replay !== undefined))
    throw new Error('--identities does not go with --shrink or --replay')
  const shrinkSeconds = values['shrink-seconds']
  return {
    help: values.help,
    json: values.json,
    signs: values.identities,
    trace: values.trace,
    diagram: values.diagram,
    shrink: values.shrink,
    shrinkMs:
      shrinkSeconds === '0'
        ? 0
        : 1000 * (positive('shrink-seconds', shrinkSeconds) ?? DEFAULT_SHRINK_MS / 1000),
    one,
    firstSeed: whole('first-seed', values['first-seed']) ?? freshSeed(),
    schedules: schedules ?? (minutes === undefined ? DEFAULT_SCHEDULES : Number.POSITIVE_INFINITY),
    minutes: minutes ?? Number.POSITIVE_INFINITY,
    workers: whole('workers', values.workers) ?? availableParallelism(),
  }
}

function oneOf(seed: number | undefined, token: string | undefined): Variation | undefined {
  if (seed !== undefined && token !== undefined) throw new Error('--seed and --replay name two schedules')
  if (token !== undefined) return readToken(token)
  return seed === undefined ? undefined : { seed, cuts: NOTHING_CUT }
}

/** Far from the small seeds that tests use, and another one every millisecond. */
function freshSeed(): number {
  return 1_000_000 + (Date.now() % (MAX_SEED - 2_000_000))
}

function whole(name: string, text: string | undefined): number | undefined {
  const value = positive(name, text)
  if (value === undefined) return undefined
  if (!Number.isInteger(value) || value > MAX_SEED)
    throw new Error(`--${name} must be a whole number, not "${text}"`)
  return value
}
