/**
 * What can be said on the command line.
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'

export const HELP = `npm run sim -- [options]

Runs random schedules of edits, joins, departures and faults on the real replicas, in virtual time, and checks
after every step that the protocol's invariants hold. Exit code 1 means that one did not.

  --schedules N    how many (default 500)
  --minutes M      stop after so many minutes
  --first-seed S   schedules S, S+1, … (default: never run before)
  --workers W      processes (default: one per processor)
  --json           the last line is one JSON object
  --seed N         one schedule
  --trace          with --seed: tell what happens in it
  --diagram FILE   with --seed: draw it into an HTML file, which needs nothing else to be looked at
  --help`

export interface Arguments {
  readonly help: boolean
  readonly json: boolean
  readonly trace: boolean
  /** Where to. */
  readonly diagram: string | undefined
  readonly seed: number | undefined
  readonly firstSeed: number
  readonly schedules: number
  readonly minutes: number
  readonly workers: number
}

const DEFAULT_SCHEDULES = 500
/** Seeds are positive 31 bit numbers. */
const MAX_SEED = 2 ** 31 - 1

/** @throws an Error that says what is wrong with them. */
export function readArguments(args: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      trace: { type: 'boolean', default: false },
      diagram: { type: 'string' },
      seed: { type: 'string' },
      'first-seed': { type: 'string' },
      schedules: { type: 'string' },
      minutes: { type: 'string' },
      workers: { type: 'string' },
    },
  })
  const minutes = positive('minutes', values.minutes)
  const schedules = whole('schedules', values.schedules)
  const seed = whole('seed', values.seed)
  if (seed === undefined) {
    if (values.trace) throw new Error('--trace tells one schedule: say which with --seed')
    if (values.diagram) throw new Error('--diagram draws one schedule: say which with --seed')
  }
  return {
    help: values.help,
    json: values.json,
    trace: values.trace,
    diagram: values.diagram,
    seed,
    firstSeed: whole('first-seed', values['first-seed']) ?? freshSeed(),
    schedules: schedules ?? (minutes === undefined ? DEFAULT_SCHEDULES : Number.POSITIVE_INFINITY),
    minutes: minutes ?? Number.POSITIVE_INFINITY,
    workers: whole('workers', values.workers) ?? availableParallelism(),
  }
}

/** Far from the small seeds that tests use, and another one every millisecond. */
function freshSeed(): number {
  return 1_000_000 + (Date.now() % (MAX_SEED - 2_000_000))
}

function positive(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (!(value > 0 && Number.isFinite(value)))
    throw new Error(`--${name} must be a positive number, not "${text}"`)
  return value
}

function whole(name: string, text: string | undefined): number | undefined {
  const value = positive(name, text)
  if (value === undefined) return undefined
  if (!Number.isInteger(value) || value > MAX_SEED)
    throw new Error(`--${name} must be a whole number, not "${text}"`)
  return value
}
