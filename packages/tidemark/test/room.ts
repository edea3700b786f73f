/** One room over a network in memory, in virtual time. */
import * as prng from 'lib0/prng'
import { type CompactionMode, type TidemarkOptions, TidemarkProvider } from 'tidemark'
import { type MemoryNetwork, type MemoryTransport, memoryNetwork, VirtualScheduler } from 'tidemark/testing'
import { vi } from 'vitest'
import * as Y from 'yjs'
import { Mirror } from './mirror.js'

export interface Site {
  readonly doc: Y.Doc
  readonly text: Y.Text
  readonly provider: TidemarkProvider
  readonly transport: MemoryTransport
  readonly mirror: Mirror
  readonly errors: Error[]
  /** Epochs, in the order in which this site was told of them. */
  readonly epochs: number[]
}

export class Room {
  readonly scheduler = new VirtualScheduler()
  readonly network: MemoryNetwork
  private readonly providers: TidemarkProvider[] = []

  private readonly random: prng.PRNG

  /** The same seed and the same calls give the same run: no other chance has a part in it. */
  constructor(seed = 7) {
    this.random = prng.create(seed)
    vi.spyOn(Math, 'random').mockImplementation(() => prng.real53(this.random))
    vi.spyOn(crypto, 'getRandomValues').mockImplementation((array) => {
      const bytes = array as unknown as Uint8Array
      for (let i = 0; i < bytes.length; i++) bytes[i] = prng.int31(this.random, 0, 255)
      return array
    })
    this.network = memoryNetwork({ scheduler: this.scheduler, latencyMs: 10, jitterMs: 5, seed })
  }

  open(options: TidemarkOptions & { content?: string; compaction?: CompactionMode } = {}): Site {
    const doc = this.document()
    const text = doc.getText('t')
    const mirror = new Mirror(doc)
    if (options.content) text.insert(0, options.content)
    const transport = this.network.transport()
    const { provider, errors, epochs } = this.provide(doc, { transport, ...options })
    return { doc, text, provider, transport, mirror, errors, epochs }
  }

  document(): Y.Doc {
    const doc = new Y.Doc()
    doc.clientID = prng.int53(this.random, 1, 2 ** 32 - 1)
    return doc
  }

  /** Another provider for a document. */
  provide(doc: Y.Doc, options: TidemarkOptions = {}): Pick<Site, 'provider' | 'errors' | 'epochs'> {
    const { scheduler } = this
    const transport = options.transport ?? this.network.transport()
    const provider = new TidemarkProvider('room', doc, { scheduler, ...options, transport })
    const errors: Error[] = []
    const epochs: number[] = []
    provider.on('error', (error) => errors.push(error))
    provider.on('compacted', ({ epoch }) => epochs.push(epoch))
    this.providers.push(provider)
    return { provider, errors, epochs }
  }

  settle(ms = 5000): void {
    this.scheduler.advance(ms)
  }

  /** Lets time pass until it is so. */
  until(isSo: () => boolean, patienceMs = 60_000): void {
    const end = this.scheduler.now() + patienceMs
    while (!isSo()) {
      if (this.scheduler.now() > end) throw new Error(`waited in vain for ${isSo}`)
      this.scheduler.advance(1)
    }
  }

  /** Asks for a cut, and has everybody execute it. */
  cut(site: Site): void {
    const epoch = site.provider.epoch
    site.provider.compact().catch(() => {})
    this.until(() => site.provider.epoch > epoch)
    this.settle()
  }

  destroy(): void {
    for (const provider of this.providers) provider.destroy()
    vi.restoreAllMocks()
  }
}
