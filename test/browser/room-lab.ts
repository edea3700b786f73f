/**
 * What tests of rooms share: a real signaling server, and waiting for conditions with a word on what was awaited.
 */
import { createSignalingServer, type SignalingServer } from 'tidemark-signaling'
import type { BrowserLab, TestPage } from './harness/index.js'

export type RoomPage = TestPage<typeof import('./pages/room.js')>

const ROOM_PAGE = new URL('./pages/room.ts', import.meta.url)

export interface RunningSignaling {
  readonly url: string
  readonly port: number
  stop(): Promise<void>
}

/** @param port 0 for any. No grace period: these servers know that no room is older than they are. */
export async function startSignaling(port = 0, graceMs = 0): Promise<RunningSignaling> {
  const server: SignalingServer = createSignalingServer({ graceMs })
  const listening = await server.listen(port, '127.0.0.1')
  return { url: `http://127.0.0.1:${listening.port}`, port: listening.port, stop: () => server.close() }
}

export async function openRoom(
  lab: BrowserLab,
  count: number,
  signaling: string,
  options: { readonly room?: string; readonly password?: string | undefined } = {},
): Promise<RoomPage[]> {
  const pages = await lab.open<typeof import('./pages/room.js')>(ROOM_PAGE, { count })
  for (const page of pages) {
    await page.call('join', { signaling, ...options })
    await until(`${page.name} is synced`, async () => (await page.call('state')).synced)
  }
  return pages
}

export async function openPages(lab: BrowserLab, count: number): Promise<RoomPage[]> {
  return await lab.open<typeof import('./pages/room.js')>(ROOM_PAGE, { count })
}

/** Waits until `condition` holds; the error says what did not happen, and what `describe` sees. */
export async function until(
  what: string,
  condition: () => Promise<boolean>,
  { timeoutMs = 30_000, describe = async (): Promise<unknown> => '' } = {},
): Promise<void> {
  const end = Date.now() + timeoutMs
  while (!(await condition())) {
    if (Date.now() > end)
      throw new Error(`not within ${timeoutMs} ms: ${what} ${JSON.stringify(await describe())}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Every page has an empty log, and the same snapshot point. */
export async function untilSettled(pages: readonly RoomPage[], timeoutMs = 60_000): Promise<void> {
  const states = () => Promise.all(pages.map((page) => page.call('state')))
  const isSettled = async () => {
    const all = await states()
    return all.every((state) => {
      const agrees = state.snapshotPoint === all[0]?.snapshotPoint && state.members === all[0]?.members
      return (
        state.synced &&
        agrees &&
        state.logOperations === 0 &&
        state.waiting === 0 &&
        state.blockedBy.length === 0
      )
    })
  }
  await until('all logs are empty', isSettled, { timeoutMs, describe: states })
}
