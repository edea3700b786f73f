/**
 * A newcomer that is let in by somebody hostile: a handshake that was really had is said again, with frames changed.
 *
 * Nothing may be thrown, and what the newcomer had of its own stays, whatever it is told. If it gets in, it must be able to
 * let in others with what it has got.
 */
import type { LinkId, ReplicaId, TransportSession } from '@tidemark/core'
import { decodeMessage, type Message } from '@tidemark/core/wire'
import { MemoryNetwork, type MemoryTransport, VirtualScheduler } from 'tidemark/testing'
import * as Y from 'yjs'
import type { Outcome } from './assault.js'
import type { Attack } from './attack.js'
import type { RoomKind } from './live-room.js'
import { LiveRoom } from './live-room.js'
import { Member } from './member.js'
import { frameOf, type Material } from './mutation.js'
import { reseed } from './randomness.js'
import type { Claim } from './verdict.js'

/** What a sponsor said to a newcomer, in order. */
interface Handshake {
  readonly sponsor: ReplicaId
  readonly newcomer: ReplicaId
  readonly frames: readonly Uint8Array[]
  readonly past: readonly Uint8Array[]
}

/** Chance begins here with each newcomer, so that it gets the name that the handshake was had with. */
const NAMING_SEED = 77
/** The rendezvous may send a newcomer to somebody who does not let it in; its next choice may be another one. */
const ATTEMPTS = 20
const OWN = 'Mine. '

const handshakes = new Map<RoomKind, Handshake>()

/** Recorded once for each kind of room. */
function handshakeOf(kind: RoomKind): Handshake {
  const known = handshakes.get(kind)
  if (known) return known
  for (let choice = 0; choice < ATTEMPTS; choice++) {
    const handshake = recorded(kind, choice)
    if (!handshake.frames.some((bytes) => typeOf(bytes) === 'go')) continue
    handshakes.set(kind, handshake)
    return handshake
  }
  throw new Error('nobody was let in')
}

function recorded(kind: RoomKind, choice: number): Handshake {
  const room = new LiveRoom(kind)
  for (let passed = 0; passed < choice; passed++) room.network.random()
  reseed(NAMING_SEED)
  const newcomer = room.newcomer()
  const frames: Uint8Array[] = []
  let sponsor: ReplicaId = ''
  for (const member of [...room.honest, room.mona]) {
    member.transport.onSend = ({ bytes, to }) => {
      if (to === newcomer.id && (sponsor === '' || sponsor === member.id)) {
        sponsor = member.id
        frames.push(bytes)
      }
      return true
    }
  }
  room.until(() => newcomer.provider.synced)
  const { id } = newcomer
  room.destroy()
  const isOfJoin = (bytes: Uint8Array) => JOINING.has(typeOf(bytes) ?? 'bye')
  return { sponsor, newcomer: id, frames: frames.filter(isOfJoin), past: room.past }
}

const JOINING: ReadonlySet<Message['type']> = new Set(['hello', 'welcome', 'piece', 'go'])

function typeOf(bytes: Uint8Array): Message['type'] | undefined {
  const decoded = decodeMessage(bytes)
  return decoded.ok ? decoded.message.type : undefined
}

/** Stands at the rendezvous alone, and says what it is told to. */
class FalseSponsor {
  private readonly session: TransportSession
  private link: LinkId | undefined
  private next = 0
  private readonly frames: readonly Uint8Array[]

  constructor(id: ReplicaId, transport: MemoryTransport, frames: readonly Uint8Array[]) {
    this.frames = frames
    this.session = transport.open('room', id, {
      linkUp: (link) => {
        if (this.link !== undefined) return
        this.link = link
        this.say(1)
      },
      linkDown: () => {},
      message: (_, bytes) => this.heard(bytes),
      alone: () => {},
      signal: () => {},
      dialFailed: () => {},
      rendezvous: () => {},
    })
    this.session.greet('an-older-lineage')
  }

  leave(): void {
    this.session.destroy()
  }

  private heard(bytes: Uint8Array): void {
    const type = typeOf(bytes)
    if (type === 'join-request') this.say(this.frames.length - 2)
    if (type === 'installed') this.say(this.frames.length)
  }

  private say(upTo: number): void {
    for (; this.next < upTo; this.next++)
      if (this.link !== undefined)
        this.session.send(this.link, this.frames[this.next] as Uint8Array, 'urgent')
  }
}

export function attackNewcomer({ room: kind, target, steps }: Attack): Outcome {
  const handshake = handshakeOf(kind)
  const scheduler = new VirtualScheduler()
  const network = new MemoryNetwork({ scheduler, seed: 1 })
  const hasOwn = target === 1
  const frames = [...handshake.frames]
  let bytes = 0
  const claims: Claim[] = []
  const empty = new Y.Doc()
  for (const step of steps) {
    const place = step.frame % frames.length
    const material: Material = {
      fresh: frames,
      fit: (frame) => frame,
      past: handshake.past,
      ids: [handshake.sponsor, handshake.newcomer, 'nobody-knows-me'],
      store: empty.store,
    }
    const frame = frameOf({ ...step, source: 'fresh', frame: place }, material)
    frames[place] = frame
    bytes += frame.length
    claims.push(decodeMessage(frame).ok ? 'own' : 'malformed')
  }
  const sponsor = new FalseSponsor(handshake.sponsor, network.transport(), frames)
  reseed(NAMING_SEED)
  const startedAt = performance.now()
  const newcomer = new Member(1000, network, scheduler, kind === 'log' ? 'log' : 'full', hasOwn ? OWN : '')
  const violations: string[] = []
  try {
    scheduler.advance(40)
    const cpuMs = performance.now() - startedAt
    violations.push(...wrongWith(newcomer, hasOwn))
    const hasJoined = newcomer.replica?.status === 'member'
    sponsor.leave()
    if (hasJoined && violations.length === 0)
      violations.push(...nextNewcomer(newcomer, network, scheduler, kind))
    return { violations, claims, hasChanged: hasJoined, bytes, cpuMs }
  } catch (error) {
    violations.push(`thrown at a newcomer: ${(error as Error).stack}`)
    return { violations, claims, hasChanged: false, bytes, cpuMs: performance.now() - startedAt }
  } finally {
    newcomer.provider.destroy()
  }
}

function wrongWith(newcomer: Member, hasOwn: boolean): string[] {
  const wrong = newcomer.faults.map((error) => `a newcomer raised ${error.stack}`)
  // What it had may be told apart from what it got, but not lost.
  if (hasOwn && !newcomer.text.toString().includes(OWN))
    wrong.push(`a newcomer lost its own: ${newcomer.content}`)
  return wrong
}

/** It has got in, with whatever it was told: whoever comes now gets the same of it. */
function nextNewcomer(
  newcomer: Member,
  network: MemoryNetwork,
  scheduler: VirtualScheduler,
  kind: RoomKind,
): string[] {
  const { content } = newcomer
  const next = new Member(2000, network, scheduler, kind === 'log' ? 'log' : 'full')
  for (let i = 0; i < 100 && !(next.provider.synced && next.content === newcomer.content); i++)
    scheduler.advance(100)
  const wrong = [...newcomer.faults, ...next.faults].map((error) => `raised among newcomers: ${error.stack}`)
  if (next.provider.synced && next.content !== newcomer.content)
    wrong.push(`the next newcomer has ${next.content} of ${newcomer.content}, which was ${content}`)
  next.provider.destroy()
  return wrong
}
