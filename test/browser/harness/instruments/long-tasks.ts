/**
 * Collects the tasks that kept the page from responding. The platform reports those of 50 ms and more.
 */
export function watchLongTasks() {
  let longestMs = 0
  const take = (entries: readonly PerformanceEntry[]) => {
    for (const { duration } of entries) longestMs = Math.max(longestMs, duration)
  }
  const observer = new PerformanceObserver((list) => take(list.getEntries()))
  observer.observe({ type: 'longtask', buffered: true })

  /** Entries are queued when a rendering opportunity has passed after the task. */
  async function settle() {
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)))
    take(observer.takeRecords())
  }

  return {
    async longestMs(): Promise<number> {
      await settle()
      return longestMs
    },
    async reset(): Promise<void> {
      await settle()
      longestMs = 0
    },
  }
}
