/** `tidemark-keeper`: keeps rooms until it is told to stop. */
import { readFile } from 'node:fs/promises'
import { type Arguments, HELP, readArguments } from './arguments.js'
import { Keeper } from './keeper.js'
import { readPassword } from './password.js'

function complain(fault: unknown): void {
  console.error(`tidemark-keeper: ${fault instanceof Error ? fault.message : String(fault)}`)
}

function fail(fault: unknown, exitCode: number): never {
  complain(fault)
  process.exit(exitCode)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function run(
  { rooms, signaling, dir, ice, suspectAfterMs, compaction, identities }: Arguments,
  password: string | undefined,
): void {
  // Not an argument: those of a process are read by everybody on the machine.
  const token = process.env['TIDEMARK_TOKEN']
  const keepers = rooms.map(
    (room) =>
      new Keeper({
        room,
        signaling,
        dir,
        ...(token !== undefined && { token }),
        ...(password !== undefined && { password }),
        compaction,
        identities,
        ...(ice !== undefined && { iceServers: ice }),
        ...(suspectAfterMs !== undefined && { suspectAfterMs }),
        tell: say,
        onError: (error) => console.error(`${room}: ${error.message}`),
      }),
  )
  // What can not be stored is not kept: somebody has to hear of it at once.
  for (const keeper of keepers) keeper.open().catch((fault: unknown) => fail(fault, 1))
  let isStopping = false
  const stop = (): void => {
    if (isStopping) process.exit(1)
    isStopping = true
    say('storing and leaving…')
    // One that can not store its room is no reason to cut the others short.
    void Promise.allSettled(keepers.map((keeper) => keeper.close())).then((endings) => {
      const faults = endings.flatMap((ending) => (ending.status === 'rejected' ? [ending.reason] : []))
      for (const fault of faults) complain(fault)
      process.exit(faults.length === 0 ? 0 : 1)
    })
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}

async function version(): Promise<string> {
  const text = await readFile(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

try {
  const args = readArguments(process.argv.slice(2))
  if (args === 'help') process.stdout.write(HELP)
  else if (args === 'version') version().then(say)
  else {
    readPassword(args.passwordFile, process.env).then(
      (password) => run(args, password),
      (fault: unknown) => fail(fault, 2),
    )
  }
} catch (fault) {
  fail(fault, 2)
}
