/**
 * What a page's program holds in memory: everything that can still be reached in the JavaScript heap, but for compiled
 * code. Of that there is the more the more of a program has run, whatever it keeps.
 */
import type { Page } from 'playwright-core'

interface HeapSnapshot {
  readonly snapshot: {
    readonly meta: {
      readonly node_fields: readonly string[]
      readonly node_types: readonly [readonly string[]]
    }
  }
  /** All nodes one after the other, each with the same fields. */
  readonly nodes: readonly number[]
}

/** Code, what belongs to it, and what the browser holds outside of the JavaScript heap. */
const LEFT_OUT = ['code', 'object shape', 'hidden', 'native', 'synthetic']

/** Taking it collects garbage first. */
export async function heapDataBytes(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page)
  const chunks: string[] = []
  session.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => chunks.push(chunk))
  await session.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false })
  await session.detach()
  const { snapshot, nodes } = JSON.parse(chunks.join('')) as HeapSnapshot
  const { node_fields, node_types } = snapshot.meta
  const [typeAt, sizeAt] = [node_fields.indexOf('type'), node_fields.indexOf('self_size')]
  let bytes = 0
  for (let at = 0; at < nodes.length; at += node_fields.length) {
    const type = node_types[0][nodes[at + typeAt] ?? -1] ?? ''
    if (!LEFT_OUT.includes(type)) bytes += nodes[at + sizeAt] ?? 0
  }
  return bytes
}
