import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { addressKey, addressOf } from '../src/addresses.js'

describe('the address that is charged', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:0001:2::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8:0:0:ffff::', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['64:ff9b::192.0.2.33', '64:ff9b:0:0::/64'],
    ['unknown', 'unknown'],
  ])('of %s is %s', (address, key) => {
    expect(addressKey(address)).toBe(key)
  })

  it.each([
    [0, '198.51.100.9', '192.0.2.1'],
    [1, undefined, '192.0.2.1'],
    [1, '198.51.100.9', '198.51.100.9'],
    [1, 'forged, 198.51.100.9', '198.51.100.9'],
    [2, 'forged, 198.51.100.9, 203.0.113.7', '198.51.100.9'],
    [2, '198.51.100.9', '192.0.2.1'],
    [1, 'not an address', '192.0.2.1'],
  ])('behind %d proxies with X-Forwarded-For %s is %s', (proxies, header, expected) => {
    const headers = header === undefined ? {} : { 'x-forwarded-for': header }
    const request = { headers, socket: { remoteAddress: '192.0.2.1' } } as unknown as IncomingMessage
    expect(addressOf(request, proxies)).toBe(expected)
  })
})
