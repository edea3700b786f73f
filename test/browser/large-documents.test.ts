/**
 * Documents far beyond what one data channel message can hold reach a newcomer whole, and neither page freezes.
 */
import { afterEach, beforeEach, describe, expect } from 'vitest'
import { browserTest as test } from './harness/index.js'
import { openPages, openRoom, type RunningSignaling, startSignaling, until } from './room-lab.js'

let signaling: RunningSignaling

beforeEach(async () => {
  signaling = await startSignaling()
})

afterEach(() => signaling.stop())

interface Size {
  readonly name: string
  readonly characters: number
  readonly pieceLength: number
  /**
   * Longest main-thread task allowed in either page; undefined: measured only. By the clock on the wall, in which others
   * have their share: far more than it is (up to 85 ms), and far less than what anybody would call frozen.
   */
  readonly longestTaskMs?: number
}

const SIZES: readonly Size[] = [
  { name: '300 kB', characters: 300_000, pieceLength: 30, longestTaskMs: 250 },
  { name: '5 MB', characters: 5_000_000, pieceLength: 100, longestTaskMs: 250 },
  { name: '50 MB', characters: 50_000_000, pieceLength: 1000 },
]

describe.each(SIZES)('a document of $name', ({ name, characters, pieceLength, longestTaskMs }) => {
  test('reaches a newcomer whole', { timeout: 240_000 }, async ({ lab }) => {
    const [owner] = await openRoom(lab, 1, signaling.url)
    const [newcomer] = await openPages(lab, 1)
    if (!owner || !newcomer) throw new Error('two pages were asked for')
    await owner.call('fill', characters, pieceLength)
    await until('the owner is alone with it', async () => (await owner.call('state')).logOperations === 0)
    const expected = await owner.call('fingerprint')
    await Promise.all([owner.resetLongestTask(), newcomer.resetLongestTask()])

    const start = Date.now()
    await newcomer.call('join', { signaling: signaling.url })
    await until('the newcomer is synced', async () => (await newcomer.call('state')).synced, {
      timeoutMs: 180_000,
      describe: () => newcomer.call('progressSeen').then((seen) => seen.at(-1)),
    })
    const tookMs = Date.now() - start
    const longest = [await owner.longestTaskMs(), await newcomer.longestTaskMs()]
    console.warn(
      `${name}: joined in ${tookMs} ms; longest task: owner ${longest[0]} ms, newcomer ${longest[1]} ms`,
    )

    expect(await newcomer.call('fingerprint')).toBe(expected)
    const progress = await newcomer.call('progressSeen')
    expect(progress.at(-1)).toBe(1)
    expect(progress.length).toBeGreaterThan(5)
    expect(progress).toEqual([...progress].sort((a, b) => a - b))
    expect(await newcomer.call('takeErrors')).toEqual([])
    if (longestTaskMs !== undefined) expect(Math.max(...longest)).toBeLessThanOrEqual(longestTaskMs)

    // Both go on working: an edit of each arrives at the other.
    await owner.call('insert', 0, 'o')
    await newcomer.call('insert', 0, 'n')
    await until('both edits are everywhere', async () => {
      const lengths = await Promise.all(
        [owner, newcomer].map(async (page) => (await page.call('state')).length),
      )
      return lengths[0] === lengths[1] && (lengths[0] ?? 0) >= characters + 2
    })
  })
})
