/** A page of somebody who goes away, in whatever way: it types tokens that occur once, each at a place of its own. */
import { indexedDBStorage, TidemarkProvider, type TidemarkStatus } from 'tidemark'
import * as Y from 'yjs'
import { connections } from './connections.js'

const doc = new Y.Doc()
const text = doc.getText('text')
const errors: string[] = []
const evicted: string[] = []
let provider: TidemarkProvider | undefined
let typing: ReturnType<typeof setInterval> | undefined

export interface Joining {
  readonly signaling: string
  readonly suspectAfterMs: number
  readonly forkAfterMs: number
  readonly isStored?: boolean
}

export async function join({
  signaling,
  suspectAfterMs,
  forkAfterMs,
  isStored = false,
}: Joining): Promise<void> {
  provider = new TidemarkProvider('room', doc, {
    signaling,
    suspectAfterMs,
    forkAfterMs,
    iceServers: [],
    undoHorizonMs: 0,
    ...(isStored && { storage: indexedDBStorage('absent-room') }),
  })
  provider.on('error', (error) => errors.push(error.message))
  provider.on('members', (event) => evicted.push(...event.evicted))
  await provider.whenLoaded
}

function joined(): TidemarkProvider {
  if (!provider) throw new Error('not joined yet')
  return provider
}

export function state(): {
  readonly synced: boolean
  readonly replicaId: string | undefined
  readonly members: string[]
  readonly snapshotPoint: number
  readonly epoch: number
  readonly logOperations: number
  readonly status: TidemarkStatus
  readonly evicted: string[]
  readonly errors: string[]
} {
  const { synced, replicaId, members, snapshotPoint, epoch, status } = joined()
  const { logOperations } = joined().stats()
  return { synced, replicaId, members, snapshotPoint, epoch, logOperations, status, evicted, errors }
}

export function content(): string {
  return text.toString()
}

export function append(token: string): void {
  text.insert(text.length, token)
}

/** Right behind what stands there once. */
export function insertBehind(anchor: string, token: string): void {
  const at = text.toString().indexOf(anchor)
  if (at < 0) throw new Error(`there is no ${anchor}`)
  text.insert(at + anchor.length, token)
}

export function erase(token: string): void {
  const at = text.toString().indexOf(token)
  if (at < 0) throw new Error(`there is no ${token}`)
  text.delete(at, token.length)
}

/** Types `<name>0;`, `<name>1;`, … at the end, until the page is gone or is told to stop. */
export function typeOn(name: string, everyMs: number): void {
  let number = 0
  typing = setInterval(() => append(`${name}${number++};`), everyMs)
}

/** Like `typeOn`; calls `acknowledge`, which the test provides, with each number once it is stored. */
export function typeStored(name: string, everyMs: number): void {
  let number = 0
  typing = setInterval(() => {
    const mine = number++
    append(`${name}${mine};`)
    void joined()
      .whenSaved()
      .then(() => acknowledge(mine))
  }, everyMs)
}

declare function acknowledge(number: number): void

export function stopTyping(): void {
  clearInterval(typing)
}

export async function compact(): Promise<number> {
  return (await joined().compact()).epoch
}

export async function saved(): Promise<void> {
  await joined().whenSaved()
}

/** Every network path is gone from one moment to the next. The test takes the signaling server away, too. */
export function cutOff(): void {
  for (const connection of connections.splice(0)) connection.close()
}
