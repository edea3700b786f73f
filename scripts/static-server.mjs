/**
 * Serves a set of files from memory. What is not in the set does not exist, so no path can lead outside.
 */
import { createServer } from 'node:http'

/** @type {Record<string, string>} */
const TYPES = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  json: 'application/json; charset=utf-8',
  map: 'application/json; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
  ico: 'image/x-icon',
  woff2: 'font/woff2',
}

/** @typedef {ReadonlyMap<string, string | Uint8Array>} Files contents by path, such as `/index.html`. */

/**
 * @param {Files} files read anew for every request; `/` stands for `/index.html`.
 * @param {{ port: number, host: string }} address port 0 takes any free one.
 * @returns {Promise<{ port: number, close(): Promise<void> }>}
 */
export async function serveFiles(files, { port, host }) {
  const server = createServer((request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return void response.writeHead(405).end()
    const [path = '/'] = (request.url ?? '/').split(/[?#]/)
    const file = path.endsWith('/') ? `${path}index.html` : path
    const content = files.get(file)
    if (content === undefined) return void response.writeHead(404).end('Not found')
    const type = TYPES[file.slice(file.lastIndexOf('.') + 1)] ?? 'application/octet-stream'
    response.writeHead(200, { 'content-type': type, 'cache-control': 'no-cache' })
    response.end(request.method === 'HEAD' ? undefined : content)
  })
  await new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve(undefined))
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has no port')
  return { port: address.port, close: () => closeServer(server) }
}

/** @param {import('node:http').Server} server */
function closeServer(server) {
  return /** @type {Promise<void>} */ (
    new Promise((resolve, reject) => {
      server.close((error) => (error ? reject(error) : resolve()))
      // Browsers keep idle connections open for minutes.
      server.closeAllConnections()
    })
  )
}
