/**
 * One schedule: told, drawn, made small.
 */
import { writeFile } from 'node:fs/promises'
import { diagramOf } from '../diagram/page.js'
import { NOTHING_CUT } from '../shrink/choices.js'
import { runVariation, type Shrunk, type Size, shrink } from '../shrink/shrink.js'
import { type Variation, writeToken } from '../shrink/token.js'
import { type Outcome, runSchedule } from '../world/world.js'
import type { Arguments } from './arguments.js'
import { clearLine, counted, say, sayJson, seconds, showNow } from './console.js'

/** @returns the exit code. */
export async function runOne(wanted: Variation, args: Arguments): Promise<number> {
  const shrunk = args.shrink ? shrinkAloud(wanted, args.shrinkMs) : undefined
  const variation = shrunk?.variation ?? wanted
  const isTold = args.trace || args.diagram !== undefined
  const outcome = run(variation, isTold, args.signs)
  const name = nameOf(variation)
  if (args.diagram !== undefined) await writeFile(args.diagram, diagramOf(outcome, capitalised(name)))
  if (args.trace) tell(outcome)
  const { violation, hash, steps, virtualMs, coverage } = outcome
  const ending = violation ? `VIOLATION  ${violation.message}` : 'no violation'
  say(`${name}: ${ending}; ${steps} steps, ${seconds(virtualMs)} of virtual time, trace ${hash}`)
  if (args.json) {
    const { faults, situations, figures } = coverage
    const violations = violation ? 1 : 0
    const summary = { schedules: 1, violations, perSecond: null, faults, coverage: situations, figures }
    sayJson(shrunk ? { ...summary, shrunk: shownShrunk(shrunk) } : summary)
  }
  return violation ? 1 : 0
}

function run(variation: Variation, isTold: boolean, signs: boolean): Outcome {
  const { seed, cuts } = variation
  return cuts === NOTHING_CUT ? runSchedule(seed, { isTold, signs }) : runVariation(variation, { isTold })
}

const nameOf = (variation: Variation) =>
  variation.cuts === NOTHING_CUT ? `seed ${variation.seed}` : `schedule ${writeToken(variation)}`

const capitalised = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

function tell({ lines, plan }: Outcome): void {
  const { structure, compaction, network, config, maxDevices } = plan
  const meddling = [...plan.meddling]
  const shown = JSON.stringify({ structure, compaction, maxDevices, network, meddling, config })
  say(`seconds  who  what\n${lines.join('\n')}\n\n${shown}`)
}

/** @returns undefined if the schedule does not fail. */
export function shrinkAloud(variation: Variation, limitMs: number): Shrunk | undefined {
  const shrunk = shrink(variation, limitMs, (best) => showNow(`Shrinking: ${shownSize(best)}`))
  clearLine()
  if (!shrunk) return undefined
  const { before, after, tries, elapsedMs, isMinimal } = shrunk
  say(`Shrunk from ${shownSize(before)}`)
  say(`         to ${shownSize(after)}`)
  const ending = isMinimal ? 'nothing more can be left out by itself' : 'then time was up'
  say(`in ${counted(tries)} tries and ${seconds(elapsedMs)}; ${ending}\n           ${replayOf(shrunk)}`)
  return shrunk
}

const replayOf = ({ variation }: Shrunk) => `npm run sim -- --replay '${writeToken(variation)}' --trace`

export function shownShrunk({ variation, before, after, tries, elapsedMs, isMinimal }: Shrunk) {
  return {
    replay: writeToken(variation),
    before,
    after,
    tries,
    seconds: Number((elapsedMs / 1000).toFixed(1)),
    isMinimal,
  }
}

function shownSize({ steps, devices, parts, faults, virtualMs }: Size): string {
  return `${counted(steps)} steps, ${devices} devices, ${parts} turns and starts, ${counted(faults)} faults, ${seconds(virtualMs)}`
}
