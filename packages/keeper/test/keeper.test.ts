/** The command as processes that live and die, with real links, over the real signaling server. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import wrtc from '@roamhq/wrtc'
import { build } from 'esbuild'
import { TidemarkProvider } from 'tidemark'
import { createSignalingServer } from 'tidemark-signaling'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import * as Y from 'yjs'
import { Keeper } from '../src/index.js'

const SUSPECT_AFTER_MS = 1500

let folder: string
let command: string
let dir: string
let server: ReturnType<typeof createSignalingServer>
let signaling: string
const cleanups: (() => unknown)[] = []

beforeAll(async () => {
  // Inside the package, so that the bundle finds what it leaves out.
  folder = await mkdtemp(join(import.meta.dirname, '.cache-'))
  command = join(folder, 'dist', 'cli.mjs')
  await writeFile(join(folder, 'package.json'), '{ "version": "1.2.3" }')
  await build({
    entryPoints: [join(import.meta.dirname, '..', 'src', 'cli.ts')],
    outfile: command,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@tidemark/source'],
    external: ['@roamhq/wrtc', 'classic-level', 'socket.io-client', 'simple-peer/simplepeer.min.js'],
    logLevel: 'error',
  })
})
afterAll(() => rm(folder, { recursive: true, force: true }))

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tidemark-keeper-'))
  server = createSignalingServer({ graceMs: 0 })
  const { port } = await server.listen(0)
  signaling = `http://127.0.0.1:${port}`
})
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  await server.close()
  await rm(dir, { recursive: true, force: true })
})

class Running {
  readonly child: ChildProcess
  readonly exit: Promise<number | null>
  out = ''
  err = ''

  constructor(args: readonly string[], env: Record<string, string> = {}) {
    this.child = spawn(process.execPath, [command, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    })
    this.child.stdout?.on('data', (text) => {
      this.out += String(text)
    })
    this.child.stderr?.on('data', (text) => {
      this.err += String(text)
    })
    this.exit = once(this.child, 'close').then(([code]) => code as number | null)
    cleanups.push(() => this.kill('SIGKILL'))
  }

  async kill(signal: 'SIGKILL' | 'SIGTERM' | 'SIGINT'): Promise<number | null> {
    this.child.kill(signal)
    return await this.exit
  }

  async says(what: string | RegExp): Promise<void> {
    await vi.waitFor(() => expect(this.out).toMatch(what), { timeout: 40_000, interval: 20 })
  }
}

function keep(...more: string[]): Running {
  return keepWith({}, ...more)
}

function keepWith(env: Record<string, string>, ...more: string[]): Running {
  const timing = ['--suspect-after', String(SUSPECT_AFTER_MS)]
  const place = ['--room', 'room', '--signaling', signaling, '--dir', dir, '--no-ice']
  return new Running([...place, ...timing, ...more], env)
}

/** Somebody with the room open. */
function open(password?: string, identities = false) {
  const doc = new Y.Doc()
  const provider = new TidemarkProvider('room', doc, {
    signaling,
    iceServers: [],
    peerOptions: { wrtc },
    suspectAfterMs: SUSPECT_AFTER_MS,
    undoHorizonMs: 0,
    identities,
    ...(password !== undefined && { password }),
  })
  cleanups.push(() => provider.destroy())
  return { doc, provider, text: doc.getText('text'), map: doc.getMap('map') }
}

/** The second one's clock: with it everybody is in the electorate. */
const JOINS = 2

const until = (condition: () => boolean, timeout = 40_000) =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout, interval: 20 })

