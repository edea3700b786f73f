/** Five people at one document, over a network in memory and in virtual time: with Tidemark, and with plain Yjs. */
import { TidemarkProvider } from 'tidemark'
import { memoryNetwork, VirtualScheduler } from 'tidemark/testing'
import * as Y from 'yjs'

const LATENCY_MS = 20
const PATIENCE_MS = 60_000

export interface Office {
  readonly scheduler: VirtualScheduler
  readonly docs: readonly Y.Doc[]
  /** Somebody comes in and goes again. @returns the bytes that it was sent. */
  visit(): number
  /** How often the document was compacted. */
  readonly cuts: number
  destroy(): void
}

export function tidemarkOffice(people: number): Office {
  const scheduler = new VirtualScheduler()
  const network = memoryNetwork({ scheduler, latencyMs: LATENCY_MS, jitterMs: 10 })
  const errors: Error[] = []
  const enter = () => {
    const doc = new Y.Doc()
    const provider = new TidemarkProvider('room', doc, { transport: network.transport(), scheduler })
    provider.on('error', (error) => errors.push(error))
    for (const end = scheduler.now() + PATIENCE_MS; !provider.synced; scheduler.advance(10))
      if (scheduler.now() > end) throw new Error('somebody did not get in')
    return { doc, provider }
  }
  const members = Array.from({ length: people }, enter)
  return {
    scheduler,
    docs: members.map(({ doc }) => doc),
    get cuts() {
      return members[0]?.provider.epoch ?? 0
    },
    visit() {
      const { provider, doc } = enter()
      const { bytesReceived } = provider.stats()
      provider.destroy()
      doc.destroy()
      if (errors.length > 0) throw errors[0]
      return bytesReceived
    },
    destroy() {
      for (const { provider } of members) provider.destroy()
    },
  }
}

/** As its usual providers have it: every update to everybody, and nothing else. */
export function yjsOffice(people: number): Office {
  const scheduler = new VirtualScheduler()
  const docs = Array.from({ length: people }, () => new Y.Doc())
  const REMOTE = 'remote'
  for (const doc of docs) {
    doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin === REMOTE) return
      for (const other of docs) {
        if (other === doc) continue
        scheduler.at(scheduler.now() + LATENCY_MS, () => Y.applyUpdate(other, update, REMOTE))
      }
    })
  }
  return {
    scheduler,
    docs,
    cuts: 0,
    visit() {
      const [first] = docs
      if (first === undefined) throw new Error('nobody is there')
      const newcomer = new Y.Doc()
      const state = Y.encodeStateAsUpdate(first, Y.encodeStateVector(newcomer))
      Y.applyUpdate(newcomer, state)
      newcomer.destroy()
      return state.length
    },
    destroy() {},
  }
}
