/**
 * A room of participants in Node, a process each, over real WebRTC: for rooms that are larger than what a machine has
 * browsers for.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import type { Library } from './libraries.js'
import type { Answer, Call, NodeParticipant } from './node-participant.js'
import { type Outcome, type Spent, typeTogether, type Workload } from './typing-together.js'
import { sleep, until } from './waiting.js'

const PROGRAM = fileURLToPath(new URL('./node-participant.ts', import.meta.url))
const FOLDER = fileURLToPath(new URL('../.cache/', import.meta.url))
const YJS = fileURLToPath(new URL('../../node_modules/yjs/dist/yjs.mjs', import.meta.url))

/** So long a room rests before it is measured: connections that nobody needs any more are closed within ten seconds. */
const REST_MS = 15_000

export async function typeInNode(
  library: Library,
  participants: number,
  workloads: readonly Workload[],
): Promise<Outcome[]> {
  const signaling = await library.startSignaling()
  const people: Process[] = []
  try {
    const program = await bundle(PROGRAM, 'node-participant')
    const module = await bundle(library.module, `node-${library.name}`)
    while (people.length < participants) {
      const newcomer = new Process(program, module)
      people.push(newcomer)
      await newcomer.call('join', { signaling: signaling.url, room: 'room' })
      await untilComplete(people)
    }
    await sleep(REST_MS)
    const outcomes: Outcome[] = []
    for (const workload of workloads)
      outcomes.push(await typeTogether({ people, spent: () => spentBy(people) }, workload))
    return outcomes
  } finally {
    await Promise.all(people.map((person) => person.end()))
    await signaling.stop()
  }
}

async function spentBy(people: readonly Process[]): Promise<Spent> {
  const all = await Promise.all(people.map((person) => person.call('spent')))
  const total = (what: keyof Spent) => all.reduce((sum, each) => sum + each[what], 0)
  return { bytes: total('bytes'), messages: total('messages'), cpuMs: total('cpuMs') }
}

/** Everybody knows everybody, and holds what the others hold. */
async function untilComplete(people: readonly Process[]): Promise<void> {
  await until(`${people.length} are in the room`, async () => {
    const states = await Promise.all(people.map((person) => person.call('state')))
    return states.every(
      ({ present, neighbours, synced, length }) =>
        present === people.length - 1 &&
        (people.length === 1 || (neighbours.length > 0 && synced)) &&
        length === states[0]?.length,
    )
  })
}

/** One process. */
class Process {
  private readonly process
  private readonly pending = new Map<number, (answer: Answer) => void>()
  private calls = 0

  constructor(program: string, module: string) {
    this.process = fork(program, [module], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    this.process.on('message', (answer: Answer) => {
      this.pending.get(answer.call)?.(answer)
      this.pending.delete(answer.call)
    })
    this.process.on('exit', (code) => this.giveUp(`a participant's process ended with ${code}`))
  }

  async call<Name extends keyof NodeParticipant>(
    name: Name,
    ...args: Parameters<NodeParticipant[Name]>
  ): Promise<Awaited<ReturnType<NodeParticipant[Name]>>> {
    const call = this.calls++
    const answer = await new Promise<Answer>((resolve) => {
      this.pending.set(call, resolve)
      this.process.send({ call, name, args } satisfies Call)
    })
    if (answer.error !== undefined) throw new Error(answer.error)
    return answer.result as Awaited<ReturnType<NodeParticipant[Name]>>
  }

  async end(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return
    this.process.kill('SIGKILL')
    await once(this.process, 'exit')
  }

  private giveUp(error: string): void {
    for (const [call, resolve] of this.pending) resolve({ call, error })
    this.pending.clear()
  }
}

/** Beside what it is compared with, so that all packages are found from there. */
async function bundle(entryFile: string, name: string): Promise<string> {
  await mkdir(FOLDER, { recursive: true })
  const outfile = `${FOLDER}${name}.mjs`
  await build({
    entryPoints: [entryFile],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    conditions: ['@tidemark/source'],
    external: ['@roamhq/wrtc', 'ws'],
    plugins: [oneYjs],
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'\nconst require = requireFrom(import.meta.url)",
    },
    logLevel: 'error',
  })
  return outfile
}

/** One Yjs for the library and for whoever looks at its document. */
const oneYjs: Plugin = {
  name: 'one-yjs',
  setup({ onResolve }) {
    onResolve({ filter: /^yjs$/ }, () => ({ path: YJS, external: true }))
  },
}
