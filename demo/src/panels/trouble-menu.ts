/** What goes wrong in a room, at the press of a button: a dead network, a page that hangs, one that is gone. */
import { html } from 'lit'
import type { Room } from '../room/room.js'
import { mute } from '../trouble/muted-network.js'
import { icon } from './icons.js'
import { Panel } from './panel.js'

const FREEZE_MS = 15_000

export class TroubleMenu extends Panel {
  static override properties = { ...Panel.properties, room: { attribute: false }, isCutOff: { state: true } }
  declare room: Room
  declare isCutOff: boolean

  override render() {
    return html`
      <details class="menu">
        <summary class="button" data-action="trouble">${icon('trouble')}Make trouble</summary>
        <div class="menu-items">
          <button class="button" type="button" data-action="isolate" aria-pressed=${this.isCutOff ?? false} @click=${this.isolate}
            title="Nothing passes between this tab and the others, and nobody is told.">
            ${this.isCutOff ? 'Plug the network in again' : 'Pull the network cable'}
          </button>
          <button class="button" type="button" data-action="freeze" @click=${this.freeze}
            title="This tab stops, as one in the background or a sleeping laptop does.">
            Freeze for ${FREEZE_MS / 1000} seconds
          </button>
          <button class="button" type="button" data-action="crash" @click=${this.crash}
            title="This tab is gone from one moment to the next, without a goodbye.">
            Crash this tab
          </button>
        </div>
      </details>
    `
  }

  private isolate(): void {
    this.isCutOff = !this.isCutOff
    mute(this.isCutOff)
  }

  private freeze(): void {
    const end = performance.now() + FREEZE_MS
    while (performance.now() < end);
  }

  private crash(): void {
    // Its last words do not leave it.
    mute(true)
    this.room.provider.destroy()
    const notice = document.createElement('p')
    notice.className = 'fatal'
    notice.setAttribute('role', 'alert')
    notice.textContent =
      'This tab has crashed. What it had sent is with the others. Reload to come back as somebody new.'
    document.body.replaceChildren(notice)
  }
}

customElements.define('tidemark-trouble-menu', TroubleMenu)
