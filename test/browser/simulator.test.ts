/**
 * The simulator in a browser: a seed names the same schedule there as in Node, and its diagrams work.
 */
import { describe, expect } from 'vitest'
import { diagramOf } from '../simulator/diagram/page.js'
import { runSchedule } from '../simulator/world/world.js'
import { browserTest as test } from './harness/index.js'

/** With and without Yjs, compaction, struggles, hardships. */
const SEEDS = [1, 2, 5, 12, 20, 25, 42, 67, 68, 71, 84]

describe('the simulator', { timeout: 180_000 }, () => {
  test('does the same in Chromium as in Node', async ({ lab }) => {
    const page = await lab.openOne<typeof import('./pages/simulated.js')>(
      new URL('./pages/simulated.ts', import.meta.url),
    )
    for (const seed of SEEDS) {
      const { hash, steps, violation } = runSchedule(seed)
      expect(await page.call('trace', seed), `seed ${seed}`).toEqual({
        hash,
        steps,
        violation: violation?.message,
      })
    }
  })
})

describe('a diagram', () => {
  test('tells what is pointed at, and hides what is not wanted', async ({ lab }) => {
    const { browser } = await lab.launch()
    const page = await browser.newPage({ viewport: { width: 1200, height: 900 } })
    const errors: string[] = []
    page.on('pageerror', ({ message }) => errors.push(message))
    page.on('request', (request) => errors.push(`asks for ${request.url()}`))
    await page.setContent(diagramOf(runSchedule(12, { isTold: true }), 'Seed 12'))

    const tip = page.locator('#tip')
    expect(await tip.isVisible()).toBe(false)
    await page.locator('[data-lane="1"] .sign.k-cut').first().hover()
    expect(await tip.textContent()).toMatch(/^d\d\n\d+\.\d+ s {2}makes .* cut/)

    const lines = page.locator('.plot .flow.k-apply')
    expect(await lines.first().isVisible()).toBe(true)
    await page.getByRole('button', { name: 'applications' }).click()
    expect(await lines.first().isVisible()).toBe(false)

    const height = async () => Number(await page.locator('#plot').getAttribute('height'))
    const before = await height()
    await page.locator('.names button', { hasText: 'd2' }).click()
    expect(await height()).toBeLessThan(before)
    expect(await page.locator('[data-lane="1"].front').isVisible()).toBe(false)
    await page.getByRole('button', { name: '+ d2' }).click()
    expect(await height()).toBe(before)

    const end = async () => Number(await page.locator('.peace').getAttribute('x1'))
    const x = await end()
    await page.locator('#closer').click()
    expect(await end()).toBeCloseTo(1.6 * x, -1)
    expect(errors).toEqual([])
  })
})
