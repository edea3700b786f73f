/** What this process uses. Processor time leaves out what others on the machine do, and waiting. */

const MICROSECONDS_PER_MS = 1000

/** Of all threads of the process: compiling and collecting garbage beside the work are part of its price. */
export function processorMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / MICROSECONDS_PER_MS
}

/** What is reachable, on the heap and beside it. */
export function heapBytes(): number {
  if (globalThis.gc === undefined) throw new Error('run Node with --expose-gc')
  // What finalizers let go of is collected the second time.
  globalThis.gc()
  globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** All pages that the process has in memory: that of WebAssembly is there, too. */
export function residentBytes(): number {
  globalThis.gc?.()
  return process.memoryUsage.rss()
}
