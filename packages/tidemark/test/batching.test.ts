/** When changes leave: the first at once, though never within the call that makes it; what follows shortly after together. */
import { readFile } from 'node:fs'
import { expect, test } from 'vitest'
import { Batching } from '../src/batching.js'
import { realScheduler } from '../src/real-scheduler.js'
import { VirtualScheduler } from '../src/testing/virtual-scheduler.js'

const WINDOW_MS = 16

function batching(hasSoon: boolean) {
  const scheduler = new VirtualScheduler()
  const asked: (() => void)[] = []
  const sent: number[] = []
  const soon = (task: () => void) => {
    asked.push(task)
    return () => {}
  }
  const used = {
    now: () => scheduler.now(),
    at: (time: number, task: () => void) => scheduler.at(time, task),
    ...(hasSoon && { soon }),
  }
  return { changes: new Batching(used, WINDOW_MS, () => sent.push(scheduler.now())), scheduler, asked, sent }
}

test('the first change does not wait for timers, where there is something faster', () => {
  const { changes, scheduler, asked, sent } = batching(true)
  changes.request()
  changes.request()
  expect(asked).toHaveLength(1)
  scheduler.advance(1000)
  expect(sent).toEqual([])
  asked[0]?.()
  expect(sent).toEqual([1000])
})

test.each([true, false])('what follows within the window goes together at its end (%s)', (hasSoon) => {
  const { changes, scheduler, asked, sent } = batching(hasSoon)
  changes.request()
  expect(sent).toEqual([])
  if (hasSoon) asked[0]?.()
  else while (sent.length === 0) scheduler.step()
  expect(sent).toEqual([0])
  changes.request()
  changes.request()
  while (scheduler.nextTime !== undefined) scheduler.step()
  expect(sent).toEqual([0, WINDOW_MS])
  expect(asked).toHaveLength(hasSoon ? 1 : 0)
})

test('a task that is to run soon runs after the call that asks for it, before a timer that was set before, and not if it is cancelled', async () => {
  const order: string[] = []
  await new Promise<void>((resolve) => {
    // Where Node comes back from reading, it looks at such tasks before it looks at timers.
    readFile(new URL(import.meta.url), () => {
      setTimeout(() => {
        order.push('timer')
        resolve()
      })
      realScheduler.soon?.(() => order.push('soon'))
      realScheduler.soon?.(() => order.push('cancelled'))()
      order.push('call')
    })
  })
  expect(order).toEqual(['call', 'soon', 'timer'])
})
