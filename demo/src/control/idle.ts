/** Work that can wait until the page has nothing better to do. */

/** Work is done within this time even if the page is never idle. */
const PATIENCE_MS = 100
/** What is taken then, and where the browser does not tell how long it will be idle. */
const SLICE_MS = 12

/** Runs the task once, told how many milliseconds it has left at every moment. */
export function whenIdle(task: (timeLeftMs: () => number) => void): void {
  if (typeof requestIdleCallback !== 'function') {
    setTimeout(() => task(slice()))
    return
  }
  const run = (deadline: IdleDeadline) => task(deadline.didTimeout ? slice() : () => deadline.timeRemaining())
  requestIdleCallback(run, { timeout: PATIENCE_MS })
}

function slice(): () => number {
  const endMs = performance.now() + SLICE_MS
  return () => endMs - performance.now()
}
