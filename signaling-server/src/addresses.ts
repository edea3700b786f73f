/**
 * Which address a request is charged to. One IPv6 customer usually holds a whole /64, so that is what counts as
 * one address there.
 */
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

/** With n trusted proxies, the n-th entry from the right of `X-Forwarded-For` is the last one not forgeable. */
export function addressOf(request: IncomingMessage, trustedProxies: number): string {
  const peer = request.socket.remoteAddress ?? 'unknown'
  if (trustedProxies === 0) return addressKey(peer)
  const header = request.headers['x-forwarded-for']
  const hops = (Array.isArray(header) ? header.join(',') : (header ?? '')).split(',').map((hop) => hop.trim())
  const forwarded = hops.at(-trustedProxies) ?? ''
  return addressKey(isIP(forwarded) === 0 ? peer : forwarded)
}

export function addressKey(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  if (isIP(address) !== 6) return address
  return `${prefix64(address)}::/64`
}

function prefix64(address: string): string {
  const [head = '', tail] = address.replace(/%.*$/, '').toLowerCase().split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  // A dotted quad at the end stands for two groups, all of them behind the prefix.
  const written = before.length + after.length + (address.includes('.') ? 1 : 0)
  const zeros = tail === undefined ? [] : new Array<string>(Math.max(0, 8 - written)).fill('0')
  return [...before, ...zeros, ...after]
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')
}
