/**
 * How a small room comes to where what may happen begins.
 */
import type { Scenario } from './scenario.js'
import { SmallRoom } from './small-room.js'

export function begin(scenario: Scenario): SmallRoom {
  const room = new SmallRoom(scenario)
  room.opened(open(room))
  return room
}

/** @returns the clock of B, 0 where there is none. */
function open(room: SmallRoom): number {
  const { scenario } = room
  const [first, ...others] = scenario.members.map((name) => room.addMember(name))
  if (!first) throw new Error('a room needs members')
  room.input(first, { type: 'start' })
  room.input(first, { type: 'alone' })
  for (const [i, member] of others.entries()) {
    room.input(member, { type: 'start' })
    for (const other of [first, ...others.slice(0, i)]) {
      room.connect(member, other)
      deliverAll(room)
    }
  }
  for (const member of scenario.hasTrees ? [...room.members.values()] : []) {
    room.type(member)
    settleDown(room)
  }
  if (scenario.opening === 'late join') return beginLateJoin(room)
  settleDown(room)
  // They wait in the wings.
  for (const { name } of scenario.newcomers) room.addMember(name)
  if (scenario.returns)
    for (const member of [...room.members.values()]) room.addMember(`${member.name}b`, member)
  return 0
}

function beginLateJoin(room: SmallRoom): number {
  room.type(room.member('N1'))
  settleDown(room)
  room.type(room.member('N3'))
  const clockOfB = room.member('N3').replica.room.history.clock
  for (const wire of room.wires.busy)
    if (wire.startsWith('N3>') && !wire.startsWith('N3>N2')) deliverAllOn(room, wire)
  const newcomer = room.addMember('N5')
  room.input(newcomer, { type: 'start' })
  room.connect(newcomer, room.member('N2'))
  // The hellos are out of the race: before them there is no sponsor and no newcomer.
  room.deliver('N2>N5 urgent')
  room.deliver('N5>N2 urgent')
  // B was that of N3.
  room.member('N3').edits = 1
  return clockOfB
}

function deliverAllOn(room: SmallRoom, wire: string): void {
  while (room.wires.first(wire)) room.deliver(wire)
}

export function deliverAll(room: SmallRoom): void {
  for (let wires = room.wires.busy; wires.length > 0; wires = room.wires.busy)
    for (const wire of wires) deliverAllOn(room, wire)
}

/** All that is under way arrives, and everybody says what it has to say. */
export function settleDown(room: SmallRoom): void {
  for (let isQuiet = false; !isQuiet; ) {
    deliverAll(room)
    isQuiet = true
    for (const member of room.living) {
      if (!member.replica.room.hasNews) continue
      isQuiet = false
      room.report(member)
    }
  }
}
