/**
 * The command: runs schedules and says how it went.
 */
import { type Arguments, HELP, readArguments } from './arguments.js'
import { say } from './console.js'
import { work } from './crew.js'
import { runMany } from './many.js'
import { runOne } from './one.js'

if (process.argv.includes('--worker')) work()

/** @returns the exit code. */
export async function main(args: readonly string[], file: string): Promise<number> {
  let wanted: Arguments
  try {
    wanted = readArguments(args)
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`)
    return 2
  }
  if (wanted.help) {
    say(HELP)
    return 0
  }
  return wanted.one === undefined ? runMany(wanted, file) : runOne(wanted.one, wanted)
}
