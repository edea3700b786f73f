/** One line for those who are here for the first time and alone: without a second tab there is nothing to see. */
import { html, nothing } from 'lit'
import { icon } from './icons.js'
import { Panel } from './panel.js'

const STORAGE_KEY = 'tidemark-demo-guided'

export class Guidance extends Panel {
  private isDismissed = isGuided()

  override render() {
    const { status, members } = this.view
    if (this.isDismissed || status !== 'connected' || members.length !== 1) return nothing
    return html`
      <aside class="guidance" aria-label="How to begin">
        <p>
          <strong>Open this page in a second tab</strong> and type in both: no server holds the text, the tabs talk
          directly, and history, deleted characters included, is dropped once both have it.
        </p>
        <a class="button primary" href=${location.href} target="_blank" rel="noopener">${icon('tab')}Open another tab</a>
        <button class="button icon-only quiet" type="button" aria-label="Dismiss this hint" @click=${this.dismiss}>
          ${icon('close')}
        </button>
      </aside>
    `
  }

  private dismiss(): void {
    this.isDismissed = true
    try {
      localStorage.setItem(STORAGE_KEY, 'yes')
    } catch {
      // Without storage the hint comes back with the next visit.
    }
    this.requestUpdate()
  }
}

function isGuided(): boolean {
  try {
    return localStorage.getItem(STORAGE_KEY) !== null
  } catch {
    return false
  }
}

customElements.define('tidemark-guidance', Guidance)
