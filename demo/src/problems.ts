/** Watches for what goes wrong and says what to do about it. */
import type { Room } from './room/room.js'

/** Joining takes well below a second; after this long something is wrong. */
const PATIENCE_MS = 4000
const CHECK_INTERVAL_MS = 1000

/** Tells the reader; what is lasting stays until it is taken back by the function that is returned. */
type Report = (message: string, isLasting?: boolean) => () => void

export function watchForProblems(room: Room, signaling: string, report: Report): void {
  room.provider.on('error', (error) => {
    report(`${error.message} Editing goes on; if tabs stay different, reload this one.`)
  })
  addEventListener('hashchange', () => location.reload())
  watchConnecting(room, signaling, report)
}

/** Says why connecting takes so long, for as long as it does. */
function watchConnecting(room: Room, signaling: string, report: Report): void {
  let connectingSinceMs: number | undefined
  let isReported = false
  let takeBack = () => {}
  setInterval(async () => {
    if (room.view.status !== 'connecting') {
      connectingSinceMs = undefined
      isReported = false
      takeBack()
      return
    }
    connectingSinceMs ??= performance.now()
    if (isReported || performance.now() - connectingSinceMs < PATIENCE_MS) return
    isReported = true
    const message = await explanation(signaling)
    if (isReported) takeBack = report(message, true)
  }, CHECK_INTERVAL_MS)
}

async function explanation(signaling: string): Promise<string> {
  const isReachable = await fetch(new URL('/health', signaling), { mode: 'no-cors' }).then(
    () => true,
    () => false,
  )
  if (isReachable)
    return 'No other tab answers yet. It keeps trying; what you type stays here and is merged later.'
  return `The signaling server at ${signaling} does not answer. Start it with “npm start”; this page tries again by itself.`
}