describe('a room with a keeper', { timeout: 90_000 }, () => {
  test('[ID1] may have identities', async () => {
    const keeper = keep('--identities')
    await keeper.says(/in the room as [A-Za-z0-9_-]{43}/)
    const anna = open(undefined, true)
    await until(() => anna.provider.synced && anna.provider.members.length === 2)
    anna.text.insert(0, 'kept')
    await until(() => anna.provider.snapshotPoint > 0 && anna.provider.status.waitingFor.length === 0)
    anna.provider.destroy()
    await keeper.says('1 in the room')
    const bert = open(undefined, true)
    await until(() => bert.text.toString() === 'kept')
    expect(keeper.err).toBe('')
  })

  test('is whole when somebody comes after everybody has left', async () => {
    const keeper = keep()
    await keeper.says('in the room')
    const anna = open()
    await until(() => anna.provider.synced && anna.provider.members.length === 2)
    anna.text.insert(0, 'kept')
    anna.text.format(0, 2, { bold: true })
    anna.map.set('nested', new Y.Array())
    ;(anna.map.get('nested') as Y.Array<number>).push([1, 2, 3])
    await until(() => anna.provider.snapshotPoint > 0 && anna.provider.status.waitingFor.length === 0)
    anna.provider.destroy()
    await keeper.says('1 in the room')
    expect(await keeper.kill('SIGTERM')).toBe(0)
    expect(keeper.err).toBe('')

    const again = keep()
    await again.says('bytes found')
    await again.says('in the room')
    const bert = open()
    await until(() => bert.provider.synced && bert.provider.members.length === 2)
    expect(bert.text.toDelta()).toEqual([{ insert: 'ke', attributes: { bold: true } }, { insert: 'pt' }])
    expect((bert.map.get('nested') as Y.Array<number>).toArray()).toEqual([1, 2, 3])
  })

  test('loses nothing when the keeper is killed while somebody types, and goes on being compacted', async () => {
    const keeper = keep()
    await keeper.says('in the room')
    const [anna, bert] = [open(), open()]
    await until(() => [anna, bert].every(({ provider }) => provider.members.length === 3))
    let typed = 0
    const typing = setInterval(() => anna.text.insert(anna.text.length, `${typed++} `), 10)
    cleanups.push(() => clearInterval(typing))
    // Before that the keeper, which is the oldest, is half of those who decide, and nobody could go on without it.
    await until(() => typed > 50 && [anna, bert].every(({ provider }) => provider.snapshotPoint >= JOINS))
    await keeper.kill('SIGKILL')
    await until(() => typed > 100)
    const again = keep()
    await again.says('in the room')
    await until(() => anna.provider.members.length === 3)
    clearInterval(typing)
    // Of the killed one nobody waits any more, so the point passes all that was typed.
    await until(() => anna.provider.status.waitingFor.length === 0 && anna.provider.members.length === 3)
    expect((await anna.provider.compact()).epoch).toBeGreaterThan(0)
    expect(await again.kill('SIGTERM')).toBe(0)
    for (const { provider } of [anna, bert]) provider.destroy()

    await keep().says('in the room')
    const cleo = open()
    await until(() => cleo.provider.synced && cleo.provider.members.length === 2)
    const numbers = Array.from({ length: typed }, (_, number) => `${number} `)
    expect(cleo.text.toString()).toBe(numbers.join(''))
  })

  test('keeps several rooms in one folder', async () => {
    const keeper = keep('--room', 'other')
    await keeper.says(/^room: in the room/m)
    await keeper.says(/^other: in the room/m)
  })
})

describe('a room with a password', { timeout: 60_000 }, () => {
  test('is kept by a keeper that reads it from a file, and from the environment', async () => {
    const file = join(dir, 'password')
    await writeFile(file, 'long and secret\n')
    const keeper = keep('--password-file', file)
    await keeper.says('in the room')
    const anna = open('long and secret')
    await until(() => anna.provider.synced && anna.provider.members.length === 2)
    anna.text.insert(0, 'kept')
    await until(() => anna.provider.snapshotPoint > 0 && anna.provider.status.waitingFor.length === 0)
    anna.provider.destroy()
    await keeper.says('1 in the room')
    expect(await keeper.kill('SIGTERM')).toBe(0)
    expect(keeper.err).toBe('')

    await keepWith({ TIDEMARK_PASSWORD: 'long and secret' }).says('in the room')
    const bert = open('long and secret')
    await until(() => bert.provider.synced && bert.provider.members.length === 2)
    expect(bert.text.toString()).toBe('kept')
  })

  test('lets in nobody with another one, and tells both sides once what to do', async () => {
    const keeper = keepWith({ TIDEMARK_PASSWORD: 'long and secret' })
    await keeper.says('in the room')
    const strangers = [open('another'), open()].map(({ provider }) => {
      const told: string[] = []
      provider.on('error', ({ name, message }) => told.push(`${name}: ${message}`))
      return { provider, told }
    })
    await until(
      () => strangers.every(({ told }) => told.length > 0) && keeper.err.includes('uses no password'),
    )
    expect(strangers.map(({ told }) => told.length)).toEqual([1, 1])
    expect(strangers[0]?.told[0]).toContain(
      'PasswordError: tidemark: someone in this room uses another password',
    )
    expect(strangers[1]?.told[0]).toContain('PasswordError: tidemark: someone in this room uses a password')
    for (const { provider } of strangers)
      expect([provider.synced, provider.status.connection, provider.members]).toEqual([
        false,
        'connecting',
        [],
      ])
    const lines = keeper.err.trim().split('\n').sort()
    expect(lines).toEqual([
      expect.stringContaining('room: tidemark: someone in this room uses another password'),
      expect.stringContaining('room: tidemark: someone in this room uses no password'),
    ])
  })

  test.each([
    [['--password', 'x'], {}, 'TIDEMARK_PASSWORD'],
    [['--password-file', 'nowhere'], {}, 'nowhere'],
    [['--password-file', 'empty'], {}, 'empty'],
    [['--password-file', 'lines'], {}, 'several lines'],
    [['--password-file', 'lines'], { TIDEMARK_PASSWORD: 'x' }, 'not both'],
    [[], { TIDEMARK_PASSWORD: '' }, 'is empty'],
  ])('%j %j is refused', async (args, env, advice) => {
    await writeFile(join(dir, 'empty'), '\n')
    await writeFile(join(dir, 'lines'), 'one\ntwo\n')
    const files = args.map((arg) => (arg.startsWith('-') || arg === 'x' ? arg : join(dir, arg)))
    const keeper = keepWith(env, ...files)
    expect(await keeper.exit).toBe(2)
    expect(keeper.err).toContain(advice)
    expect(keeper.out).toBe('')
  })
})

