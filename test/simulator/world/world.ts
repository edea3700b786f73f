/**
 * One schedule: devices that edit and join while things go wrong, then peace, then the question whether everything
 * that must hold does.
 */
import { VirtualScheduler } from 'tidemark/testing'
import type { MakeModel } from '../models/model.js'
import { makeNumberedSet } from '../models/numbered-set-model.js'
import { makeTokenSet } from '../models/token-set.js'
import { TokenBook } from '../models/tokens.js'
import { makeYjsDocument } from '../models/yjs-document.js'
import type { Chronicle } from '../oracle/chronicle.js'
import { Coverage } from '../oracle/coverage.js'
import { Oracle } from '../oracle/oracle.js'
import { Story } from '../oracle/story.js'
import { Violation } from '../oracle/violation.js'
import { Random } from '../random.js'
import { calmed, SOON } from '../shrink/calming.js'
import { AS_DRAWN, type Choices, PAUSE } from '../shrink/choices.js'
import { arrangeClashes } from './clashes.js'
import { Device, type DeviceMemory, type Stage } from './device.js'
import { Hardships, hardened } from './hardships.js'
import { OneWayNetwork } from './one-way-network.js'
import { Peace } from './peace.js'
import { MESSAGE, type Plan, type Trouble } from './plan.js'
import { planOf } from './struggles.js'
import { STRIKES } from './troubles.js'

export interface Outcome {
  readonly seed: number
  readonly devices: number
  /** It was stopped because it took more steps than it may. */
  readonly isUnfinished: boolean
  readonly plan: Plan
  readonly coverage: Coverage
  readonly violation: Violation | undefined
  readonly hash: string
  readonly steps: number
  readonly virtualMs: number
  readonly lines: readonly string[]
  /** If the story is told. */
  readonly chronicle: Chronicle | undefined
}

export interface Options {
  /** Whether story and chronicle are kept. */
  readonly isTold?: boolean
  /** Whether members that are silent are suspected, and evicted. */
  readonly evicts?: boolean
  /** Whether members sign what they say. Statements have a size, so a seed means another schedule then. */
  readonly signs?: boolean
  /** To remember what is drawn, or to repeat it. */
  readonly choices?: Choices
  readonly maxSteps?: number
}

/** More tasks than any schedule needs: what goes on longer goes on for ever. */
const MAX_STEPS = 1_000_000

export class World implements Stage {
  readonly plan: Plan
  readonly random: Random
  readonly choices: Choices
  readonly signs: boolean
  private readonly hardships: Hardships
  readonly coverage = new Coverage()
  readonly book = new TokenBook()
  readonly story: Story
  readonly scheduler = new VirtualScheduler()
  readonly network: OneWayNetwork
  readonly oracle: Oracle
  readonly devices: Device[] = []
  readonly makeModel: MakeModel
  /** Messages sent so far that are not heartbeats. */
  talk = 0
  probes = 0
  steps = 0
  /** The troubled part is over. */
  isCalm = false
  private parted = false
  private readonly maxSteps: number
  private violation: Violation | undefined

  constructor(seed: number, options: Options) {
    const { isTold = false, evicts = true, signs = false, choices = AS_DRAWN, maxSteps } = options
    this.signs = signs
    this.choices = choices
    this.maxSteps = maxSteps ?? MAX_STEPS
    this.plan = calmed(hardened(planOf(seed, evicts)), choices.cuts.calmed)
    this.random = new Random(seed, 1, choices.draws)
    const { structure, compaction } = this.plan
    const makeTokens = compaction === 'full' ? makeNumberedSet : makeTokenSet
    this.makeModel = structure === 'yjs' ? makeYjsDocument : makeTokens
    this.story = new Story(() => this.scheduler.now(), isTold)
    this.oracle = new Oracle(this.book, this.coverage, this.story)
    const { scheduler } = this
    this.network = new OneWayNetwork({ seed, scheduler, ...this.plan.network }, choices, this.coverage)
    this.hardships = new Hardships(this.plan, choices)
  }

  run(): Outcome {
    try {
      this.trouble()
      new Peace(this).make()
    } catch (error) {
      this.fail(error instanceof Error ? error : new Error(String(error)))
    }
    const { plan, coverage, violation, story, steps } = this
    for (const { voidCuts } of this.oracle.ledgers.values()) coverage.met('cut void', voidCuts)
    if (violation) story.tell('!', violation.message, { kind: 'violation' })
    const { hash, lines, chronicle } = story
    const virtualMs = this.scheduler.now()
    return {
      seed: plan.seed,
      devices: this.devices.length,
      isUnfinished: steps > this.maxSteps,
      plan,
      coverage,
      violation,
      hash,
      steps,
      virtualMs,
      lines,
      chronicle,
    }
  }

  // ------------------------------------------------------------------ for devices

  onSent = (type: number): void => {
    if (type !== MESSAGE.heartbeat) this.talk++
    if (type === MESSAGE.probe) this.probes++
  }

  isPartitioned(): boolean {
    return this.parted
  }

