/**
 * Troubles that come together, and are too much of a coincidence to wait for: those in which the rules of evictions
 * make a difference (docs/protocol.md, EV1 to EV7). Each is only tried: whether it comes about is up to the room.
 */
import type { Device } from './device.js'
import type { Plot } from './plan.js'
import { members, on, type Scene, type Strike } from './scene.js'

/** Somebody is to be let in within this time. */
const JOIN_MS = 1500
const HOUR_MS = 3_600_000

/** Until a message has most likely arrived. */
export const tripMs = ({ plan, random }: Scene) =>
  (plan.network.latencyMs + plan.network.jitterMs * random.real() + plan.slownessMs * random.real()) *
  random.magnitude(0.5, 3)

export const shuffled = (scene: Scene, devices: readonly Device[]): Device[] =>
  devices
    .map((device) => ({ device, key: scene.random.real() }))
    .sort((a, b) => a.key - b.key)
    .map(({ device }) => device)

/** Nothing passes from these to those. @returns what lets it pass again. */
export function block(scene: Scene, from: readonly Device[], to: readonly Device[]): () => void {
  const names = (devices: readonly Device[]) => devices.map(({ name }) => name).join(' ')
  const ends = { from: from.map(({ name }) => name), to: to.map(({ name }) => name) }
  scene.story.tell('all', `nothing passes from ${names(from)} to ${names(to)}`, { kind: 'blocked', ...ends })
  const carriers = (devices: readonly Device[]) => devices.map(({ carrier }) => carrier)
  const unblock = scene.network.block(carriers(from), carriers(to))
  return () => {
    const told = `it passes again from ${names(from)} to ${names(to)}`
    scene.story.tell('all', told, { kind: 'unblocked', ...ends })
    unblock()
  }
}

/** For some time. */
function blockFor(scene: Scene, ms: number, from: readonly Device[], to: readonly Device[]): void {
  scene.after(ms, block(scene, from, to))
}

export function editNow(device: Device): void {
  if (device.state !== 'on' || device.transport.wakefulness.sleeps) return
  device.edit()
  device.handOver()
}

/** At the moment of an edit somebody waits for the others, so that it may propose at once. */
function accuse(scene: Scene, accuser: Device, accused: Device): void {
  const { replica } = accused.session
  if (!accuser.isMember || accuser.transport.wakefulness.sleeps || !replica) return
  editNow(accuser)
  scene.story.tell(accuser.name, `accuses ${replica.id}`, { kind: 'accuses', whom: replica.id })
  scene.coverage.fault('accusations')
  accuser.session.accuse(replica.id)
}

/** Two halves, none of them empty. */
function halves(scene: Scene, devices: readonly Device[]): readonly [Device[], Device[]] {
  const order = shuffled(scene, devices)
  const at = scene.random.between(1, Math.max(1, order.length - 1))
  return [order.slice(0, at), order.slice(at)]
}

/** Several propose at once or soon after each other, and whom differs; what was promised or accepted is not known to all. */
const duel: Strike = (scene) => {
  const { random } = scene
  const room = shuffled(scene, members(scene))
  if (room.length < 3) return
  const forMs = random.magnitude(2, 30) * (tripMs(scene) + 10)
  const deafness = random.magnitude(0.1, 0.6)
  for (const from of room) {
    for (const to of room) {
      if (from === to || !random.chance(deafness)) continue
      const sinceMs = random.chance(0.4) ? 0 : random.real() * forMs
      scene.after(sinceMs, () => blockFor(scene, forMs * random.magnitude(0.1, 1), [from], [to]))
    }
  }
  const isAtOnce = random.chance(0.4)
  for (const [index, proposer] of room.slice(0, random.between(2, 3)).entries()) {
    const accused = random.pick(room.filter((device) => device !== proposer && device !== room[index - 1]))
    if (!accused) continue
    const times = random.between(1, 3)
    for (let i = 0; i < times; i++)
      scene.after(isAtOnce && i === 0 ? 0 : random.real() * forMs, () => accuse(scene, proposer, accused))
  }
}

