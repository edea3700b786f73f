/** The page's head: what this is, which room, how the connection is, and the switches that concern all of it. */
import { html, nothing } from 'lit'
import type { Room } from '../room/room.js'
import type { RoomView } from '../room/view.js'
import { passwordFromAddress } from '../settings.js'
import { currentTheme, themeChanges, toggleTheme } from '../theme.js'
import { icon } from './icons.js'
import { Panel } from './panel.js'
import './trouble-menu.js'

export class TopBar extends Panel {
  static override properties = { ...Panel.properties, room: { attribute: false } }
  declare room: Room
  private readonly redraw = () => this.requestUpdate()

  override connectedCallback(): void {
    super.connectedCallback()
    themeChanges.addEventListener('change', this.redraw)
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    themeChanges.removeEventListener('change', this.redraw)
  }

  override render() {
    const isOffline = this.view.status === 'disconnected'
    const other = currentTheme() === 'dark' ? 'light' : 'dark'
    return html`
      <header class="top-bar">
        <h1><img src="favicon.svg" alt="" width="28" height="28" />Tidemark</h1>
        <p class="room-name">room <strong>${this.view.roomName}</strong>${passwordFromAddress() === undefined ? '' : ', with a password'}</p>
        ${status(this.view)}
        <nav aria-label="Page">
          <a class="button" href=${location.href} target="_blank" rel="noopener">${icon('tab')}Open another tab</a>
          <button class="button" type="button" data-action="connection" aria-pressed=${isOffline} @click=${this.toggleConnection}>
            ${icon(isOffline ? 'plug' : 'unplug')}${isOffline ? 'Go online' : 'Go offline'}
          </button>
          <tidemark-trouble-menu .room=${this.room} .view=${this.view}></tidemark-trouble-menu>
          <button class="button icon-only" type="button" data-action="theme" @click=${toggleTheme}
            aria-label=${`Switch to the ${other} theme`} title=${`Switch to the ${other} theme`}>
            ${icon(other === 'dark' ? 'moon' : 'sun')}
          </button>
        </nav>
      </header>
    `
  }

  private toggleConnection(): void {
    const { provider } = this.room
    if (this.view.status === 'disconnected') provider.connect()
    else provider.disconnect()
  }
}

function status({ status, isSynced, loading, members }: RoomView) {
  const words = {
    connecting: loading === undefined ? 'Connecting…' : `Loading ${Math.round(loading * 100)}%`,
    connected: isSynced ? 'Connected, in sync' : 'Connected, catching up…',
    disconnected: 'Offline',
  }[status]
  const kind = status === 'connected' && !isSynced ? 'connecting' : status
  const people =
    members.length > 1 ? html`<span class="status-people">${members.length} people</span>` : nothing
  return html`
    <p class="status" data-status=${kind} role="status">
      <span class="status-dot"></span>${words} ${people}
      ${loading === undefined ? nothing : html`<progress max="1" .value=${loading} aria-label="Document loaded"></progress>`}
    </p>
  `
}

customElements.define('tidemark-top-bar', TopBar)
