/** Starts the demo: joins the room in the address and puts the page together. */
import { TidemarkProvider } from 'tidemark'
import * as Y from 'yjs'
import 'uplot/dist/uPlot.min.css'
import './styles/index.css'
import { App } from './panels/app.js'
import { watchForProblems } from './problems.js'
import { Room } from './room/room.js'
import { loadSettings, passwordFromAddress, roomFromAddress, UNDO_HORIZON_MS } from './settings.js'
import { restoreTheme } from './theme.js'
import { TracePlayer } from './trace/trace-player.js'
import { makeMutable } from './trouble/muted-network.js'

/** For readers who look at the console, and for browser tests. */
export interface Exposed {
  readonly provider: TidemarkProvider
  readonly doc: Y.Doc
  readonly text: Y.Text
}

restoreTheme()
makeMutable()
try {
  await start()
} catch (error) {
  const notice = document.createElement('p')
  notice.className = 'fatal'
  notice.setAttribute('role', 'alert')
  notice.textContent = error instanceof Error ? error.message : String(error)
  document.body.replaceChildren(notice)
}

async function start(): Promise<void> {
  const { signaling } = await loadSettings()
  const doc = new Y.Doc()
  const text = doc.getText('text')
  const password = passwordFromAddress()
  const provider = new TidemarkProvider(roomFromAddress(), doc, {
    signaling,
    ...(password !== undefined && { password }),
    // Pages on one machine reach each other without any STUN or TURN server.
    iceServers: [],
    connect: false,
    // Small documents are compacted late; here somebody is waiting to see it.
    compactionMinBytes: 8192,
    undoHorizonMs: UNDO_HORIZON_MS,
  })
  const room = new Room(provider, text)
  const player = new TracePlayer(text, provider.awareness, () => room.you.name)
  const app = new App()
  Object.assign(app, { room, player })
  document.body.append(app)
  await app.updateComplete
  document.title = `${provider.roomName} · Tidemark`
  watchForProblems(room, signaling, (message, options) => app.report(message, options))
  provider.connect()
  const exposed: Exposed = { provider, doc, text }
  Object.assign(globalThis, { tidemark: exposed })
}
