import { expect, test } from 'vitest'
import { Presences } from '../../src/overlay/presences.js'
import { bytes } from '../operations.js'

test('[OV7] of one member the newest presence counts, in any order of arrival', () => {
  const presences = new Presences()
  expect(presences.receive({ replica: 'bert', n: 2, bytes: bytes(2) })).toBe(true)
  expect(presences.receive({ replica: 'bert', n: 1, bytes: bytes(1) })).toBe(false)
  expect(presences.receive({ replica: 'bert', n: 2, bytes: bytes(9) })).toBe(false)
  expect(presences.all.get('bert')?.bytes).toEqual(bytes(2))
})

test('[OV7] our own are numbered in the order in which they are published', () => {
  const presences = new Presences()
  expect(presences.publish('anna', bytes(1))).toEqual({ replica: 'anna', n: 1, bytes: bytes(1) })
  expect(presences.publish('anna', bytes(2)).n).toBe(2)
  expect(presences.all.size).toBe(1)
})

test('[OV7] one is gone when it is deleted', () => {
  const presences = new Presences()
  presences.publish('anna', bytes(1))
  expect(presences.delete('anna')).toBe(true)
  expect(presences.delete('anna')).toBe(false)
  expect(presences.all.size).toBe(0)
})
