/**
 * The command: makes attacks, tells how it goes, and prints what was found in a form that can be replayed.
 */
import { readFileSync } from 'node:fs'
import type { Attack } from '../attack.js'
import { Campaign, cpuMsAlone, type Finding, minimal, replay } from '../campaign.js'
import { takeOverRandomness } from '../randomness.js'
import { type Arguments, HELP, readArguments } from './arguments.js'

const SHOWN_FINDINGS = 40
const PROGRESS_INTERVAL_MS = 20_000
/** What a room may leave behind, of whatever size its inputs were. */
const KEPT_BYTES = 64 * 1024 * 1024
/** Processor time that one input may take: a page would be seen to stop. */
const LONGEST_MS = 50

/** @returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  let wanted: Arguments
  try {
    wanted = readArguments(args)
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`)
    return 2
  }
  if (wanted.help) {
    say(HELP)
    return 0
  }
  takeOverRandomness()
  return wanted.replay === undefined ? runMany(wanted) : runAgain(wanted.replay)
}

function runAgain(file: string): number {
  const violations = replay(readAttacks(readFileSync(file, 'utf8')))
  say(violations.length > 0 ? violations.join('\n') : 'nothing goes wrong')
  return violations.length > 0 ? 1 : 0
}

async function runMany({ seed, inputs, minutes, json }: Arguments): Promise<number> {
  const startedAt = performance.now()
  const heapBefore = heapAfterCollection()
  const findings = new Map<string, number>()
  const campaign = new Campaign((finding) => {
    const kind = kindOf(finding)
    const count = (findings.get(kind) ?? 0) + 1
    findings.set(kind, count)
    if (count === 1 && findings.size <= SHOWN_FINDINGS) sayFinding(finding)
  })
  const { tally } = campaign
  let saidAt = startedAt
  const line = () => {
    const elapsedMs = performance.now() - startedAt
    const perSecond = ((tally.inputs / elapsedMs) * 1000).toFixed(0)
    const found = `${findings.size} kind${findings.size === 1 ? '' : 's'} of findings`
    return `${tally.inputs} inputs, ${found}; ${tally.rooms} rooms, ${tally.changes} changes in ${(elapsedMs / 1000).toFixed(0)} s (${perSecond} per second)`
  }
  say(`Inputs from seed ${seed} on`)
  await campaign.run(seed, inputs, () => {
    const now = performance.now()
    if (now - saidAt > PROGRESS_INTERVAL_MS) {
      saidAt = now
      say(line())
    }
    return now - startedAt > minutes * 60_000
  })
  const keptBytes = heapAfterCollection() - heapBefore
  if (keptBytes > KEPT_BYTES) findings.set(`${keptBytes} bytes are kept after all rooms are gone`, 1)
  say(`\nclaims made by frames: ${JSON.stringify(tally.claims)}`)
  say(
    `bytes said: ${tally.bytes}; kept on the heap afterwards: ${(keptBytes / 2 ** 20).toFixed(1)} MiB; largest process: ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`,
  )
  const slowest = tally.slowest.map(({ cpuMs, input }) => ({ input, cpuMs, aloneMs: cpuMsAlone(input) }))
  say(
    `slowest inputs: ${slowest.map(({ cpuMs, aloneMs, input }) => `${input} ${cpuMs.toFixed(0)} ms, alone ${aloneMs.toFixed(1)} ms`).join('; ')}`,
  )
  for (const { aloneMs, input } of slowest) {
    if (aloneMs > LONGEST_MS) findings.set(`${input} takes ${aloneMs.toFixed(0)} ms of processor time`, 1)
  }
  for (const [kind, count] of findings) say(`${count} × ${kind}`)
  say(line())
  if (json) say(JSON.stringify({ ...tally, findings: findings.size, keptBytes, seed }))
  return findings.size > 0 ? 1 : 0
}

/** Without ids and numbers, so that one fault is shown once. */
function kindOf({ violations }: Finding): string {
  return (violations[0] ?? '')
    .replace(/[\w-]{12}/g, '…')
    .replace(/\d+/g, '#')
    .slice(0, 100)
}

function sayFinding(finding: Finding): void {
  const { attacks, violations } = minimal(finding)
  say(`\nFOUND ${violations.join('\n').slice(0, 2000)}`)
  say(`by ${attacks.length} attacks:\n${writeAttacks(attacks)}\n`)
}

export function writeAttacks(attacks: readonly Attack[]): string {
  return JSON.stringify(attacks, (_, value) => (value instanceof Uint8Array ? { hex: [...value] } : value))
}

export function readAttacks(text: string): Attack[] {
  return JSON.parse(text, (_, value) => (Array.isArray(value?.hex) ? Uint8Array.from(value.hex) : value))
}

function heapAfterCollection(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
