/**
 * Replicas over a network in memory and in virtual time, whose history is cut by policy.
 */
import type { Transport } from '@tidemark/core'
import { type TidemarkOptions, TidemarkProvider } from 'tidemark'
import { memoryNetwork, VirtualScheduler } from 'tidemark/testing'
import * as Y from 'yjs'

export interface Replica {
  readonly doc: Y.Doc
  readonly text: Y.Text
  readonly provider: TidemarkProvider
}

const MOMENT_MS = 100
/** Histories are replayed much faster than they were typed, so what can be undone is forgotten sooner, too. */
const UNDO_HORIZON_MS = 2000
/** An idle room is cut some time after the horizon; this is more than it takes. */
const IDLE_MS = 120_000

/** How much history there may be before a room in which somebody edits is cut. */
const COMPACTION_MIN_BYTES = 65_536

export class Replicas {
  readonly scheduler = new VirtualScheduler()
  readonly all: Replica[] = []
  readonly errors: string[] = []
  private readonly network = memoryNetwork({
    scheduler: this.scheduler,
    latencyMs: 20,
    jitterMs: 10,
    seed: 1,
  })

  open(compactionMinBytes = COMPACTION_MIN_BYTES): Replica {
    const replica = this.enter({ compactionMinBytes })
    this.waitFor('a replica to come in', () => replica.provider.synced)
    return replica
  }

  /** Begins to come in. What is stored is read in real time, so whoever brings a storage waits by itself. */
  enter(options: TidemarkOptions = {}): Replica {
    const { scheduler } = this
    const doc = new Y.Doc()
    const transport = this.network.transport()
    const provider = new TidemarkProvider('room', doc, {
      transport,
      scheduler,
      compaction: 'full',
      undoHorizonMs: UNDO_HORIZON_MS,
      compactionMinBytes: COMPACTION_MIN_BYTES,
      ...options,
    })
    provider.on('error', (error) => this.errors.push(error.message))
    const replica = { doc, text: doc.getText('text'), provider }
    this.all.push(replica)
    return replica
  }

  /** Of the same network, for whoever comes in by itself. */
  transport(): Transport {
    return this.network.transport()
  }

  /** Leaves politely. */
  close(replica: Replica): void {
    this.all.splice(this.all.indexOf(replica), 1)
    replica.provider.destroy()
    replica.doc.destroy()
  }

  advance(ms: number): void {
    this.scheduler.advance(ms)
  }

  /** Until everybody has everything and nobody waits for anything. */
  settle(): void {
    // What was typed just now is only on its way to the provider.
    this.advance(MOMENT_MS)
    this.waitFor('the room to settle', () => {
      const points = this.all.map(({ provider }) => provider.snapshotPoint)
      return this.all.every(({ provider }) => {
        const { logOperations, waiting, members } = provider.stats()
        const isEven = logOperations === 0 && waiting === 0 && provider.blockedBy.length === 0
        return (
          provider.synced && isEven && members === this.all.length && points.every((p) => p === points[0])
        )
      })
    })
  }

  /** Nobody types for so long that the room is cut as far as it goes. */
  rest(): void {
    this.settle()
    this.advance(IDLE_MS)
    this.settle()
  }

  waitFor(what: string, condition: () => boolean): void {
    for (let waitedMs = 0; !condition(); waitedMs += MOMENT_MS) {
      if (waitedMs > IDLE_MS) throw new Error(`waited for ${what} in vain: ${this.describe()}`)
      this.advance(MOMENT_MS)
    }
  }

  private describe(): string {
    const states = this.all.map(({ provider }) => ({
      synced: provider.synced,
      blockedBy: provider.blockedBy,
      ...provider.stats(),
    }))
    return JSON.stringify({ states, errors: this.errors })
  }

  destroy(): void {
    for (const replica of [...this.all]) this.close(replica)
  }
}

/** Bytes of a document that never had another content than this. */
export function freshBytes(content: string): number {
  const doc = new Y.Doc()
  doc.getText('text').insert(0, content)
  return stateBytes(doc)
}

export function stateBytes(doc: Y.Doc): number {
  return Y.encodeStateAsUpdate(doc).length
}