  joinBegins(sponsor: Device): void {
    const { plan, random } = this
    if (this.isCalm) return
    if (plan.napMs > 0 && random.chance(0.5)) {
      sponsor.transport.wakefulness.sleep()
      this.coverage.fault('sleeps')
      this.after(plan.napMs, () => {
        if (sponsor.state === 'on') sponsor.edit()
        sponsor.transport.wakefulness.wake()
      })
    }
    if (!random.chance(plan.ambushRate)) return
    const trouble = random.pick(plan.ambushes)
    const roundTripMs = 2 * (plan.network.latencyMs + plan.network.jitterMs / 2 + plan.slownessMs) + 1
    this.after(random.real() * 3 * roundTripMs, () => {
      if (trouble && !this.isCalm) STRIKES[trouble](this.scene)
    })
  }

  excuses(reason: string): boolean {
    return this.hardships.excuses(reason)
  }

  cutBegins(): void {
    this.hardships.cutBegins(() => this.scene, this)
  }

  fail(error: Error): void {
    if (this.violation) return
    this.violation =
      error instanceof Violation ? error : new Violation('no broken invariants', error.stack ?? error.message)
  }

  // ------------------------------------------------------------------ time

  after(ms: number, task: () => void): void {
    const { choices } = this
    const part = choices.part('.')
    if (choices.keeps(part)) this.scheduler.at(this.scheduler.now() + ms, () => choices.within(part, task))
  }

  /** Runs until `time`; throws at the first violation. */
  runUntil(time: number): void {
    for (
      let next = this.scheduler.nextTime;
      next !== undefined && next <= time;
      next = this.scheduler.nextTime
    ) {
      this.scheduler.step()
      if (this.violation) throw this.violation
      if (++this.steps > this.maxSteps) throw new Violation('liveness', `no end after ${this.maxSteps} steps`)
    }
    this.scheduler.advance(time - this.scheduler.now())
  }

  // ------------------------------------------------------------------ the troubled part

  newDevice(): Device | undefined {
    return this.devices.length >= this.plan.maxDevices ? undefined : this.addDevice(undefined)
  }

  private addDevice(memory: DeviceMemory | undefined): Device {
    const device = new Device(`d${this.devices.length + 1}`, this, memory)
    // Peace has come meanwhile for one that begins with what another one had stored.
    device.transport.isCalm = this.isCalm
    device.guests = () => this.devices.filter((other) => other.isJoining && other.isGuestOf(device))
    this.devices.push(device)
    return device
  }

  private trouble(): void {
    const { plan, random, choices, scheduler } = this
    for (let i = 0; i < plan.early; i++) {
      const part = `e${i}`
      if (!choices.keeps(part)) continue
      const ms = choices.within(part, () => random.real() * 1000)
      scheduler.at(ms, () => choices.within(part, () => STRIKES.join(this.scene)))
    }
    this.hardships.begin(() => this.scene, this)
    arrangeClashes(plan, choices, () => this.scene, this)
    const { kept, calmed } = choices.cuts
    const last = Math.max(
      -1,
      ...[...(kept ?? [])].map((part) => (part[0] === 't' ? Number(part.slice(1)) : -1)),
    )
    for (let turn = 0; ; turn++) {
      if (turn > last && calmed.has(SOON)) return
      const pauseMs = choices.within('pace', () => random.exponential(plan.meanTurnMs))
      const next = scheduler.now() + (choices.keeps(`${PAUSE}${turn}`) ? pauseMs : 0)
      if (next > plan.activeMs) break
      this.runUntil(next)
      const part = `t${turn}`
      if (choices.keeps(part)) choices.within(part, () => this.turn())
      if (this.violation) throw this.violation
    }
    this.runUntil(plan.activeMs)
  }

  private turn(): void {
    if (this.random.chance(this.plan.editShare)) this.random.pick(this.editors())?.edit()
    else STRIKES[this.drawTrouble()](this.scene)
  }

  /** Users edit offline as well as online. */
  private editors(): Device[] {
    return this.devices.filter(({ state, transport }) => state !== 'crashed' && !transport.wakefulness.sleeps)
  }

  private drawTrouble(): Trouble {
    const weights = Object.entries(this.plan.weights) as [Trouble, number][]
    let left = this.random.real() * weights.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [trouble, weight] of weights) {
      left -= weight
      if (left < 0) return trouble
    }
    return 'join'
  }

  private get scene() {
    const world = this
    return {
      ...this.parts,
      get now() {
        return world.scheduler.now()
      },
      get isPartitioned() {
        return world.parted
      },
      set isPartitioned(isParted: boolean) {
        world.parted = isParted
      },
    }
  }

  private get parts() {
    const { plan, random, network, coverage, story, devices } = this
    const newDevice = () => this.newDevice()
    const deviceFrom = (memory: DeviceMemory) => this.addDevice(memory)
    const after = (ms: number, task: () => void) => this.after(ms, task)
    return { plan, random, network, coverage, story, devices, newDevice, deviceFrom, after }
  }
}

export function runSchedule(seed: number, options: Options = {}): Outcome {
  return new World(seed, options).run()
}
