/**
 * What a diagram shows, by kind: each has a sign, a line in the legend, and a switch. Kinds differ by shape as well as
 * by colour, so that nobody has to tell colours apart.
 */
import type { Operation } from '@tidemark/core'
import { MESSAGE } from '../world/plan.js'

export interface Kind {
  readonly id: string
  readonly label: string
  readonly about: string
  /** Not shown until it is asked for. */
  readonly isOff?: boolean
}

export const KINDS = [
  { id: 'update', label: 'update', about: 'an operation that changes the document' },
  { id: 'join', label: 'join', about: 'an operation by which a member lets somebody in' },
  { id: 'leave', label: 'leave', about: 'an operation by which somebody is gone' },
  { id: 'cut', label: 'cut', about: 'an operation that asks everybody to renumber' },
  { id: 'fence', label: 'fence', about: 'an operation by which a member closes itself to those evicted' },
  { id: 'evict', label: 'evict', about: 'an operation that takes somebody off the map' },
  { id: 'apply', label: 'applications', about: 'from where an operation was made to where it was applied' },
  { id: 'edit', label: 'edits', about: 'a user does something' },
  {
    id: 'tide',
    label: 'snapshot point',
    about: 'filled up to the snapshot point; the line above is the clock',
  },
  { id: 'epoch', label: 'cut executed', about: 'a replica switches into another epoch' },
  { id: 'life', label: 'life', about: 'starts, becomes a member, starts over, leaves' },
  { id: 'crash', label: 'crashes', about: 'a process dies, or starts again' },
  { id: 'sleep', label: 'sleep', about: 'a device sleeps: nothing runs' },
  { id: 'parted', label: 'partitions', about: 'nothing passes between differently shaded replicas' },
  { id: 'deaf', label: 'one-way silence', about: 'a replica hears nothing from some others' },
  { id: 'rendezvous', label: 'rendezvous away', about: 'newcomers meet nobody' },
  { id: 'link', label: 'links lost', about: 'a link is cut, or not heard for a while' },
  { id: 'accuse', label: 'accusations', about: 'somebody is said to be gone' },
  { id: 'other', label: 'other troubles', about: 'whatever else happens to a device' },
  { id: 'm-join', label: 'join messages', about: 'join-request, welcome, installed, go, no' },
  { id: 'lost', label: 'messages lost', about: 'sent, and never arrived (heartbeats apart)', isOff: true },
  { id: 'm-state', label: 'state pieces', about: 'what a newcomer is given', isOff: true },
  { id: 'm-gossip', label: 'gossip', about: 'operations and reports, as they pass', isOff: true },
  { id: 'm-repair', label: 'repair', about: 'sync, prune, graft', isOff: true },
  {
    id: 'm-relay',
    label: 'relays and probes',
    about: 'negotiation through members, and probes',
    isOff: true,
  },
  { id: 'm-life', label: 'heartbeats and hellos', about: 'who lives, and what it has', isOff: true },
] as const satisfies readonly Kind[]

export type KindId = (typeof KINDS)[number]['id']

export const OPERATION_KINDS: Readonly<Record<Operation['kind'], KindId>> = {
  update: 'update',
  join: 'join',
  leave: 'leave',
  cut: 'cut',
  fence: 'fence',
  evict: 'evict',
}

const NAMES = new Map<number, string>(
  Object.entries(MESSAGE).map(([name, type]) => [
    type,
    name.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`),
  ]),
)

export const messageName = (type: number): string => NAMES.get(type) ?? `message ${type}`

const MESSAGE_KINDS: ReadonlyMap<number, KindId> = new Map<number, KindId>([
  [MESSAGE.joinRequest, 'm-join'],
  [MESSAGE.welcome, 'm-join'],
  [MESSAGE.installed, 'm-join'],
  [MESSAGE.go, 'm-join'],
  [MESSAGE.no, 'm-join'],
  [MESSAGE.piece, 'm-state'],
  [MESSAGE.pieceReceived, 'm-state'],
  [MESSAGE.gossip, 'm-gossip'],
  [MESSAGE.sync, 'm-repair'],
  [MESSAGE.prune, 'm-repair'],
  [MESSAGE.graft, 'm-repair'],
  [MESSAGE.relay, 'm-relay'],
  [MESSAGE.probe, 'm-relay'],
])

export const messageKind = (type: number): KindId => MESSAGE_KINDS.get(type) ?? 'm-life'
