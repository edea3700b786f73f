/** The two that are measured: each with its page, its part in Node and its own signaling server. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { startSignaling } from '../../test/browser/room-lab.js'
import { until } from './waiting.js'

export interface Signaling {
  readonly url: string
  stop(): Promise<void>
}

export interface Library {
  readonly name: string
  readonly page: URL
  /** The module that exports `join`. */
  readonly module: string
  startSignaling(): Promise<Signaling>
}

export const TIDEMARK: Library = {
  name: 'Tidemark',
  page: new URL('./pages/tidemark-page.ts', import.meta.url),
  module: fileURLToPath(new URL('./tidemark.ts', import.meta.url)),
  startSignaling: () => startSignaling(),
}

export const Y_WEBRTC: Library = {
  name: 'y-webrtc',
  page: new URL('./pages/y-webrtc-page.ts', import.meta.url),
  module: fileURLToPath(new URL('./y-webrtc.ts', import.meta.url)),
  startSignaling: startYWebrtcServer,
}

export const LIBRARIES: readonly Library[] = [TIDEMARK, Y_WEBRTC]

const SERVER = fileURLToPath(new URL('../node_modules/y-webrtc/bin/server.js', import.meta.url))

/** A port that was free a moment ago may have been taken since; then another one is tried. */
async function startYWebrtcServer(): Promise<Signaling> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const port = await freePort()
    const env = { ...process.env, PORT: String(port) }
    const server = spawn(process.execPath, [SERVER], { env, stdio: 'ignore' })
    const hasEnded = once(server, 'exit')
    const isOver = () => server.exitCode !== null || server.signalCode !== null
    await until('the signaling server of y-webrtc answers', async () => isOver() || (await answers(port)))
    if (isOver()) continue
    return {
      url: `ws://127.0.0.1:${port}`,
      async stop() {
        server.kill()
        await hasEnded
      },
    }
  }
  throw new Error('the signaling server of y-webrtc finds no port')
}

async function answers(port: number): Promise<boolean> {
  return await fetch(`http://127.0.0.1:${port}`).then(
    ({ ok }) => ok,
    () => false,
  )
}

/** Its server takes no 0 for any port that is free. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('a server without a port')
  return address.port
}
