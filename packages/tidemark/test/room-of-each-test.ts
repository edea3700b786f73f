import { afterEach, beforeEach, vi } from 'vitest'
import { Room } from './room.js'

/** Of the test that is running, in files that have called `roomOfEachTest`. */
export let room: Room

/** Each test of the file gets a room that ends with it. */
export function roomOfEachTest(): void {
  beforeEach(() => {
    room = new Room()
  })

  afterEach(() => {
    room.destroy()
    vi.unstubAllGlobals()
  })
}
