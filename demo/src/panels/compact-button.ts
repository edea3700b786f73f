/** Compacts now instead of when it pays. How that went, or why it can not be, is said by `#compact-state`. */
import { html } from 'lit'
import type { Room } from '../room/room.js'
import { compactionObstacle } from '../wording.js'
import { icon } from './icons.js'
import { Panel } from './panel.js'

export class CompactButton extends Panel {
  static override properties = { ...Panel.properties, room: { attribute: false } }
  declare room: Room

  override render() {
    const { view } = this
    const obstacle = compactionObstacle(view)
    // A disabled button could not be focused, and its reason not be found.
    return html`
      <button class="button" type="button" data-action="compact" aria-disabled=${obstacle !== undefined}
        aria-describedby="compact-state" aria-busy=${view.isCompacting} @click=${this.compact}
        title="A cut of everything so far. What was deleted until now can not be undone afterwards.">
        ${icon('compact')}${view.isCompacting ? 'Compacting…' : 'Compact now'}
      </button>
    `
  }

  private compact(): void {
    if (compactionObstacle(this.view) !== undefined) return
    this.room.compact().catch((error: Error) => {
      this.dispatchEvent(new CustomEvent('problem', { detail: error.message, bubbles: true }))
    })
  }
}

customElements.define('tidemark-compact-button', CompactButton)
