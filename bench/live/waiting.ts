/** Waiting for what is observed from outside, at small steps. */

/** @returns how long it took; undefined if it did not happen in time. */
export async function tookMs(
  condition: () => Promise<boolean>,
  timeoutMs: number,
): Promise<number | undefined> {
  const start = performance.now()
  while (!(await condition())) {
    if (performance.now() - start > timeoutMs) return undefined
    await sleep(STEP_MS)
  }
  return performance.now() - start
}

const STEP_MS = 20

export async function until(
  what: string,
  condition: () => Promise<boolean>,
  timeoutMs = 60_000,
): Promise<void> {
  if ((await tookMs(condition, timeoutMs)) === undefined)
    throw new Error(`not within ${timeoutMs} ms: ${what}`)
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
