/**
 * What there is to be struck: the devices of a schedule, and who of them is where.
 */
import type { Coverage } from '../oracle/coverage.js'
import type { Story } from '../oracle/story.js'
import type { Random } from '../random.js'
import type { Device, DeviceMemory } from './device.js'
import type { OneWayNetwork } from './one-way-network.js'
import type { Plan } from './plan.js'

export interface Scene {
  readonly plan: Plan
  readonly random: Random
  readonly network: OneWayNetwork
  readonly coverage: Coverage
  readonly story: Story
  readonly devices: readonly Device[]
  isPartitioned: boolean
  readonly now: number
  /** A new device, or nobody if the room is full. */
  newDevice(): Device | undefined
  /** A process that begins with what was stored of another one. */
  deviceFrom(memory: DeviceMemory): Device
  after(ms: number, task: () => void): void
}

/** Who takes care of time. */
export interface Clockwork {
  /** In peace nobody dies any more. */
  readonly isCalm: boolean
  after(ms: number, task: () => void): void
}

export type Strike = (scene: Scene) => void

export const on = ({ devices }: Scene) =>
  devices.filter((device) => device.state === 'on' && !device.transport.wakefulness.sleeps)
export const members = (scene: Scene) => on(scene).filter((device) => device.isMember)
