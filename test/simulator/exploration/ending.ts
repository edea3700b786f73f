/**
 * How it ends in a small room once nothing more happens to it, and what must hold then.
 */
import { Violation } from '../oracle/violation.js'
import { HEARTBEAT_MS, type Member } from './member.js'
import { settleDown } from './opening.js'
import type { SmallRoom } from './small-room.js'

export type Ending = 'let in' | 'not let in' | 'let in and evicted' | 'evicted' | 'torn by a death' | 'all in'

/** So many heartbeats in a row bring up whatever fell off the tree. */
const HEARTBEATS = 4
/** Suspecting, agreeing and evicting is over by then. */
const SECONDS_TO_EVICT = 120

/** Everything under way arrives, all are linked and say what they have to say, newcomers repeat themselves or give up. */
export function finish(room: SmallRoom): void {
  settleDown(room)
  const { scenario } = room
  const parted = scenario.parted === undefined ? undefined : room.members.get(scenario.parted)
  if (parted && room.happened.parting === 'parted') room.heal(parted)
  settleDown(room)
  for (const newcomer of [...room.members.values()]) bringIn(room, newcomer)
  const sponsor = room.members.get('N2')
  if (sponsor && !sponsor.isDead) room.timeOut(sponsor)
  settleDown(room)
  for (let i = 0; i < HEARTBEATS; i++) beat(room, HEARTBEAT_MS)
  // Whoever waits after that does so for somebody gone, and whoever jumped days ahead takes itself for asleep.
  for (let i = 0; i < SECONDS_TO_EVICT && isWaiting(room); i++) beat(room, 1000)
  for (const member of [...room.members.values()]) {
    const [first] = room.living
    if (!scenario.returns || member.outReason === undefined || member.hasReturned || !first) continue
    room.return(member, first)
    settleDown(room)
  }
  for (let i = 0; i < HEARTBEATS && scenario.returns; i++) beat(room, HEARTBEAT_MS)
}

function bringIn(room: SmallRoom, newcomer: Member): void {
  for (const wait of ['resend', 'timeout'] as const) {
    if (newcomer.isDead || newcomer.replica.status !== 'joining') break
    room.take(`${wait} ${newcomer.name}`)
    settleDown(room)
  }
}

function beat(room: SmallRoom, ms: number): void {
  for (const member of room.members.values()) room.wait(member, ms)
  settleDown(room)
}

function isWaiting(room: SmallRoom): boolean {
  return room.living.some(({ replica: { room } }) => room.history.point < room.history.clock)
}

/** @returns how it ended. */
export function judge(room: SmallRoom): Ending {
  const { living, scenario, clockOfB } = room
  // Nobody dials anew here: whom only the dead one linked can not agree to evict it.
  if (!isConnected(living)) return 'torn by a death'
  const hasCut = [...room.members.values()].some((member) => member.hasCut)
  for (const { name, replica } of living) {
    const { point, clock, epoch } = replica.room.history
    if (point < clockOfB) throw new Violation('liveness', `${name} stays at ${point}, and B is ${clockOfB}`)
    if (point < clock) throw new Violation('liveness', `${name} stays at ${point} of ${clock}`)
    if (hasCut && epoch === 0) throw new Violation('liveness', `${name} executes no cut`)
  }
  if (scenario.opening === 'settled') checkAllIn(room)
  checkConvergence(room)
  const { evicted } = room.happened
  if (scenario.opening === 'settled') return evicted.length > 0 ? 'evicted' : 'all in'
  if (living.some(({ name }) => name === 'N5')) return 'let in'
  return evicted.some((who) => who.startsWith('N5')) ? 'let in and evicted' : 'not let in'
}

/** Whoever wants to be in the room is. */
function checkAllIn(room: SmallRoom): void {
  for (const { name, replica, isDead, outReason, hasReturned } of room.members.values()) {
    const { status } = replica
    const isOut = status === 'over' && outReason !== undefined && !hasReturned
    if (!isDead && (status === 'seeking' || status === 'joining' || isOut))
      throw new Violation('liveness', `${name} does not get into the room: ${outReason ?? status}`)
  }
}

/** All who are there show the same, and it is what it must be. */
function checkConvergence(room: SmallRoom): void {
  const { living } = room
  const [first, ...others] = living
  for (const other of others) {
    if (first && other.holder.model.fingerprint() !== first.holder.model.fingerprint())
      throw new Violation('convergence', `${first.name} and ${other.name} show different content`)
    const { members } = other.replica
    if (first && members.join() !== first.replica.members.join())
      throw new Violation('convergence', `${first.name} and ${other.name} know different members`)
  }
  for (const { holder } of living) room.check(holder)
}

function isConnected(living: readonly Member[]): boolean {
  const reached = new Set(living.slice(0, 1))
  for (const { links } of reached)
    for (const other of links.values()) if (living.includes(other)) reached.add(other)
  return reached.size === living.length
}
