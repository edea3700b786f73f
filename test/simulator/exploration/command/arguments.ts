/**
 * What can be said on the command line.
 */

import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { positive } from '../../run/numbers.js'

export const HELP = `npm run explore -- [options]

Goes through every order of events in rooms of three members, with two operations and one misfortune at any moment, and
checks in every state that the protocol's invariants hold. Exit code 1 means that one did not.

  --only CASE           those whose name begins like this; may be repeated (--list names all)
  --max-states N        leave a case after so many states (default 200,000)
  --minutes M           leave the whole after so many minutes: what is left of them is shared among the cases left
  --workers W           processes, a case each (default: one per processor)
  --replay TOKEN        the events that a failure was reported with, as a story
  --list                the names of all cases
  --json                the last line is one JSON object
  --help`

export interface Arguments {
  readonly help: boolean
  readonly list: boolean
  readonly json: boolean
  readonly only: readonly string[]
  readonly maxStates: number
  readonly minutes: number
  readonly workers: number
  readonly replay: string | undefined
}

const DEFAULT_MAX_STATES = 200_000

/** @throws an Error that says what is wrong with them. */
export function readArguments(args: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      'max-states': { type: 'string' },
      minutes: { type: 'string' },
      workers: { type: 'string' },
      replay: { type: 'string' },
    },
  })
  return {
    help: values.help,
    list: values.list,
    json: values.json,
    only: values.only,
    maxStates: positive('max-states', values['max-states']) ?? DEFAULT_MAX_STATES,
    minutes: positive('minutes', values.minutes) ?? Number.POSITIVE_INFINITY,
    workers: Math.ceil(positive('workers', values.workers) ?? availableParallelism()),
    replay: values.replay,
  }
}
