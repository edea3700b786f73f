/** What a process keeps after all sessions are destroyed: nothing, so that it ends by itself. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import { createSignalingServer } from 'tidemark-signaling'
import { expect, it } from 'vitest'

/** Node itself stays for about five seconds after the last peer of simple-peer. */
const endsWithinMs = 12_000

const program = `
  import wrtc from '@roamhq/wrtc'
  import { webrtcTransport } from '../src/index.ts'

  const transport = webrtcTransport({ signaling: process.argv[2], iceServers: [], peerOptions: { wrtc } })
  let links = 0
  function open(id, alone) {
    const session = transport.open('room', id, {
      linkUp: (link) => { links += 1; session.send(link, new Uint8Array(3_000_000), 'bulk'); if (links === 2) end() },
      linkDown: () => {}, message: () => {}, signal: () => {}, dialFailed: () => {}, rendezvous: () => {},
      alone: () => alone(session),
    })
    return session
  }
  const first = open('first', (session) => { session.greet('lineage'); second.seek() })
  const second = open('second', () => {})
  const seeker = open('seeker', () => {})
  first.seek()
  function end() {
    seeker.seek()
    seeker.dial('nobody')
    second.close(1, 'enough')
    setTimeout(() => { for (const session of [first, second, seeker]) session.destroy(); console.log('destroyed') }, 20)
  }
`

it('a process ends by itself once its sessions are destroyed', { timeout: 60_000 }, async () => {
  const server = createSignalingServer({ graceMs: 0 })
  const { port } = await server.listen(0)
  const directory = await mkdtemp(join(import.meta.dirname, 'leftovers-'))
  const outfile = join(directory, 'program.mjs')
  await build({
    stdin: { contents: program, resolveDir: import.meta.dirname, loader: 'js' },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@tidemark/source'],
    external: ['@roamhq/wrtc', 'socket.io-client', 'simple-peer/simplepeer.min.js'],
    logLevel: 'error',
  })

  const child = spawn(process.execPath, [outfile, `http://127.0.0.1:${port}`])
  const output: string[] = []
  let destroyedMs = Number.NaN
  child.stdout.on('data', (text: Buffer) => {
    output.push(String(text))
    destroyedMs = performance.now()
  })
  child.stderr.on('data', (text: Buffer) => output.push(String(text)))
  const tooLong = setTimeout(() => child.kill('SIGKILL'), 40_000)
  const code = await new Promise((resolve) => child.on('exit', resolve))
  const endedAfterMs = performance.now() - destroyedMs
  clearTimeout(tooLong)
  await rm(directory, { recursive: true })
  await server.close()

  expect([output.join(''), code]).toEqual(['destroyed\n', 0])
  expect(endedAfterMs).toBeLessThan(endsWithinMs)
})
