/**
 * Troubles of a newer kind: clocks that are set, hidden and frozen pages, slow or breaking links, a storage that is full, a
 * rendezvous that starts anew, newcomers in the middle of a cut.
 *
 * Invariant: only some seeds have any, and they are drawn from a stream of their own, so that all other seeds name the
 * schedules that they named before there were any. Two residues of 16 of which no seed was pinned: one among ordinary
 * schedules, one among those with struggles.
 */
import { Random } from '../random.js'
import type { Choices } from '../shrink/choices.js'
import type { Device } from './device.js'
import { MANGLINGS, type Mangling, REFUSALS } from './ills.js'
import type { Plan } from './plan.js'
import { type Clockwork, members, on, type Scene } from './scene.js'

const HARD_RESIDUES = [4, 11]
const RESIDUES = 16
export const isHard = (seed: number): boolean => HARD_RESIDUES.includes(seed % RESIDUES)

type Hardship = (scene: Scene, random: Random, hardships: Hardships) => void

/** What a schedule with hardships stores, so that storage can fail. */
export function hardened(plan: Plan): Plan {
  return isHard(plan.seed) && plan.structure === 'yjs' ? { ...plan, isStored: true } : plan
}

export class Hardships {
  /** Messages that were mangled, and have not been refused yet. */
  readonly mangled: Mangling[] = []
  private clockwork: Clockwork | undefined
  private readonly random: Random
  private readonly choices: Choices
  private readonly weights: readonly (readonly [Hardship, number])[]
  private readonly meanMs: number
  private readonly activeMs: number
  private readonly newcomersDuringCuts: number

  constructor({ seed, activeMs }: Plan, choices: Choices) {
    const random = new Random(seed, 5, choices.draws)
    this.random = random
    this.choices = choices
    this.activeMs = activeMs
    const isActive = isHard(seed)
    // Each schedule leaves half of them out and overdoes the others.
    this.weights = isActive
      ? HARDSHIPS.map((hardship) => [hardship, random.chance(0.5) ? random.magnitude(0.2, 2) : 0] as const)
      : []
    this.meanMs = isActive ? random.magnitude(200, 3000) : Number.POSITIVE_INFINITY
    this.newcomersDuringCuts = isActive && random.chance(0.6) ? random.magnitude(0.05, 0.8) : 0
  }

  begin(scene: () => Scene, clockwork: Clockwork): void {
    const { random, choices } = this
    this.clockwork = clockwork
    if (!Number.isFinite(this.meanMs)) return
    let atMs = 0
    for (let number = 0; ; number++) {
      const part = `h${number}`
      atMs += choices.within('hard', () => random.exponential(this.meanMs))
      if (atMs > this.activeMs) return
      if (!choices.keeps(part)) continue
      choices.within(part, () =>
        clockwork.after(atMs, () => {
          if (!clockwork.isCalm) this.draw()?.(scene(), random, this)
        }),
      )
    }
  }

  /** In peace nobody dies any more. */
  get isCalm(): boolean {
    return this.clockwork?.isCalm ?? false
  }

  /** Somebody begins to execute a cut: somebody comes in while it is at it. */
  cutBegins(scene: () => Scene, clockwork: Clockwork): void {
    const { random, choices } = this
    if (this.newcomersDuringCuts === 0 || clockwork.isCalm) return
    choices.within('cutting', () => {
      if (!random.chance(this.newcomersDuringCuts)) return
      clockwork.after(random.real() * 20, () => {
        if (!clockwork.isCalm) comeIn(scene(), random)
      })
    })
  }

  /** A message that was mangled is refused, with this as the reason: nobody broke the rules. */
  excuses(reason: string): boolean {
    const at = this.mangled.findIndex((how) => reason === REFUSALS[how])
    if (at < 0) return false
    this.mangled.splice(at, 1)
    return true
  }

  private draw(): Hardship | undefined {
    let left = this.random.real() * this.weights.reduce((sum, [, weight]) => sum + weight, 0)
    return this.weights.find(([, weight]) => {
      left -= weight
      return left < 0
    })?.[0]
  }
}

// -------------------------------------------------------------------- what befalls whom

const sessionOf = (device: Device) => device.transport.session

function someLink(random: Random, scene: Scene) {
  const device = random.pick(on(scene))
  const session = device && sessionOf(device)
  const link = session && random.pick([...session.links])
  return device && session && link !== undefined ? { device, session, link } : undefined
}

function setClock(scene: Scene, random: Random, byMs: number): void {
  const device = random.pick(on(scene))
  if (!device) return
  const fault = byMs > 0 ? 'clocks set forward' : 'clocks set back'
  const told = `has its clock set ${byMs > 0 ? 'forward' : 'back'} by ${(Math.abs(byMs) / 1000).toFixed(1)} s`
  scene.story.tell(device.name, told, { kind: 'fault', fault })
  scene.coverage.fault(fault)
  device.transport.wakefulness.setClock(byMs)
}

/** From a second to a day: nothing but a clock says so. */
const clockForward: Hardship = (scene, random) => setClock(scene, random, random.magnitude(1000, 86_400_000))

