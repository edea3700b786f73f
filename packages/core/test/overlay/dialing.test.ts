import { describe, expect, test } from 'vitest'
import { Dialing } from '../../src/overlay/dialing.js'

const nobody = () => false
const NAMES = Array.from({ length: 30 }, (_, i) => `member-${i}`)

describe('dialing', () => {
  test('[OV3] in a small room is for everybody; of two the smaller id goes first', () => {
    const dialing = new Dialing('mona', 8)
    expect(dialing.plan(['anna', 'zoey'], nobody, 0).dial).toEqual(['zoey'])
    expect(dialing.nextDeadline).toBe(4000)
    expect(dialing.plan(['anna', 'zoey'], nobody, 3999).dial).toEqual([])
    expect(dialing.plan(['anna', 'zoey'], nobody, 4000).dial).toEqual(['anna'])
  })

  test('[OV3] is not for those that are linked, and has no deadline then', () => {
    const dialing = new Dialing('anna', 8)
    expect(dialing.plan(['bert'], () => true, 0).dial).toEqual([])
    expect(dialing.nextDeadline).toBe(Number.POSITIVE_INFINITY)
  })

  test('[OV3] is repeated when nothing came of it', () => {
    const dialing = new Dialing('anna', 8)
    dialing.plan(['bert'], nobody, 0)
    expect(dialing.plan(['bert'], nobody, 10_000).dial).toEqual([])
    expect(dialing.plan(['bert'], nobody, 20_000).dial).toEqual(['bert'])
  })

  test('[OV3] is repeated more and more rarely after failures, every half minute at least', () => {
    const dialing = new Dialing('anna', 8)
    const pauses: number[] = []
    for (let now = 0; pauses.length < 8; ) {
      dialing.plan(['bert'], nobody, now)
      dialing.failed('bert', now)
      dialing.plan(['bert'], nobody, now)
      pauses.push(dialing.nextDeadline - now)
      now = dialing.nextDeadline
    }
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
  })

  test('[OV3] passes over who can not be reached, and another takes its place', () => {
    const dialing = new Dialing('anna', 4)
    const { chosen } = dialing.plan(NAMES, nobody, 0)
    const [lost = ''] = chosen
    dialing.failed(lost, 0)
    dialing.failed(lost, 1000)
    expect(dialing.isFailing).toBe(true)
    const later = dialing.plan(NAMES, nobody, 1001).chosen
    expect(later.has(lost)).toBe(false)
    expect(later.size).toBe(chosen.size)
    const again = dialing.plan(NAMES, nobody, 3000)
    expect(again.dial).toContain(lost)
  })

  test('[OV3] does not miss whom it has dialed in vain and needs no more', () => {
    const dialing = new Dialing('anna', 4)
    const before = dialing.plan(NAMES, nobody, 0).chosen
    const [lost = ''] = before
    for (const now of [0, 1000]) dialing.failed(lost, now)
    const [instead = ''] = [...dialing.plan(NAMES, nobody, 1001).chosen].filter(
      (member) => !before.has(member),
    )
    for (const now of [1001, 2001]) dialing.failed(instead, now)
    dialing.linked(lost)
    expect(dialing.isFailing).toBe(true)
    expect(dialing.plan(NAMES, (member) => member === lost, 100_000).chosen).toEqual(before)
    expect(dialing.isFailing).toBe(false)
  })

  test('[OV3] starts afresh with who was linked, or came back as a member', () => {
    const dialing = new Dialing('anna', 8)
    dialing.plan(['bert'], nobody, 0)
    for (const now of [0, 1000]) dialing.failed('bert', now)
    expect(dialing.linked('bert')).toBe(true)
    expect(dialing.isFailing).toBe(false)
    expect(dialing.linked('bert')).toBe(false)
    dialing.failed('bert', 2000)
    dialing.plan([], nobody, 2001)
    expect(dialing.plan(['bert'], nobody, 2002).dial).toEqual(['bert'])
  })

  test('[OV3] is encouraged by a new link: what failed is tried again soon', () => {
    const dialing = new Dialing('anna', 8)
    for (const now of [0, 1000, 3000, 7000]) dialing.failed('bert', now)
    dialing.encourage(7100)
    expect(dialing.plan(['bert'], nobody, 8099).dial).toEqual([])
    expect(dialing.plan(['bert'], nobody, 8100).dial).toEqual(['bert'])
  })
})
