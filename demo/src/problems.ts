/** Watches for what goes wrong and says what to do about it. */
import { PasswordError, SignalingError } from 'tidemark'
import type { Room } from './room/room.js'
import { bytes } from './wording.js'

/** A server that runs answers at once. */
const PATIENCE_WITH_SERVER_MS = 1500
/** Whoever comes first waits some seconds to be sure that nobody else is there. */
const PATIENCE_WITH_MEMBERS_MS = 10_000
const CHECK_INTERVAL_MS = 1000

const ORPHANED =
  'You were away for so long that your edits no longer fit into the others’ document, which is shown now.'

const PASSWORD = ' It stands at the end of the address: #room&password=…'

export interface Remedy {
  readonly label: string
  readonly run: () => void
}

/** Tells the reader; what is lasting stays until it is taken back by the function that is returned. */
type Report = (message: string, options?: { isLasting?: boolean; remedy?: Remedy }) => () => void

export function watchForProblems(room: Room, signaling: string, report: Report): void {
  room.provider.on('error', (error) => {
    // What that means for somebody who waits is said below; for everybody else it means nothing.
    if (error instanceof SignalingError) return
    if (error instanceof PasswordError)
      return void report(`${error.message}.${PASSWORD}`, { isLasting: true })
    report(`${error.message} Editing goes on; if tabs stay different, reload this one.`)
  })
  room.provider.on('members', ({ evicted }) => {
    for (const replica of evicted) {
      const name = room.view.authors.get(replica)?.name ?? 'Somebody'
      report(
        `${name} did not answer and was evicted. What it had sent is here; if it comes back, its other edits come with it.`,
      )
    }
  })
  room.provider.on('returned', ({ carried }) => {
    if (carried > 0) report(`Back in the room: what you changed meanwhile (${bytes(carried)}) came along.`)
  })
  room.provider.on('orphaned', ({ document }) => {
    const copy = document.getText('text').toString()
    const remedy = { label: 'Save my copy', run: () => save(`${room.provider.roomName}.txt`, copy) }
    report(ORPHANED, { isLasting: true, remedy })
  })
  addEventListener('hashchange', () => location.reload())
  watchConnecting(room, signaling, report)
}

function save(name: string, content: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([content], { type: 'text/plain' }))
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}

/** Says why connecting takes so long, for as long as it does. */
function watchConnecting(room: Room, signaling: string, report: Report): void {
  let sinceMs: number | undefined
  let shown: string | undefined
  let takeBack = () => {}
  setInterval(async () => {
    if (room.view.status !== 'connecting') {
      sinceMs = undefined
      shown = undefined
      takeBack()
      return
    }
    sinceMs ??= performance.now()
    const message = await explanation(signaling, performance.now() - sinceMs)
    if (sinceMs === undefined || message === shown) return
    takeBack()
    shown = message
    takeBack = message === undefined ? () => {} : report(message, { isLasting: true })
  }, CHECK_INTERVAL_MS)
}

async function explanation(signaling: string, elapsedMs: number): Promise<string | undefined> {
  if (elapsedMs < PATIENCE_WITH_SERVER_MS) return undefined
  const isReachable = await fetch(new URL('/health', signaling), { mode: 'no-cors' }).then(
    () => true,
    () => false,
  )
  if (!isReachable) {
    return `The signaling server at ${signaling} does not answer. Start it with “npm start”; this page tries again by itself.`
  }
  if (elapsedMs < PATIENCE_WITH_MEMBERS_MS) return undefined
  return 'No other tab answers yet. It keeps trying; what you type stays here and is merged later.'
}
