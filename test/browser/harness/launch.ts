/**
 * Starts browser processes whose process id is known, so that a test can kill one as a crash or an empty
 * battery would: without a goodbye to anyone.
 */
import { networkInterfaces } from 'node:os'
import { type Browser, type BrowserContext, chromium } from 'playwright-core'
import { ensureChromium } from '../../../scripts/chromium.mjs'

const FLAGS = [
  // The pages are our own, and containers rarely allow what the sandbox needs.
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export interface BrowserProcess {
  readonly browser: Browser
  readonly pid: number
  /** Of the profile, if it was launched with one: its pages share what they store. */
  readonly context?: BrowserContext
  /** Whether `kill` was called. */
  readonly killed: boolean
  /** Stops all its processes, as the lid of a laptop does; `resume` lets them go on. */
  suspend(): Promise<void>
  resume(): void
  /** Ends the process at once (SIGKILL) and resolves when it is gone. No page runs any more code. */
  kill(): Promise<void>
  close(): Promise<void>
}

/** @param profile a folder whose storage outlives the browser. */
export async function launchBrowser(profile?: string): Promise<BrowserProcess> {
  warnOfMissingNetwork()
  const options = { executablePath: await ensureChromium(), args: FLAGS }
  const context = profile === undefined ? undefined : await chromium.launchPersistentContext(profile, options)
  const browser = context === undefined ? await chromium.launch(options) : context.browser()
  if (!browser) throw new Error('The profile has no browser.')
  const pid = await findPid(browser)
  let killed = false
  let suspended: readonly number[] = []
  return {
    browser,
    pid,
    ...(context && { context }),
    get killed() {
      return killed
    },
    async suspend() {
      suspended = (await processesOf(browser)).map(({ id }) => id)
      for (const id of suspended) process.kill(id, 'SIGSTOP')
    },
    resume() {
      for (const id of suspended) process.kill(id, 'SIGCONT')
    },
    async kill() {
      killed = true
      const gone = new Promise((resolve) => browser.once('disconnected', resolve))
      process.kill(pid, 'SIGKILL')
      await gone
    },
    close: () => browser.close(),
  }
}

async function processesOf(browser: Browser) {
  const session = await browser.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  await session.detach()
  return processInfo
}

async function findPid(browser: Browser): Promise<number> {
  const main = (await processesOf(browser)).find(({ type }) => type === 'browser')
  if (!main) throw new Error('Chromium does not list its main process.')
  return main.id
}

/** Without this hint all that shows is a connection that never opens. */
function warnOfMissingNetwork(): void {
  const outside = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  if (outside.some(({ internal }) => !internal)) return
  console.warn('Only the loopback interface is up: Chromium gathers no WebRTC candidates on it.')
}