/** A little, as it is corrected: whoever waits for a moment waits so much longer. */
const clockBack: Hardship = (scene, random) => setClock(scene, random, -random.magnitude(50, 5000))

const throttle: Hardship = (scene, random) => {
  const device = random.pick(on(scene))
  if (!device) return
  const { wakefulness } = device.transport
  const gridMs = random.chance(0.3) ? 60_000 : 1000
  const fault = 'timers throttled'
  scene.story.tell(device.name, `is hidden: its timers come every ${gridMs / 1000} s`, {
    kind: 'fault',
    fault,
  })
  scene.coverage.fault(fault)
  wakefulness.throttle(gridMs)
  scene.after(random.magnitude(1000, 30_000), () => wakefulness.throttle(0))
}

const freeze: Hardship = (scene, random) => {
  const device = random.pick(on(scene))
  if (!device) return
  const { wakefulness } = device.transport
  scene.story.tell(device.name, 'is frozen', { kind: 'fault', fault: 'pages frozen' })
  scene.coverage.fault('pages frozen')
  wakefulness.freeze()
  scene.after(random.magnitude(100, 20_000), () => {
    if (!wakefulness.sleeps) return
    scene.story.tell(device.name, 'goes on')
    wakefulness.wake()
  })
}

/** A modem, or much else on the same line. */
const slowLink: Hardship = (scene, random) => {
  const found = someLink(random, scene)
  if (!found) return
  const { device, session, link } = found
  const bytesPerMs = random.magnitude(0.2, 20)
  const told = `has only ${(bytesPerMs * 8).toFixed(1)} kbit/s on its link ${link}`
  scene.story.tell(device.name, told, { kind: 'fault', fault: 'links slowed' })
  scene.coverage.fault('links slowed')
  session.ills.slowDown(link, bytesPerMs)
  scene.after(random.magnitude(500, 15_000), () => session.ills.speedUp(link))
}

const breakingLink: Hardship = (scene, random) => {
  const found = someLink(random, scene)
  found?.session.ills.breakWithin(found.link)
}

const mangle: Hardship = (scene, random, hardships) => {
  const found = someLink(random, scene)
  const how = random.pick(MANGLINGS)
  if (!found || !how) return
  const { device, session, link } = found
  const told = `will have its next message on link ${link} mangled (${how})`
  scene.story.tell(device.name, told, { kind: 'fault', fault: 'messages mangled' })
  session.ills.mangle(link, how)
  hardships.mangled.push(how)
}

/** It is back at once, and knows nobody any more. */
const restartRendezvous: Hardship = (scene) => {
  if (!scene.network.isRendezvousOpen) return
  const fault = 'rendezvous restarts'
  scene.story.tell('all', 'are forgotten by the rendezvous, which starts anew', { kind: 'fault', fault })
  scene.coverage.fault(fault)
  scene.network.setRendezvous(false)
  scene.network.setRendezvous(true)
}

function newcomer(scene: Scene, random: Random): Device | undefined {
  return scene.newDevice() ?? random.pick(scene.devices.filter(({ state }) => state === 'off'))
}

const slowNewcomer: Hardship = (scene, random) => {
  const device = newcomer(scene, random)
  if (!device) return
  const dragMs = random.magnitude(50, 2000)
  const told = `is slow: it takes up to ${dragMs.toFixed(0)} ms to get to a message`
  scene.story.tell(device.name, told, { kind: 'fault', fault: 'slow newcomers' })
  scene.coverage.fault('slow newcomers')
  device.transport.dragMs = dragMs
  device.start()
  scene.after(random.magnitude(1000, 20_000), () => {
    device.transport.dragMs = 0
  })
}

function comeIn(scene: Scene, random: Random): void {
  const device = newcomer(scene, random)
  if (!device) return
  scene.story.tell(device.name, 'comes during a cut', { kind: 'fault', fault: 'joins during a cut' })
  scene.coverage.fault('joins during a cut')
  device.start()
}

/** What it does from then on is not stored, and its process begins anew without it. */
const refuseWrites: Hardship = (scene, random, hardships) => {
  const device = random.pick(members(scene))
  if (!device || scene.devices.length > scene.plan.maxDevices + 2 || !device.refuseWrites()) return
  scene.story.tell(device.name, 'can store nothing more', { kind: 'fault', fault: 'storage writes refused' })
  scene.coverage.fault('storage writes refused')
  scene.after(random.magnitude(500, 15_000), () => {
    const memory = device.store()
    if (hardships.isCalm || device.state !== 'on' || !memory) return
    device.crash()
    scene.coverage.fault('crashes')
    scene.after(random.magnitude(50, 3000), () => {
      scene.coverage.fault('restarts from older storage')
      const again = scene.deviceFrom(memory)
      scene.story.tell(again.name, `begins with what ${device.name} had stored`)
      again.start()
    })
  })
}

const HARDSHIPS: readonly Hardship[] = [
  clockForward,
  clockBack,
  throttle,
  freeze,
  slowLink,
  breakingLink,
  mangle,
  restartRendezvous,
  slowNewcomer,
  refuseWrites,
]
