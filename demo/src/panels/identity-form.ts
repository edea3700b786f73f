/** Your name and colour, as the others see them. */
import { html } from 'lit'
import { COLORS, MAX_NAME_LENGTH } from '../room/identity.js'
import type { Room } from '../room/room.js'
import { Panel } from './panel.js'

export class IdentityForm extends Panel {
  static override properties = { ...Panel.properties, room: { attribute: false } }
  declare room: Room

  override render() {
    const { name, color } = this.view.you
    return html`
      <form class="identity" @submit=${(event: Event) => event.preventDefault()} style=${`--member: ${color}`}>
        <label class="swatch" title="Your colour">
          <span class="visually-hidden">Your colour</span>
          <input type="color" name="color" .value=${color} list="tidemark-colors" @change=${this.recolor} />
        </label>
        <datalist id="tidemark-colors">${COLORS.map((choice) => html`<option value=${choice}></option>`)}</datalist>
        <label>
          <span class="visually-hidden">Your name</span>
          <input type="text" name="name" .value=${name} maxlength=${MAX_NAME_LENGTH} autocomplete="off"
            spellcheck="false" title="Your name: click to change it" @change=${this.rename} />
        </label>
      </form>
    `
  }

  private rename(event: Event): void {
    const input = event.target as HTMLInputElement
    this.room.introduce({ name: input.value })
    input.value = this.room.you.name
  }

  private recolor(event: Event): void {
    this.room.introduce({ color: (event.target as HTMLInputElement).value })
  }
}

customElements.define('tidemark-identity-form', IdentityForm)