/** What somebody said last has reached one other only, who is slow to pass it on, while the others give the first one up. */
const lastWords: Strike = (scene) => {
  const { random } = scene
  const [speaker, confidant, ...others] = shuffled(scene, members(scene))
  if (!speaker || !confidant || others.length === 0) return
  const heardAgain = block(scene, [speaker], others)
  for (let words = random.between(1, 3); words > 0; words--) editNow(speaker)
  const heardMs = tripMs(scene)
  const silence = random.real()
  scene.after(heardMs, () => {
    if (silence < 0.3 && speaker.state === 'on') speaker.crash()
    else if (silence < 0.6) speaker.transport.wakefulness.sleep()
    else blockFor(scene, random.magnitude(1000, 8000), [speaker], [confidant])
  })
  // The confidant may take part in the agreement, and be held up only afterwards.
  const heldFromMs = random.chance(0.5) ? 0 : heardMs + tripMs(scene)
  scene.after(heldFromMs, () => blockFor(scene, random.magnitude(50, 5000), [confidant], others))
  const accusers = others.slice(0, random.between(1, 2))
  for (const accuser of accusers)
    scene.after(heardMs * 2 * random.real(), () => accuse(scene, accuser, speaker))
  scene.after(heardMs + random.magnitude(500, 10_000), () => {
    heardAgain()
    speaker.transport.wakefulness.wake()
  })
}

/** Somebody is let in by a member that the others are about to evict, and meets one of them before it is done. */
const doomedSponsor: Strike = (scene) => {
  const { random } = scene
  const [sponsor, met, late, ...others] = shuffled(scene, members(scene))
  const newcomer = scene.newDevice() ?? random.pick(scene.devices.filter(({ state }) => state === 'off'))
  if (!sponsor || !met || !newcomer) return
  const rest = late ? [late, ...others] : others
  const unblocks = [
    block(scene, [newcomer], rest),
    block(scene, rest, [newcomer]),
    block(scene, [sponsor], [met, ...rest]),
  ]
  const meets = [block(scene, [newcomer], [met]), block(scene, [met], [newcomer])]
  newcomer.start()
  scene.coverage.fault('joins')
  const accusedMs = random.real() * JOIN_MS
  const meetsMs = accusedMs + random.magnitude(0.5, 5) * (tripMs(scene) + 100)
  for (const accuser of [met, ...others].slice(0, random.between(1, 2)))
    scene.after(accusedMs + random.real() * tripMs(scene), () => accuse(scene, accuser, sponsor))
  // The eviction takes its time: one fence is missing. Nor does it get around what the newcomer tells.
  const lateMs = random.magnitude(1000, 8000)
  if (late) {
    const fromMs = accusedMs + (random.chance(0.5) ? 0 : 2 * tripMs(scene))
    scene.after(fromMs, () => blockFor(scene, lateMs, [late], [met, ...others]))
  }
  scene.after(meetsMs, () => {
    for (const unblock of meets) unblock()
    editNow(newcomer)
    if (random.chance(0.7)) blockFor(scene, lateMs * random.magnitude(0.5, 2), [met], rest)
    if (random.chance(0.3) && sponsor.state === 'on') sponsor.transport.wakefulness.sleep()
  })
  scene.after(meetsMs + random.magnitude(1000, 10_000), () => {
    for (const unblock of unblocks) unblock()
    sponsor.transport.wakefulness.wake()
  })
}

/** One side hears the other, which does not hear it. */
const oneWayPartition: Strike = (scene) => {
  const { random } = scene
  const here = on(scene)
  if (here.length < 2) return
  const [from, to] = halves(scene, here)
  scene.coverage.fault('one-way partitions')
  blockFor(scene, random.magnitude(200, 8000), from, to)
  if (random.chance(0.5)) return
  const [accuser, accused] = [random.pick(to), random.pick(from)]
  if (accuser && accused) scene.after(tripMs(scene), () => accuse(scene, accuser, accused))
}

/** Both sides give up the other one. */
function accuseAcross(scene: Scene, left: readonly Device[], right: readonly Device[]): void {
  const { random } = scene
  for (const [side, other] of [[left, right] as const, [right, left] as const]) {
    const accuser = random.pick(side.filter(({ isMember }) => isMember))
    if (!accuser || random.chance(0.2)) continue
    for (const accused of other) accuse(scene, accuser, accused)
  }
}

