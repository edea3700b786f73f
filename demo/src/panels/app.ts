/** The whole page: places the panels, and mounts the editor once. */
import { html, LitElement, type PropertyValues } from 'lit'
import { follow, mountEditor } from '../editor.js'
import type { Room } from '../room/room.js'
import type { TracePlayer } from '../trace/trace-player.js'
import './guidance.js'
import './identity-form.js'
import './key-figures.js'
import './log-chart.js'
import './network-graph.js'
import './network-table.js'
import './operation-strip.js'
import './player-controls.js'
import './size-chart.js'
import './structure-map.js'
import './top-bar.js'
import './waiting-room.js'
import './toasts.js'
import type { ToastOptions, Toasts } from './toasts.js'

const FOLLOW_INTERVAL_MS = 120

export class App extends LitElement {
  static override properties = { room: { attribute: false }, player: { attribute: false } }
  declare room: Room
  declare player: TracePlayer
  private lastFollowMs = 0

  protected override createRenderRoot(): HTMLElement {
    return this
  }

  /** Tells the reader of a problem. @returns what takes it back. */
  report(message: string, options: ToastOptions = {}): () => void {
    return this.querySelector<Toasts>('tidemark-toasts')?.show(message, options) ?? (() => {})
  }

  override render() {
    const { room, player } = this
    const { view } = room
    return html`
      <tidemark-top-bar .room=${room} .view=${view}></tidemark-top-bar>
      <tidemark-guidance .view=${view}></tidemark-guidance>
      <tidemark-waiting-room .view=${view}></tidemark-waiting-room>
      <main @problem=${(event: CustomEvent<string>) => this.report(event.detail)}>
        <tidemark-operation-strip .view=${view}></tidemark-operation-strip>
        <tidemark-structure-map .room=${room} .view=${view}></tidemark-structure-map>
        <section class="panel editor" aria-labelledby="editor-title">
          <div class="editor-head">
            <h2 id="editor-title" class="visually-hidden">Document</h2>
            <tidemark-identity-form .room=${room} .view=${view}></tidemark-identity-form>
            <tidemark-player-controls .player=${player}></tidemark-player-controls>
          </div>
          <div class="editor-body"></div>
        </section>
        <div class="insight">
          <tidemark-network-graph .view=${view}></tidemark-network-graph>
          <tidemark-network-table .view=${view}></tidemark-network-table>
          <tidemark-log-chart .view=${view}></tidemark-log-chart>
          <tidemark-size-chart .view=${view}></tidemark-size-chart>
          <tidemark-key-figures .view=${view}></tidemark-key-figures>
        </div>
      </main>
      <footer>
        <p>
          For the console: <code>tidemark.provider</code>, <code>tidemark.doc</code>, <code>tidemark.text</code>; try
          <code>tidemark.provider.networkMap.toJSON()</code>.
        </p>
        <p>
          Recording by Joseph Gentle, from
          <a href="https://github.com/josephg/editing-traces" rel="noopener">editing-traces</a>, CC BY 4.0.
        </p>
      </footer>
      <tidemark-toasts></tidemark-toasts>
    `
  }

  protected override firstUpdated(_changed: PropertyValues): void {
    const body = this.querySelector<HTMLElement>('.editor-body')
    if (!body) throw new Error('there is no place for the editor')
    const { room, player } = this
    const editor = mountEditor(body, room.text, room.provider.awareness)
    room.provider.trackUndo(editor.undoManager)
    room.subscribe(() => this.requestUpdate())
    player.addEventListener('change', () => {
      const nowMs = performance.now()
      if (player.state.status !== 'playing' || nowMs - this.lastFollowMs < FOLLOW_INTERVAL_MS) return
      this.lastFollowMs = nowMs
      follow(editor, player.caretIndex)
    })
  }
}

customElements.define('tidemark-app', App)
