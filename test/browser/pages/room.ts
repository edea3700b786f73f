/**
 * A page in a room: what the browser tests call. The document has one text, `text`.
 */
import { TidemarkProvider } from 'tidemark'
import * as Y from 'yjs'
import type { CharacterName, NamedEdit } from '../../traces/concurrent-trace.js'
import { connections } from './connections.js'

const doc = new Y.Doc()
const text = doc.getText('text')
const errors: string[] = []
const progress: number[] = []
let provider: TidemarkProvider | undefined
let unplayed: NamedEdit[] = []

interface JoinOptions {
  readonly signaling: string
  readonly room?: string
  readonly password?: string | undefined
  /** The document's client id, where a test has to know it. */
  readonly clientId?: number
}

export async function compact(): Promise<number> {
  return (await joined().compact()).epoch
}

export function join({ signaling, room = 'room', password, clientId }: JoinOptions): void {
  if (clientId !== undefined) doc.clientID = clientId
  const options = { signaling, iceServers: [], ...(password !== undefined && { password }) }
  provider = new TidemarkProvider(room, doc, options)
  provider.on('error', (error) => errors.push(error.message))
  provider.on('progress', ({ share }) => progress.push(share))
}

function joined(): TidemarkProvider {
  if (!provider) throw new Error('not joined yet')
  return provider
}

export function state() {
  const { synced, connected, peers, blockedBy, replicaId } = joined()
  return { synced, connected, peers, blockedBy, replicaId, ...joined().stats(), length: text.length }
}

export function content(): string {
  return text.toString()
}

/** A number that differs, most likely, where contents differ; cheap to compare for large ones. */
export async function fingerprint(): Promise<string> {
  const bytes = new TextEncoder().encode(text.toString())
  const digest = await crypto.subtle.digest('SHA-256', bytes)
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export function takeErrors(): string[] {
  return errors.splice(0)
}

export function progressSeen(): number[] {
  return progress
}

export function insert(index: number, value: string): void {
  text.insert(index, value)
}

export function disconnect(): void {
  joined().disconnect()
}

export function connect(): void {
  joined().connect()
}

/** Cuts the WebRTC connection to a member, as if its network path had died. */
export function cutLinkTo(replica: string): void {
  const { peers } = joined()
  const index = peers.indexOf(replica)
  if (index < 0) throw new Error(`no link to ${replica}`)
  openConnections()[index]?.close()
}

/** Open connections in the order of their links, which is the order in which they were made. */
function openConnections(): RTCPeerConnection[] {
  return connections.filter((connection) => connection.connectionState === 'connected')
}

/** Fills the text with `characters` in pieces of `pieceLength` at scattered places, in slices of time. */
export async function fill(characters: number, pieceLength: number): Promise<void> {
  let seed = 1
  const random = () => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
    return seed / 2 ** 32
  }
  const piece = 'lorem ipsum dolor sit amet, consectetur adipiscing elit. '
    .repeat(1 + pieceLength / 56)
    .slice(0, pieceLength)
  // Documents grow mostly at the end, and now and then at the place of the last edit.
  while (text.length < characters) {
    doc.transact(() => {
      for (let i = 0; i < 200 && text.length < characters; i++) {
        const isRevision = random() < 0.3
        const back = isRevision ? Math.floor(random() * Math.min(text.length, 20_000)) : 0
        text.insert(text.length - back, piece)
      }
    })
    await new Promise((resolve) => setTimeout(resolve))
  }
}

// ---------------------------------------------------------------------------- replaying a trace

/** Starts typing: `perTick` edits every `tickMs` milliseconds, waiting for characters that have not arrived yet. */
export function play(edits: NamedEdit[], perTick: number, tickMs: number): void {
  unplayed = edits.slice().reverse()
  const timer = setInterval(() => {
    for (let i = 0; i < perTick; i++) {
      const edit = unplayed[unplayed.length - 1]
      if (!edit || !isPossible(edit)) break
      unplayed.pop()
      make(edit)
    }
    if (unplayed.length === 0) clearInterval(timer)
  }, tickMs)
}

export function editsLeft(): number {
  return unplayed.length
}

/** Everything that the edit's author had seen is here; there may be more. */
function isPossible({ after, deletes = [], needs, needsGone }: NamedEdit): boolean {
  if (after && !isHere(after)) return false
  if (!needs.every(isHere) || !needsGone.every((name) => isHere(name) && !isVisible(name))) return false
  return deletes.every(([client, clock, length]) => isHere([client, clock + length - 1]))
}

function isHere([client, clock]: CharacterName): boolean {
  return Y.getState(doc.store, client) > clock
}

function make({ after, text: value, deletes = [] }: NamedEdit): void {
  if (value !== undefined) insertBehind(after ?? null, value)
  for (const [client, clock, length] of deletes) {
    for (let i = 0; i < length; i++) {
      const name: CharacterName = [client, clock + i]
      if (isVisible(name)) text.delete(indexBehind(name) - 1, 1)
    }
  }
}

/**
 * Types right behind a character, even if somebody has deleted it meanwhile. `Y.Text.insert` knows visible places
 * only, and would take the one before whatever was deleted there.
 */
function insertBehind(after: CharacterName | null, value: string): void {
  if (after === null || isVisible(after)) {
    text.insert(after ? indexBehind(after) : 0, value)
    return
  }
  doc.transact((transaction) => {
    const left = Y.getItemCleanEnd(transaction, doc.store, Y.createID(...after))
    const id = Y.createID(doc.clientID, Y.getState(doc.store, doc.clientID))
    const content = new Y.ContentString(value)
    const { right } = left
    new Y.Item(id, left, left.lastId, right, right?.id ?? null, text, null, content).integrate(transaction, 0)
  })
}

function indexBehind([client, clock]: CharacterName): number {
  const position = new Y.RelativePosition(null, null, Y.createID(client, clock), -1)
  const absolute = Y.createAbsolutePositionFromRelativePosition(position, doc)
  if (!absolute) throw new Error(`character ${client}:${clock} has no position`)
  return absolute.index
}

function isVisible([client, clock]: CharacterName): boolean {
  return !Y.getItem(doc.store, Y.createID(client, clock)).deleted
}
