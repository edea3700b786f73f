/**
 * What can happen in a turn, and to whom. Each trouble returns whether it found a victim.
 */
import type { Device } from './device.js'
import type { Trouble } from './plan.js'
import { PLOTS } from './plots.js'
import { members, on, type Scene, type Strike } from './scene.js'

const sponsors = (scene: Scene) => on(scene).filter((device) => device.guests().length > 0)
const newcomers = (scene: Scene) => on(scene).filter((device) => device.isJoining)

const leave: Strike = (scene) => {
  const device = scene.random.pick(on(scene))
  if (!device) return
  device.stop()
  scene.coverage.fault('polite leaves')
}

/** Somebody survives, or nothing is left to look at. */
function crash(scene: Scene, candidates: readonly Device[]): void {
  const victim = scene.random.pick(candidates)
  if (!victim || on(scene).length < 2) return
  victim.crash()
  scene.coverage.fault('crashes')
}

function someLink(scene: Scene, device: Device | undefined): number | undefined {
  const links = device?.transport.session?.links
  return links && scene.random.pick([...links])
}

function cut(scene: Scene, device: Device | undefined): void {
  const link = someLink(scene, device)
  if (!device || link === undefined) return
  scene.story.tell(device.name, `loses its link ${link}`, { kind: 'loses link', link })
  scene.coverage.fault('links cut')
  device.transport.session?.cut(link)
}

export const STRIKES: Readonly<Record<Trouble, Strike>> = {
  ...PLOTS,
  join(scene) {
    const device = scene.newDevice()
    if (!device) return
    device.start()
    scene.coverage.fault('joins')
  },
  leave,
  'leave as sponsor'(scene) {
    const device = scene.random.pick(sponsors(scene))
    if (!device) return
    device.stop()
    scene.coverage.fault('polite leaves')
  },
  'leave as newcomer'(scene) {
    const device = scene.random.pick(newcomers(scene))
    if (!device) return
    device.stop()
    scene.coverage.fault('polite leaves')
  },
  'cut sponsor': (scene) => cut(scene, scene.random.pick(sponsors(scene))),
  return(scene) {
    const device = scene.random.pick(scene.devices.filter(({ state }) => state === 'off'))
    if (!device) return
    device.start()
    scene.coverage.fault('returns')
  },
  crash: (scene) => crash(scene, members(scene)),
  'crash sponsor': (scene) => crash(scene, sponsors(scene)),
  'crash newcomer': (scene) => crash(scene, newcomers(scene)),
  'cut link': (scene) => cut(scene, scene.random.pick(on(scene))),
  'mute link'(scene) {
    const device = scene.random.pick(on(scene))
    const session = device?.transport.session
    const link = someLink(scene, device)
    if (!device || !session || link === undefined) return
    scene.story.tell(device.name, `is not heard on its link ${link} for a while`, { kind: 'muted', link })
    scene.coverage.fault('links muted')
    session.muted.add(link)
    scene.after(scene.random.magnitude(100, 8000), () => {
      session.muted.delete(link)
      scene.story.note(device.name, `is heard again on its link ${link}`, { kind: 'unmuted', link })
    })
  },
  partition(scene) {
    const sides = [[], []] as [Device[], Device[]]
    for (const device of scene.devices) (scene.random.chance(0.5) ? sides[0] : sides[1]).push(device)
    if (sides[0].length === 0 || sides[1].length === 0) return
    scene.network.partition(...sides.map((side) => side.map(({ carrier }) => carrier)))
    scene.isPartitioned = true
    const names = sides.map((side) => side.map(({ name }) => name))
    const told = `are parted: ${names.map((side) => side.join(' ')).join(' | ')}`
    scene.story.tell('all', told, { kind: 'parted', sides: names })
    scene.coverage.fault('partitions')
  },
  heal(scene) {
    if (!scene.isPartitioned) return
    scene.network.heal()
    scene.isPartitioned = false
    scene.story.tell('all', 'are together again', { kind: 'together' })
  },
  outage(scene) {
    if (!scene.network.isRendezvousOpen) return
    scene.network.setRendezvous(false)
    scene.story.tell('all', 'lose the rendezvous', { kind: 'rendezvous', isOpen: false })
    scene.coverage.fault('rendezvous outages')
    scene.after(scene.random.magnitude(50, 8000), () => {
      scene.network.setRendezvous(true)
      scene.story.tell('all', 'have the rendezvous back', { kind: 'rendezvous', isOpen: true })
    })
  },
  sleep(scene) {
    const device = scene.random.pick(on(scene))
    if (!device) return
    const { wakefulness } = device.transport
    wakefulness.sleep()
    scene.story.tell(device.name, 'falls asleep')
    scene.coverage.fault('sleeps')
    scene.after(scene.random.magnitude(100, 20_000), () => {
      if (!wakefulness.sleeps) return
      scene.story.tell(device.name, 'wakes')
      wakefulness.wake()
    })
  },
  burst(scene) {
    const device = scene.random.pick(on(scene))
    if (!device) return
    for (let i = scene.random.between(5, 30); i > 0; i--) device.edit()
  },
  restart(scene) {
    const device = scene.random.pick(scene.devices.filter(({ state }) => state === 'crashed'))
    if (!device) return
    device.restart()
    scene.coverage.fault('restarts after a crash')
  },
  accuse(scene) {
    for (let accusers = scene.random.between(1, 3); accusers > 0; accusers--) {
      const device = scene.random.pick(members(scene))
      const { replica } = device?.session ?? {}
      const victim = scene.random.pick(replica?.members.filter((member) => member !== replica.id) ?? [])
      if (!device || victim === undefined) return
      scene.story.tell(device.name, `accuses ${victim}`, { kind: 'accuses', whom: victim })
      scene.coverage.fault('accusations')
      device.session.accuse(victim)
    }
  },
  compact(scene) {
    const device = scene.random.pick(members(scene))
    if (!device) return
    device.compact()
    scene.coverage.fault('cuts asked for')
  },
}
