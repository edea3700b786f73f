import { expect, test } from 'vitest'
import { Links } from '../../src/overlay/links.js'

test('[OV2] a link is silent once nothing was heard for the whole time', () => {
  const links = new Links()
  links.add(1, 0)
  const other = links.add(2, 0)
  other.lastHeardAt = 1
  expect(links.silent(999, 1000)).toEqual([])
  expect(links.silent(1000, 1000).map(({ id }) => id)).toEqual([1])
})

test('[OV2] after a sleep of ours everybody has that time again', () => {
  const links = new Links()
  links.add(1, 0)
  links.excuse(60_000)
  expect(links.silent(60_999, 1000)).toEqual([])
  expect(links.silent(61_000, 1000)).toHaveLength(1)
})

test('a link leads to a member only once both ends are in the room', () => {
  const links = new Links()
  const link = links.add(1, 0)
  link.peer = 'bert'
  expect(links.to('bert')).toBeUndefined()
  link.inRoom = true
  expect(links.to('bert')).toBe(link)
  expect(links.inRoom).toEqual([link])
  expect(links.remove(1)).toBe(link)
  expect(links.to('bert')).toBeUndefined()
})
