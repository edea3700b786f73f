/**
 * `npm start`: installs what is missing, builds, then runs the signaling server and the demo in this process.
 */
import { createServer } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { compile } from './compile.mjs'
import { Explained, say, script, step } from './console.mjs'
import { buildDemoSite } from './demo-site.mjs'
import { ensureDependencies, ROOT } from './dependencies.mjs'
import { serveFiles } from './static-server.mjs'

const HELP = `npm start [-- <options>]

Builds and runs the demo and its signaling server. Ctrl-C ends both.

  --port <number>             the demo's port (4440)
  --signaling-port <number>   the signaling server's port (4444)
  --host <address>            the address both listen on (127.0.0.1)

A port that is taken is replaced by the next free one. Browsers treat only localhost and https pages as
secure: opened from another machine over plain http, the demo has no room passwords.`

/** How many ports are tried, from the one that was asked for. */
const PORTS_TRIED = 50

const SHUTDOWN_MS = 5000

await script(async () => {
  const options = readOptions()
  if (options === 'help') return say(HELP)
  await ensureDependencies()
  await step('Compiling the signaling server (tsc -b)', () => compile('signaling-server'))
  const site = await step('Bundling the demo (esbuild)', buildDemoSite)
  const close = await run(site, options)
  await interrupted()
  // A connection that does not end must not keep the terminal.
  setTimeout(() => process.exit(1), SHUTDOWN_MS).unref()
  await close()
})

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: 'string', default: '4440' },
        'signaling-port': { type: 'string', default: '4444' },
        host: { type: 'string', default: '127.0.0.1' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    if (values.help) return 'help'
    return {
      port: portNumber(values.port),
      signalingPort: portNumber(values['signaling-port']),
      host: values.host,
    }
  } catch (error) {
    throw new Explained(`${error instanceof Error ? error.message : error}\n\n${HELP}`)
  }
}

/** @param {string} text */
function portNumber(text) {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 1 && port <= 65535) return port
  throw new Error(`"${text}" is not a port: a number from 1 to 65535 is needed.`)
}

/**
 * @param {Map<string, string | Uint8Array>} site
 * @param {{ port: number, signalingPort: number, host: string }} options
 * @returns {Promise<() => Promise<void>>} closes both servers
 */
async function run(site, { port, signalingPort, host }) {
  const { createSignalingServer } = await loadSignaling()
  // A demo's rooms are seldom older than its server: the first visitor should not wait for their members.
  const signaling = createSignalingServer({ graceMs: 1000 })
  const name = hostName(host)
  const signalingAddress = await signaling.listen(await freePort(signalingPort, host), host)
  const signalingUrl = `http://${name}:${signalingAddress.port}`
  site.set('/config.json', JSON.stringify({ signaling: signalingUrl }))
  const demo = await freePort(port, host)
    .then((free) => serveFiles(site, { port: free, host }))
    .catch(async (error) => {
      await signaling.close()
      throw error
    })
  say(`\nDemo:       http://${name}:${demo.port}`)
  say(`Signaling:  ${signalingUrl}`)
  say('\nOpen the demo in several windows. Ctrl-C ends it.')
  return async () => {
    await Promise.all([demo.close(), signaling.close()])
  }
}

/**
 * Loaded by path and late, because it is compiled by this very script.
 * @returns {Promise<{ createSignalingServer(options: object): { listen(port: number, host: string): Promise<{ port: number }>, close(): Promise<void> } }>}
 */
async function loadSignaling() {
  return await import(pathToFileURL(join(ROOT, 'signaling-server', 'dist', 'index.js')).href)
}

/**
 * What a browser calls the machine.
 * @param {string} host
 */
function hostName(host) {
  if (['127.0.0.1', '::1', '0.0.0.0', '::'].includes(host)) return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}

/**
 * @param {number} first
 * @param {string} host
 */
async function freePort(first, host) {
  const last = Math.min(first + PORTS_TRIED - 1, 65535)
  for (let port = first; port <= last; port++) {
    if (await isFree(port, host)) return port
  }
  throw new Explained(
    `Ports ${first} to ${last} are all taken. Choose another range with --port or --signaling-port.`,
  )
}

/**
 * @param {number} port
 * @param {string} host
 * @returns {Promise<boolean>}
 */
function isFree(port, host) {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', (/** @type {NodeJS.ErrnoException} */ error) => {
      if (error.code === 'EADDRINUSE') return resolve(false)
      if (error.code === 'EACCES')
        return reject(new Explained(`Port ${port} needs root. Choose one above 1023.`))
      reject(
        new Explained(`Can not listen on ${host}: ${error.message}. Choose another address with --host.`),
      )
    })
    probe.listen(port, host, () => probe.close(() => resolve(true)))
  })
}

function interrupted() {
  return new Promise((resolve) => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })
}