/** The room has just grown and one side does not know yet that all know of it, when it falls apart. */
const splitAfterJoins: Strike = (scene) => {
  const { random } = scene
  const here = on(scene)
  if (here.length < 2) return
  for (let count = random.between(1, 3); count > 0; count--) {
    const device = scene.newDevice() ?? random.pick(scene.devices.filter(({ state }) => state === 'off'))
    if (!device) break
    device.start()
    scene.coverage.fault('joins')
  }
  const elders = here.slice(0, random.between(1, here.length))
  scene.after(random.real() * JOIN_MS, () => {
    const others = on(scene).filter((device) => !elders.includes(device))
    if (others.length === 0) return
    const [from, to] = random.chance(0.5) ? [elders, others] : [others, elders]
    const forMs = random.magnitude(2000, 15_000)
    scene.coverage.fault('one-way partitions')
    blockFor(scene, forMs, from, to)
    scene.after(random.chance(0.3) ? 0 : random.magnitude(50, 2000), () => {
      blockFor(scene, forMs, to, from)
      accuseAcross(scene, elders, others)
      scene.after(random.magnitude(100, 2000), () => accuseAcross(scene, elders, others))
    })
  })
}

/** Both sides of a partition go on, and let others in. */
const growApart: Strike = (scene) => {
  const { random } = scene
  const here = on(scene)
  if (here.length < 2) return
  const sides = halves(scene, here)
  const growing = sides.map((side) => {
    const device = scene.newDevice() ?? random.pick(scene.devices.filter(({ state }) => state === 'off'))
    if (!device || sides.some((other) => other.includes(device))) return undefined
    side.push(device)
    return device
  })
  const [left, right] = sides
  const forMs = random.magnitude(2000, 15_000)
  blockFor(scene, forMs, left, right)
  blockFor(scene, forMs, right, left)
  for (const device of growing) {
    if (device?.state !== 'off') continue
    device.start()
    scene.coverage.fault('joins')
  }
  scene.after(random.magnitude(100, 2000), () => accuseAcross(scene, left, right))
  scene.after(forMs * 0.9, () => {
    const letIn = growing.filter((device) => device?.isMember && scene.now - device.joinedAt < forMs)
    if (letIn.length === 2) scene.coverage.met('both sides of a partition let somebody in')
    accuseAcross(scene, left, right)
  })
}

/** A night: all or some sleep, and by their own clocks hours or days have gone by when they wake, one after the other. */
const longSleep: Strike = (scene) => {
  const { random } = scene
  const here = on(scene)
  const sleepers = random.chance(0.5) ? here : here.filter(() => random.chance(0.5))
  const sleptMs = random.magnitude(HOUR_MS, 72 * HOUR_MS)
  for (const device of sleepers) {
    const { wakefulness } = device.transport
    wakefulness.sleep()
    scene.story.tell(device.name, `falls asleep for ${Math.round(sleptMs / HOUR_MS)} hours`)
    scene.coverage.fault('long sleeps')
    scene.after(random.magnitude(50, 10_000), () => {
      if (!wakefulness.sleeps) return
      scene.story.tell(device.name, 'wakes')
      wakefulness.wake(sleptMs)
    })
  }
}

/** A process dies and begins anew with what was stored a while before, as somebody else. */
const relapse: Strike = (scene) => {
  const { random } = scene
  const device = random.pick(members(scene))
  const memory = device?.store()
  if (!device || !memory || scene.devices.length > scene.plan.maxDevices + 2) return
  const forMs = random.magnitude(200, 8000)
  for (let edits = random.between(0, 3); edits > 0; edits--) {
    scene.after(random.real() * forMs, () => {
      if (random.chance(0.7)) editNow(device)
      else if (device.state === 'on' && !device.transport.wakefulness.sleeps) device.edit()
    })
  }
  scene.after(forMs, () => {
    if (device.state !== 'on') return
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

export const PLOTS: Readonly<Record<Plot, Strike>> = {
  duel,
  'last words': lastWords,
  'doomed sponsor': doomedSponsor,
  'one-way partition': oneWayPartition,
  'split after joins': splitAfterJoins,
  'grow apart': growApart,
  'long sleep': longSleep,
  relapse,
}
