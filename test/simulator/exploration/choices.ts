/**
 * What can happen next in a small room.
 */
import type { Member } from './member.js'
import type { SmallRoom } from './small-room.js'

/** Names a thing that can happen next; the same name means the same thing after the same past. */
export type Choice = string

export const isDelivery = (choice: Choice): boolean => choice.startsWith('deliver')

/** Always in the same order. */
export function choicesIn(room: SmallRoom): Choice[] {
  const { wires, scenario, happened } = room
  const choices: Choice[] = []
  for (const wire of wires.busy) {
    choices.push(`deliver ${wire}`)
    const isLosable = scenario.losable === 'all' ? wires.isMessage(wire) : wires.isHandshake(wire)
    if (isLosable && happened.losses < scenario.losses) choices.push(`lose ${wire}`)
  }
  for (const member of room.members.values()) {
    if (member.isDead) continue
    if (member.isGone) choices.push(...returnsOf(member, room))
    else choices.push(...doingsOf(member, room), ...fatesOf(member, room))
  }
  for (const { name, sponsor } of scenario.newcomers) {
    if (room.members.has(name) || !isIn(room.members.get(sponsor))) continue
    choices.push(`join ${name} ${sponsor}`)
  }
  return choices.sort()
}

/** What it does. */
function doingsOf(member: Member, { scenario, happened }: SmallRoom): Choice[] {
  const { name, replica, reports, edits, hasCut } = member
  const choices: Choice[] = []
  if (replica.status === 'member') {
    const mayReport = reports < (scenario.reports ? (scenario.reports[name] ?? 0) : Number.POSITIVE_INFINITY)
    if (mayReport && replica.room.hasNews) choices.push(`report ${name}`)
    if (edits < scenario.editors.filter((editor) => editor === name).length) choices.push(`edit ${name}`)
    if (!hasCut && scenario.cutters.includes(name)) choices.push(`cut ${name}`)
    if (scenario.leavers.includes(name) && happened.leaves === 0) choices.push(`leave ${name}`)
  }
  if (replica.status === 'joining') {
    if (happened.resends < scenario.resends && member.holder.installed) choices.push(`resend ${name}`)
    if (scenario.timeouts) choices.push(`timeout ${name}`)
  }
  return choices
}

/** What happens to it. */
function fatesOf(member: Member, { scenario, happened, members, wires }: SmallRoom): Choice[] {
  const { name, replica } = member
  const choices: Choice[] = []
  const isMember = replica.status === 'member'
  if (scenario.mortal.includes(name) && replica.status !== 'over' && happened.deaths < scenario.deaths)
    choices.push(`die ${name}`)
  const isSponsor = name === 'N2' && isMember
  if (isSponsor && scenario.timeouts && !happened.timedOut.includes(name)) choices.push('timeout N2')
  if (scenario.parted === name && isMember) {
    const isNoticed = !wires.busy.some((wire) => wire.includes(name))
    if (happened.parting === 'none') choices.push(`part ${name}`)
    if (happened.parting === 'parted' && isNoticed) choices.push(`heal ${name}`)
  }
  for (const { by, of } of isMember ? scenario.accusations : []) {
    const accused = members.get(of)
    if (by !== name || member.accused.has(of) || !accused) continue
    if (accused.isDead || (scenario.isSlandered && !accused.isGone)) choices.push(`accuse ${by} ${of}`)
  }
  return choices
}

function returnsOf(member: Member, room: SmallRoom): Choice[] {
  if (!room.scenario.returns || member.outReason === undefined || member.hasReturned) return []
  const sponsor = room.living[0]
  return sponsor ? [`return ${member.name} ${sponsor.name}`] : []
}

function isIn(member: Member | undefined): boolean {
  return member !== undefined && !member.isDead && member.replica.status === 'member'
}
