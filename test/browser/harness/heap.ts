/**
 * What a page's program holds in memory: everything that can still be reached in the JavaScript heap, and what belongs
 * to it elsewhere (bytes of arrays, and long strings once the browser has taken a look at them), but for the program
 * itself: of compiled code there is the more the more of it has run, whatever it keeps.
 */
import type { Page } from 'playwright-core'

interface HeapSnapshot {
  readonly snapshot: {
    readonly meta: {
      readonly node_fields: readonly string[]
      readonly node_types: readonly [readonly string[]]
      readonly edge_fields: readonly string[]
    }
  }
  /** All nodes one after the other, each with the same fields. */
  readonly nodes: readonly number[]
  /** Those of the first node, those of the second, and so on, each with the same fields. */
  readonly edges: readonly number[]
  readonly strings: readonly string[]
}

/** Code, what belongs to it, and what the browser holds for itself. */
const LEFT_OUT = ['code', 'object shape', 'hidden', 'native', 'synthetic']
/** Parts of arrays and strings that lie outside of the JavaScript heap. */
const CONTENTS = ['system / JSArrayBufferData', 'system / ExternalStringData']

/** Taking it collects garbage first. */
export async function heapDataBytes(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page)
  const chunks: string[] = []
  session.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => chunks.push(chunk))
  await session.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false })
  await session.detach()
  const heap = new Heap(JSON.parse(chunks.join('')))
  const sources = heap.sourcesOfScripts()
  let bytes = 0
  for (let node = 0; node < heap.count; node++) {
    const isContent = CONTENTS.includes(heap.name(node)) && !sources.has(node)
    if (isContent || !LEFT_OUT.includes(heap.type(node))) bytes += heap.bytes(node)
  }
  return bytes
}

class Heap {
  readonly count: number
  readonly #heap: HeapSnapshot
  readonly #fields: readonly string[]

  constructor(heap: HeapSnapshot) {
    this.#heap = heap
    this.#fields = heap.snapshot.meta.node_fields
    this.count = heap.nodes.length / this.#fields.length
  }

  type(node: number): string {
    return this.#heap.snapshot.meta.node_types[0][this.#field(node, 'type')] ?? ''
  }

  name(node: number): string {
    return this.#heap.strings[this.#field(node, 'name')] ?? ''
  }

  bytes(node: number): number {
    return this.#field(node, 'self_size')
  }

  /** Where the text of the program lies. */
  sourcesOfScripts(): Set<number> {
    const targets = this.#targets()
    const scripts = targets.flatMap((own, node) => (this.name(node).startsWith('system / Script') ? own : []))
    return new Set(scripts.flatMap((source) => targets[source] ?? []))
  }

  /** What each node points at. */
  #targets(): number[][] {
    const { edges, snapshot } = this.#heap
    const { length } = snapshot.meta.edge_fields
    const toAt = snapshot.meta.edge_fields.indexOf('to_node')
    let next = 0
    return Array.from({ length: this.count }, (_, node) =>
      Array.from(
        { length: this.#field(node, 'edge_count') },
        () => (edges[length * next++ + toAt] ?? 0) / this.#fields.length,
      ),
    )
  }

  #field(node: number, field: string): number {
    return this.#heap.nodes[node * this.#fields.length + this.#fields.indexOf(field)] ?? 0
  }
}
