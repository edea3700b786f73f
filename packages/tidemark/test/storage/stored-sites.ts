/** What happens to sites that store their document, over a network in memory. */
import type { DocumentStorage, MemoryStorage, RoomStore } from 'tidemark'
import { expect } from 'vitest'
import type { Site } from '../room.js'
import { room } from '../room-of-each-test.js'

/** Lets virtual time pass, and promises take their turns in between. */
export async function pass(ms = 5000): Promise<void> {
  for (let left = ms; left > 0; left -= 20) {
    room.settle(Math.min(20, left))
    await new Promise((resolve) => setImmediate(resolve))
  }
}

export async function until(isSo: () => boolean, patienceMs = 60_000): Promise<void> {
  for (let waited = 0; !isSo(); waited += 20) {
    if (waited > patienceMs) throw new Error(`waited in vain for ${isSo}`)
    await pass(20)
  }
}

export async function cut(site: Site): Promise<void> {
  const { epoch } = site.provider
  site.provider.compact().catch(() => {})
  await until(() => site.provider.epoch > epoch)
  await pass()
}

export async function saved({ provider }: Site): Promise<void> {
  let isSaved = false
  const saving = provider.whenSaved().then(() => {
    isSaved = true
  })
  await until(() => isSaved)
  await saving
}

/** As if the process had died: nobody is told, and only what was written is left. */
export function crash(site: Site, storage: MemoryStorage): MemoryStorage {
  const left = storage.asAfterCrash()
  room.network.crash(site.transport)
  site.provider.destroy()
  return left
}

export const texts = (...sites: Site[]) => sites.map(({ text }) => text.toString())

/** Text that can not be packed to much less. */
export function noise(length: number): string {
  let state = length
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return 33 + ((state >>> 24) % 94)
  }
  return String.fromCharCode(...Array.from({ length }, next))
}

export function expectAgreement(...sites: Site[]): void {
  for (const site of sites) {
    expect(site.text.toString()).toBe(sites[0]?.text.toString())
    expect(site.errors).toEqual([])
    site.mirror.check()
  }
}

/** A place where writing fails while it is told to, but for partitions that were left behind. */
export function failing(storage: DocumentStorage) {
  const fault = { error: undefined as Error | undefined, writes: 0, until: Promise.resolve() }
  const watched = (store: RoomStore): RoomStore => ({
    load: () => store.load(),
    close: () => store.close(),
    append: (records) => attempt(() => store.append(records)),
    replace: (records) => attempt(() => store.replace(records)),
  })
  const attempt = (write: () => Promise<void>) => {
    fault.writes++
    return fault.error ? Promise.reject(fault.error) : fault.until.then(write)
  }
  const place: DocumentStorage = {
    open: async (name) => watched(await storage.open(name)),
    openLeftBehind: (name) => storage.openLeftBehind(name),
    look: (name) => storage.look(name),
  }
  return { place, fault }
}
