/** Play, pause and speed of the recording that types by itself. */
import { html, LitElement, nothing } from 'lit'
import { SPEEDS, type Speed, type TracePlayer } from '../trace/trace-player.js'
import { count } from '../wording.js'
import { icon } from './icons.js'

export class PlayerControls extends LitElement {
  static override properties = { player: { attribute: false } }
  declare player: TracePlayer
  private readonly redraw = () => this.requestUpdate()

  protected override createRenderRoot(): HTMLElement {
    return this
  }

  override connectedCallback(): void {
    super.connectedCallback()
    this.player.addEventListener('change', this.redraw)
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.player.removeEventListener('change', this.redraw)
  }

  override render() {
    const { status, speed, done, total } = this.player.state
    const isPlaying = status === 'playing'
    const label = isPlaying
      ? 'Pause typing'
      : done > 0 && status === 'paused'
        ? 'Go on typing'
        : 'Type by itself'
    return html`
      <div class="player" role="group" aria-label="A recorded editing session that types by itself">
        <button class="button ${isPlaying ? '' : 'primary'}" type="button" data-action="play"
          ?disabled=${status === 'loading'} @click=${this.toggle}
          title="Types a real recording of someone writing a Svelte component, keystroke by keystroke">
          ${icon(isPlaying ? 'pause' : 'play')}${status === 'loading' ? 'Loading…' : label}
        </button>
        <fieldset class="segments">
          <legend class="visually-hidden">Speed in edits per second</legend>
          ${SPEEDS.map((choice) => this.segment(choice, choice === speed))}
        </fieldset>
        ${
          total === 0 || status === 'idle'
            ? nothing
            : html`
          <span class="player-progress">
            <progress max=${total} .value=${done} aria-label="Share of the recording that has been typed"></progress>
            <span>${count(done)} / ${count(total)}</span>
          </span>`
        }
      </div>
    `
  }

  private segment(choice: Speed, isChosen: boolean) {
    return html`
      <label title=${`${choice} edits per second`}>
        <input type="radio" name="speed" value=${choice} .checked=${isChosen} @change=${() => this.player.setSpeed(choice)} />
        <span>${choice}/s</span>
      </label>
    `
  }

  private toggle(): void {
    if (this.player.state.status === 'playing') return this.player.pause()
    this.player.play().catch((error: Error) => {
      this.dispatchEvent(new CustomEvent('problem', { detail: error.message, bubbles: true }))
    })
  }
}

customElements.define('tidemark-player-controls', PlayerControls)
