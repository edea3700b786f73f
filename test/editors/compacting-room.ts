/**
 * A room in one page, in virtual time, whose document is compacted whenever somebody says so.
 *
 * Everything is drawn from one generator, so that a failure can be repeated from its seed.
 */
import * as prng from 'lib0/prng'
import { TidemarkProvider } from 'tidemark'
import { type MemoryTransport, memoryNetwork, VirtualScheduler } from 'tidemark/testing'
import * as Y from 'yjs'

export interface Site {
  readonly doc: Y.Doc
  readonly provider: TidemarkProvider
  readonly transport: MemoryTransport
}

/** A round of messages is over long before. */
const MOMENT_MS = 500
const PATIENCE_MS = 120_000

export class CompactingRoom {
  readonly scheduler = new VirtualScheduler()
  readonly sites: readonly Site[]
  readonly generator: prng.PRNG
  readonly errors: string[] = []
  private readonly network

  /** @param count how many meet in it. */
  constructor(generator: prng.PRNG, count: number) {
    this.generator = generator
    const { scheduler } = this
    const seed = prng.uint32(generator, 0, 2 ** 31)
    this.network = memoryNetwork({ scheduler, latencyMs: 10, jitterMs: 20, seed })
    this.sites = Array.from({ length: count }, () => this.open())
    this.advance(1000)
    this.settle()
  }

  private open(): Site {
    const doc = new Y.Doc()
    const transport = this.network.transport()
    const { scheduler } = this
    const provider = new TidemarkProvider('room', doc, { transport, scheduler, compaction: 'full' })
    provider.on('error', (error) => this.errors.push(error.message))
    return { doc, provider, transport }
  }

  advance(ms: number): void {
    this.scheduler.advance(ms)
  }

  /** Somebody asks for a cut of everything so far; it comes about while others go on editing. */
  requestCut(): void {
    const connected = this.sites.filter(({ provider }) => provider.synced)
    if (connected.length === 0) return
    const { provider } = prng.oneOf(this.generator, connected)
    // Whoever leaves before it comes about rejects; the room will cut another time.
    provider.compact().catch(() => {})
  }

  /** Waits for a cut of everything, here and everywhere. */
  cut(): void {
    const before = this.lowestEpoch()
    this.requestCut()
    this.waitFor('everybody to have cut', () => this.lowestEpoch() > before)
    this.settle()
  }

  /** Who is away has an epoch of 0. */
  highestEpoch(): number {
    return Math.max(...this.sites.map(({ provider }) => provider.epoch))
  }

  lowestEpoch(): number {
    return Math.min(...this.sites.map(({ provider }) => provider.epoch))
  }

  /** Everybody is here and has everything. */
  settle(): void {
    // What was typed just now is only on its way to the provider.
    this.advance(MOMENT_MS)
    this.waitFor('the room to settle', () => this.sites.every(({ provider }) => this.isSettled(provider)))
  }

  private isSettled(provider: TidemarkProvider): boolean {
    const { synced, members, blockedBy, snapshotPoint, epoch } = provider
    const { logOperations, waiting } = provider.stats()
    const isEven = logOperations === 0 && waiting === 0 && blockedBy.length === 0
    const first = this.sites[0]?.provider
    const agrees = snapshotPoint === first?.snapshotPoint && epoch === first.epoch
    return synced && members.length === this.sites.length && isEven && agrees
  }

  waitFor(what: string, condition: () => boolean): void {
    const end = this.scheduler.now() + PATIENCE_MS
    while (!condition()) {
      if (this.scheduler.now() > end) throw new Error(`waited for ${what} in vain: ${this.describe()}`)
      this.advance(MOMENT_MS)
    }
  }

  private describe(): string {
    const states = this.sites.map(({ provider }) => {
      const { synced, blockedBy } = provider
      return { synced, blockedBy, ...provider.stats() }
    })
    return JSON.stringify({ states, errors: this.errors })
  }

  close(): void {
    for (const { provider, doc } of this.sites) {
      provider.destroy()
      doc.destroy()
    }
  }
}
