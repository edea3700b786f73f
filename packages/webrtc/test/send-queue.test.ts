import type { Lane } from '@tidemark/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Reassembler } from '../src/link/chunking.js'
import { SendQueue, urgentBurstChunks } from '../src/link/send-queue.js'
import { testBytes } from './replica.js'

describe('the send queue', () => {
  it('is empty to begin with, and asking it for a chunk then is a mistake', () => {
    const queue = new SendQueue()
    expect(queue.nextLane).toBeNull()
    expect(() => queue.next()).toThrow('No chunk is queued')
  })

  it('lets an urgent message overtake a bulk one that is under way', () => {
    const queue = new SendQueue()
    queue.add(testBytes(100_000), 'bulk')
    queue.next()
    queue.add(testBytes(10), 'urgent')
    expect(queue.nextLane).toBe('urgent')
    queue.next()
    expect(queue.nextLane).toBe('bulk')
  })

  it('lets bulk through from time to time, however much is urgent', () => {
    const queue = new SendQueue()
    queue.add(testBytes(100_000), 'bulk')
    for (let i = 0; i < 100; i += 1) queue.add(testBytes(10), 'urgent')
    const lanes: (Lane | null)[] = []
    for (let i = 0; i < 3 * (urgentBurstChunks + 1); i += 1) {
      lanes.push(queue.nextLane)
      queue.next()
    }
    expect(lanes.filter((lane) => lane === 'bulk').length).toBe(3)
  })

  it('forgets everything when cleared', () => {
    const queue = new SendQueue()
    queue.add(testBytes(100_000), 'bulk')
    queue.next()
    queue.clear()
    expect([queue.nextLane, queue.queuedBytes]).toEqual([null, 0])
  })

  it('stays fast with very many small messages', () => {
    const queue = new SendQueue()
    const message = testBytes(4)
    for (let i = 0; i < 200_000; i += 1) queue.add(message, 'urgent')
    const startedMs = performance.now()
    while (queue.nextLane !== null) queue.next()
    expect(queue.queuedBytes).toBe(0)
    expect(performance.now() - startedMs).toBeLessThan(5000)
  })

  it('gives all messages to the other side in the order of each lane, whenever they are added', () => {
    const step = fc.oneof(
      fc.record({ length: fc.nat({ max: 70_000 }), lane: fc.constantFrom<Lane>('urgent', 'bulk') }),
      fc.constant('send' as const),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queue = new SendQueue()
        const reassembler = new Reassembler(100_000)
        const sent: Record<Lane, number[]> = { urgent: [], bulk: [] }
        const received: Record<Lane, number[]> = { urgent: [], bulk: [] }
        const sendOne = () => {
          const lane = queue.nextLane
          if (lane === null) return false
          const taken = reassembler.take(queue.next())
          if (taken.kind === 'message') received[lane].push(taken.bytes.byteLength)
          else expect(taken.kind).toBe('part')
          return true
        }
        for (const each of steps) {
          if (each === 'send') sendOne()
          else {
            queue.add(testBytes(each.length), each.lane)
            sent[each.lane].push(each.length)
          }
        }
        while (sendOne()) {}
        expect(received).toEqual(sent)
        expect(queue.queuedBytes).toBe(0)
      }),
      { numRuns: 100 },
    )
  })
})