test.each(['a/b', 'Ж'.repeat(120)])(
  'puts aside what the room %s can not take back, before it closes',
  async (room) => {
    const told: string[] = []
    const keeper = new Keeper({
      room,
      signaling,
      dir,
      iceServers: [],
      tell: () => {},
      onError: (error) => told.push(error.message),
    })
    await keeper.open()
    const document = new Y.Doc()
    document.getText('text').insert(0, 'left over')
    keeper.provider.emit('orphaned', [{ document }])
    await keeper.close()
    const beginning = `orphaned-${encodeURIComponent(room).slice(0, 20)}`
    const [name = ''] = (await readdir(dir)).filter((file) => file.startsWith(beginning))
    const found = new Y.Doc()
    Y.applyUpdate(found, await readFile(join(dir, name)))
    expect(found.getText('text').toString()).toBe('left over')
    expect(told[0]).toContain(name)
  },
)

describe('what goes wrong', { timeout: 60_000 }, () => {
  test.each([
    [['--signaling', 'http://localhost:1', '--dir', 'x'], '--room NAME'],
    [['--room', 'r', '--dir', 'x'], '--signaling URL'],
    [['--room', 'r', '--signaling', 'localhost:4444', '--dir', 'x'], "got 'localhost:4444'"],
    [['--room', 'r', '--signaling', 'http://localhost:1'], '--dir FOLDER'],
    [['--room', 'r', '--signaling', 'http://localhost:1', '--dir', 'x', '--suspect-after', 'soon'], "'soon'"],
    [['--room', 'r', '--signaling', 'http://localhost:1', '--dir', 'x', '--compaction', 'no'], "'no'"],
    [['--room', 'r', '--signaling', 'http://localhost:1', '--dir', 'x', '--ice', '{}'], '--ice takes'],
    [['--rooms', 'r'], '--rooms'],
  ])('%j is told what it lacks', async (args, advice) => {
    const running = new Running(args)
    expect(await running.exit).toBe(2)
    expect(running.err).toContain(advice)
  })

  test('a folder that can not be used ends it', async () => {
    const path = join(dir, 'file')
    await writeFile(path, 'no folder')
    const running = new Running(['--room', 'r', '--signaling', signaling, '--dir', path])
    expect(await running.exit).toBe(1)
    expect(running.err).toContain(path)
    expect(running.out).not.toContain('in the room')
  })

  test('a second keeper of a folder is refused it', async () => {
    await keep().says('in the room')
    const second = keep()
    expect(await second.exit).toBe(1)
    expect(second.err).toContain(dir)
  })

  test('it waits for a signaling server that is not there yet', async () => {
    const { port } = new URL(signaling)
    await server.close()
    const keeper = keep()
    await vi.waitFor(() => expect(keeper.err).toContain(signaling), { timeout: 40_000, interval: 20 })
    server = createSignalingServer({ graceMs: 0 })
    await server.listen(Number(port))
    await keeper.says('in the room')
  })

  test('help and version', async () => {
    const help = new Running(['--help'])
    expect(await help.exit).toBe(0)
    expect(help.out).toContain('Usage: tidemark-keeper')
    const version = new Running(['--version'])
    expect([await version.exit, version.out]).toEqual([0, '1.2.3\n'])
  })
})
