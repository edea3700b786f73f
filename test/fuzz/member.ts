/**
 * A member of the room under attack: a provider with its document, and what can be seen of it from outside and inside.
 */
import type { Replica, ReplicaId, Session } from '@tidemark/core'
import { type CompactionMode, TidemarkProvider } from 'tidemark'
import type { MemoryNetwork, MemoryTransport, VirtualScheduler } from 'tidemark/testing'
import * as Y from 'yjs'
import { TappedTransport } from './tapped-transport.js'

/** What `error` events may say because of what came in from outside; anything else is a fault of ours. */
const EXPECTED_ERROR =
  /^tidemark: (refused something from|ignored the presence of) |All members of a room use 'full', or none|All members of a room are given \{ identities: true \}, or none/

/** Who says that its own compacted document is another one than the room's is told of, as it should be (rule CU5). */
const OTHER_BASE = /^tidemark: the compacted document of (\S+) is not the room's/

/** What a member holds that others can have an influence on. */
export interface Standing {
  readonly id: ReplicaId | undefined
  readonly status: string
  readonly applied: ReadonlyMap<ReplicaId, number>
  readonly reports: ReadonlyMap<ReplicaId, number>
  readonly presences: ReadonlyMap<ReplicaId, number>
  readonly members: readonly ReplicaId[]
  readonly epoch: number
  readonly waiting: number
  /** That are not executed yet. */
  readonly cuts: number
  readonly content: string
}

export class Member {
  readonly doc = new Y.Doc()
  readonly provider: TidemarkProvider
  readonly memory: MemoryTransport
  readonly transport: TappedTransport
  readonly errors: Error[] = []
  /** Whose word on itself may be a lie. */
  isHostile: (id: ReplicaId) => boolean = () => false
  /** Of the document: grows with every change. */
  version = 0
  private shown: { readonly version: number; readonly content: string } | undefined

  constructor(
    name: number,
    network: MemoryNetwork,
    scheduler: VirtualScheduler,
    compaction: CompactionMode,
    content = '',
  ) {
    this.doc.clientID = name
    if (content !== '') this.doc.getText('text').insert(0, content)
    this.memory = network.transport()
    this.transport = new TappedTransport(this.memory)
    this.provider = new TidemarkProvider('room', this.doc, {
      transport: this.transport,
      scheduler,
      compaction,
    })
    this.doc.on('afterTransaction', () => this.version++)
    this.provider.on('error', (error) => {
      const [, liar] = OTHER_BASE.exec(error.message) ?? []
      if (liar === undefined || !this.isHostile(liar)) this.errors.push(error)
    })
  }

  get text(): Y.Text {
    return this.doc.getText('text')
  }

  get map(): Y.Map<unknown> {
    return this.doc.getMap('map')
  }

  get list(): Y.Array<unknown> {
    return this.doc.getArray('list')
  }

  get id(): ReplicaId {
    return this.provider.replicaId ?? ''
  }

  /** What the user sees. */
  get content(): string {
    if (this.shown?.version !== this.version) this.shown = { version: this.version, content: this.show() }
    return this.shown.content
  }

  private show(): string {
    const entries = Object.entries(this.map.toJSON()).sort(([a], [b]) => (a < b ? -1 : 1))
    return written([runsOf(this.text.toDelta()), entries, this.list])
  }

  get replica(): Replica | undefined {
    return (this.provider as unknown as { session: Session }).session.replica
  }

  get standing(): Standing {
    const { replica } = this
    const room = replica?.room
    const numbered = (items: Iterable<[ReplicaId, { n: number }]> = []) =>
      new Map([...items].map(([id, { n }]) => [id, n]))
    return {
      id: replica?.id,
      status: replica?.status ?? 'none',
      applied: new Map(room?.history.applied),
      reports: numbered(room?.stability.reports),
      presences: numbered(room?.presences.all),
      members: replica?.members ?? [],
      epoch: room?.history.epoch ?? 0,
      waiting: room?.history.waiting.size ?? 0,
      cuts: room?.history.nextCut === undefined ? 0 : 1,
      content: this.content,
    }
  }

  /** Errors that no input from outside may lead to. */
  get faults(): Error[] {
    return this.errors.filter(({ message }) => !EXPECTED_ERROR.test(message))
  }
}

/** Yjs may tell one run as two where a mark without effect lies between them. */
function runsOf(delta: readonly { insert: unknown; attributes?: object }[]): unknown[] {
  const runs: { insert: unknown; attributes: string }[] = []
  for (const { insert, attributes: of = {} } of delta) {
    const attributes = written(of)
    const last = runs.at(-1)
    if (typeof last?.insert === 'string' && typeof insert === 'string' && last.attributes === attributes)
      last.insert += insert
    else runs.push({ insert, attributes })
  }
  return runs
}

export function isSameStanding(a: Standing, b: Standing): boolean {
  return differences(a, b).length === 0
}

/** What has changed between two standings, in words. */
export function differences(a: Standing, b: Standing): string[] {
  const changed: string[] = []
  for (const key of ['id', 'status', 'epoch', 'waiting', 'content'] as const)
    if (a[key] !== b[key]) changed.push(`${key}: ${a[key]} → ${b[key]}`)
  if (a.members.join() !== b.members.join()) changed.push(`members: ${a.members} → ${b.members}`)
  for (const key of ['applied', 'reports', 'presences'] as const)
    for (const id of new Set([...a[key].keys(), ...b[key].keys()]))
      if (a[key].get(id) !== b[key].get(id))
        changed.push(`${key} of ${id}: ${a[key].get(id)} → ${b[key].get(id)}`)
  return changed
}

/** Yjs can hold what JSON can not. */
function written(value: unknown): string {
  return JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `${part}n` : part))
}
