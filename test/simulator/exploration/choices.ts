/**
 * What can happen next in a small room.
 */
import type { Happened } from './happened.js'
import type { Scenario } from './scenario.js'
import type { View } from './view.js'
import type { Wires } from './wires.js'

/** What of a room decides what can happen. */
interface Situation {
  readonly scenario: Scenario
  readonly happened: Happened
  readonly wires: Wires
  readonly all: readonly View[]
}

/** Names a thing that can happen next; the same name means the same thing after the same past. */
export type Choice = string

export const isDelivery = (choice: Choice): boolean => choice.startsWith('deliver')

/** Always in the same order. */
export function choicesIn(room: Situation): Choice[] {
  const { wires, scenario, happened } = room
  const choices: Choice[] = []
  for (const wire of wires.busy) {
    choices.push(`deliver ${wire}`)
    const isLosable = scenario.losable === 'all' ? wires.isMessage(wire) : wires.isHandshake(wire)
    if (isLosable && happened.losses < scenario.losses) choices.push(`lose ${wire}`)
  }
  const { all } = room
  for (const view of all) {
    if (view.isDead) continue
    if (view.isGone) choices.push(...returnsOf(view, all, room))
    else choices.push(...doingsOf(view, room), ...fatesOf(view, all, room))
  }
  for (const { name, sponsor } of scenario.newcomers) {
    const isIdle = all.some((view) => view.name === name && view.status === 'idle')
    if (isIdle && all.some((view) => view.name === sponsor && isIn(view)))
      choices.push(`join ${name} ${sponsor}`)
  }
  return choices.sort()
}

/** What it does. */
function doingsOf(view: View, { scenario, happened }: Situation): Choice[] {
  const { name, status, reports, edits, hasCut } = view
  const choices: Choice[] = []
  if (status === 'member') {
    const mayReport = reports < (scenario.reports ? (scenario.reports[name] ?? 0) : Number.POSITIVE_INFINITY)
    if (mayReport && view.hasNews) choices.push(`report ${name}`)
    if (edits < scenario.editors.filter((editor) => editor === name).length) choices.push(`edit ${name}`)
    if (!hasCut && scenario.cutters.includes(name)) choices.push(`cut ${name}`)
    if (scenario.leavers.includes(name) && happened.leaves === 0) choices.push(`leave ${name}`)
  }
  if (status === 'joining') {
    if (happened.resends < scenario.resends && view.hasInstalled) choices.push(`resend ${name}`)
    if (scenario.timeouts) choices.push(`timeout ${name}`)
  }
  return choices
}

/** What happens to it. */
function fatesOf(view: View, all: readonly View[], { scenario, happened, wires }: Situation): Choice[] {
  const { name, status } = view
  const choices: Choice[] = []
  const isMember = status === 'member'
  if (scenario.mortal.includes(name) && status !== 'over' && happened.deaths < scenario.deaths)
    choices.push(`die ${name}`)
  const isSponsor = name === 'N2' && isMember
  if (isSponsor && scenario.timeouts && !happened.timedOut.includes(name)) choices.push('timeout N2')
  if (scenario.parted === name && isMember) {
    const isNoticed = !wires.busy.some((wire) => wire.includes(name))
    if (happened.parting === 'none') choices.push(`part ${name}`)
    if (happened.parting === 'parted' && isNoticed) choices.push(`heal ${name}`)
  }
  for (const { by, of } of isMember ? scenario.accusations : []) {
    const accused = all.find((other) => other.name === of)
    if (by !== name || view.accused.has(of) || !accused) continue
    if (accused.isDead || (scenario.isSlandered && !accused.isGone)) choices.push(`accuse ${by} ${of}`)
  }
  return choices
}

function returnsOf(view: View, all: readonly View[], { scenario }: Situation): Choice[] {
  if (!scenario.returns || !view.mayReturn) return []
  const sponsor = all.find(isIn)
  return sponsor ? [`return ${view.name} ${sponsor.name}`] : []
}

function isIn({ isDead, status }: View): boolean {
  return !isDead && status === 'member'
}
