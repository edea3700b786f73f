/**
 * What can be said on the command line.
 */

import { parseArgs } from 'node:util'
import { positive } from '../../simulator/run/numbers.js'

export const HELP = `npm run fuzz -- [options]

Changes frames that were really sent, says them to a live room of three members, and checks that nothing happens that
must not. Exit code 1 means that something did.

  --inputs N       how many (default 10000)
  --seed S         the same seed gives the same inputs (default: never run before)
  --minutes M      stop after so many minutes
  --json           the last line is one JSON object
  --replay FILE    the attacks of a finding, as it was printed
  --help`

export interface Arguments {
  readonly help: boolean
  readonly json: boolean
  readonly inputs: number
  readonly seed: number
  readonly minutes: number
  readonly replay: string | undefined
}

/** @throws an Error that says what is wrong with them. */
export function readArguments(args: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      inputs: { type: 'string' },
      seed: { type: 'string' },
      minutes: { type: 'string' },
      replay: { type: 'string' },
    },
  })
  return {
    help: values.help,
    json: values.json,
    inputs: positive('inputs', values.inputs) ?? 10_000,
    seed: positive('seed', values.seed) ?? Date.now() % 2 ** 30,
    minutes: positive('minutes', values.minutes) ?? Number.POSITIVE_INFINITY,
    replay: values.replay,
  }
}
