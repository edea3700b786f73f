/** The command as a child process, bundled from the sources here so that no build can be stale. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { io } from 'socket.io-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cleanup } from './harness.js'
import { openRaw } from './raw-socket.js'

// Inside the package, so that the bundle finds the dependencies it leaves out.
const folder = fileURLToPath(new URL(`./.cache/cli-${process.pid}/`, import.meta.url))
const command = `${folder}cli.mjs`

beforeAll(async () => {
  await build({
    entryPoints: [fileURLToPath(new URL('../src/cli.ts', import.meta.url))],
    outfile: command,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
  })
})

afterAll(() => rm(folder, { recursive: true, force: true }))

interface Run {
  readonly child: ChildProcess
  readonly exit: Promise<{ code: number | null; stdout: string; stderr: string }>
  readonly firstLine: Promise<string>
}

function run(...args: string[]): Run {
  const child = spawn(process.execPath, [command, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  cleanup(() => void child.kill('SIGKILL'))
  let stdout = ''
  let stderr = ''
  child.stderr.on('data', (chunk) => {
    stderr += String(chunk)
  })
  const exit = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr }))
  const firstLine = new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      stdout += String(chunk)
      const [line, rest] = stdout.split('\n', 2)
      if (line !== undefined && rest !== undefined) resolve(line)
    })
    void exit.then(() => reject(new Error(`exited without a word: ${stderr}`)))
  })
  firstLine.catch(() => {})
  return { child, exit, firstLine }
}

async function listening(running: Run): Promise<string> {
  const url = /^tidemark-signaling listens on (http:\/\/\S+)$/.exec(await running.firstLine)?.[1]
  if (url === undefined) throw new Error('No address was printed.')
  return url
}

describe('tidemark-signaling', () => {
  it('prints where it listens, and is healthy there', async () => {
    const url = await listening(run('--port', '0', '--host', '127.0.0.1'))
    const health = await fetch(`${url}/health`)
    expect(health.status).toBe(200)
    expect(await health.json()).toMatchObject({ status: 'ok', connections: 0, rooms: 0 })
  })

  it.each(['SIGTERM', 'SIGINT'] as const)('ends gracefully on %s, whoever is connected', async (signal) => {
    const running = run('--port', '0')
    const url = await listening(running)
    const client = io(url, { transports: ['websocket'], reconnection: false, forceNew: true })
    cleanup(() => void client.disconnect())
    await new Promise<void>((resolve) => client.once('connect', resolve))
    const deaf = await openRaw(Number(new URL(url).port))
    cleanup(() => deaf.destroy())
    deaf.stopReading()
    const gone = new Promise((resolve) => client.once('disconnect', resolve))

    const startedAt = performance.now()
    running.child.kill(signal)
    expect(await running.exit).toMatchObject({ code: 0, stderr: '' })
    expect(performance.now() - startedAt).toBeLessThan(2000)
    await gone
  })

  it('accepts only the origins it is told, however they are written', async () => {
    const args = ['--origin', 'https://A.example:443/', '--origin', 'http://localhost:5173']
    const port = Number(new URL(await listening(run('--port', '0', ...args))).port)
    await expect(openRaw(port, { origin: 'https://evil.example' })).rejects.toThrow('400')
    for (const origin of ['https://a.example', 'http://localhost:5173']) {
      const raw = await openRaw(port, { origin })
      cleanup(() => raw.destroy())
    }
  })

  it('explains itself', async () => {
    const { code, stdout } = await run('--help').exit
    expect(code).toBe(0)
    for (const flag of ['--port', '--host', '--origin', '--trusted-proxies']) expect(stdout).toContain(flag)
  })

  it.each([
    ['an unknown flag', ['--prot', '1']],
    ['a port that is no number', ['--port', '80x']],
    ['a port out of range', ['--port', '65536']],
    ['an origin that is none', ['--origin', 'example.org']],
    ['a stray argument', ['4444']],
  ])('refuses %s with one line and exit code 2', async (_title, args) => {
    const { code, stdout, stderr } = await run(...args).exit
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^tidemark-signaling: .+\n$/)
  })

  it('says so when the port is taken', async () => {
    const taken = createServer()
    cleanup(() => void taken.close())
    taken.listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const address = taken.address()
    if (address === null || typeof address === 'string') throw new Error('unreachable')
    const { code, stderr } = await run('--port', String(address.port)).exit
    expect(code).toBe(1)
    expect(stderr).toMatch(/^tidemark-signaling: .*EADDRINUSE.*\n$/)
  })
})
