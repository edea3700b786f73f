/**
 * What tests of absent members share: people with a browser process each, so that one can be killed or stopped alone.
 *
 * Times are shortened, so that a test need not last as long as a room's patience does.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BrowserLab, BrowserProcess, TestPage } from '../harness/index.js'
import { type RunningSignaling, startSignaling, until } from '../room-lab.js'

export type Page = TestPage<typeof import('../pages/absent-room.js')>

const PAGE = new URL('../pages/absent-room.ts', import.meta.url)

export interface Person {
  readonly browser: BrowserProcess
  readonly page: Page
}

export interface Timing {
  readonly suspectAfterMs: number
  readonly forkAfterMs: number
}

export const TIMING: Timing = { suspectAfterMs: 2000, forkAfterMs: 4000 }

/** The signaling server and the profiles of one test. */
export class Place {
  private readonly signaling: RunningSignaling
  private readonly folders: string[] = []

  private constructor(signaling: RunningSignaling) {
    this.signaling = signaling
  }

  static async open(): Promise<Place> {
    return new Place(await startSignaling())
  }

  async newProfile(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'tidemark-absence-'))
    this.folders.push(folder)
    return folder
  }

  /** @param profile where the document is stored; without one it is not stored. */
  async arrive(lab: BrowserLab, { profile, timing }: { profile?: string; timing?: Timing } = {}) {
    const browser = await lab.launch(profile)
    const [page] = await lab.open<typeof import('../pages/absent-room.js')>(PAGE, { browser })
    if (!page) throw new Error('no page was opened')
    await this.enter(page, { isStored: profile !== undefined, ...(timing && { timing }) })
    return { browser, page } satisfies Person
  }

  async enter(page: Page, { isStored = false, timing = TIMING } = {}): Promise<void> {
    await page.call('join', { signaling: this.signaling.url, ...timing, isStored })
  }

  async close(): Promise<void> {
    await this.signaling.stop()
    for (const folder of this.folders.splice(0)) {
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    }
  }
}

export async function idOf(page: Page): Promise<string> {
  const { replicaId } = await page.call('state')
  if (replicaId === undefined) throw new Error(`${page.name} is nobody yet`)
  return replicaId
}

/** Pulls the cable: links break, and the signaling server can not be reached. */
export async function takeOffline(page: Page): Promise<void> {
  await page.page.context().setOffline(true)
  await page.call('cutOff')
}

export async function bringBack(page: Page): Promise<void> {
  await page.page.context().setOffline(false)
}

/** What a page without a network complains of is expected; it is all that a test may overlook. */
export function takeErrorsButOffline(page: Page): string[] {
  return page.takeErrors().filter((error) => !error.includes('ERR_INTERNET_DISCONNECTED'))
}

export async function untilTogether(pages: readonly Page[], timeoutMs = 60_000): Promise<void> {
  const states = () => Promise.all(pages.map((page) => page.call('state')))
  const isTogether = async () => {
    const all = await states()
    const contents = await Promise.all(pages.map((page) => page.call('content')))
    return (
      all.every(
        (state) => state.synced && state.members.length === pages.length && state.logOperations === 0,
      ) && new Set(contents).size === 1
    )
  }
  await until('all are together, with the same content and empty logs', isTogether, {
    timeoutMs,
    describe: states,
  })
}

export const times = (content: string, token: string) => content.split(token).length - 1

/** The numbers behind a name, in the order of the text: `typeOn` counts from 0. */
export function numbersOf(content: string, name: string): number[] {
  const tokens = content.split(';').filter((token) => token.startsWith(name))
  return tokens.map((token) => Number(token.slice(name.length)))
}

export const upTo = (last: number) => Array.from({ length: last + 1 }, (_, i) => i)
