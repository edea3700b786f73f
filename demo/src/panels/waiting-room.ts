/**
 * What is not everybody's yet: changes that only this tab has, and evictions that wait for somebody's fence. Nothing is shown
 * for the moment that a confirmation takes.
 */
import { html, nothing } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import type { Eviction, Member } from '../room/view.js'
import { counted } from '../wording.js'
import { Panel } from './panel.js'

/** A confirmation takes a fraction of it. */
const SHOWN_AFTER_MS = 1500
const MOST_MARKS = 60

export class WaitingRoom extends Panel {
  private unsyncedSinceMs: number | undefined

  override render() {
    const { unsynced, evictions } = this.view
    if (unsynced === 0) this.unsyncedSinceMs = undefined
    else this.unsyncedSinceMs ??= performance.now()
    const isWaiting =
      this.unsyncedSinceMs !== undefined && performance.now() - this.unsyncedSinceMs > SHOWN_AFTER_MS
    if (!isWaiting && evictions.length === 0) return nothing
    return html`
      <aside class="waiting-room" aria-label="What waits">
        ${isWaiting ? unsyncedChanges(unsynced, this.view.you.color) : nothing}
        ${repeat(evictions, ({ evicted }) => evicted.map(({ replica }) => replica).join(), eviction)}
      </aside>
    `
  }
}

function unsyncedChanges(unsynced: number, color: string) {
  const marks = Array.from({ length: Math.min(unsynced, MOST_MARKS) }, () => html`<i></i>`)
  return html`
    <p data-unsynced=${unsynced} style=${`--member: ${color}`}>
      <strong>Only here: ${counted(unsynced, 'change')}.</strong>
      <span class="marks" aria-hidden="true">${marks}${unsynced > MOST_MARKS ? '…' : nothing}</span>
      <span class="hint">Nobody else is known to have them. They come along when the others are back.</span>
    </p>
  `
}

function eviction({ evicted, fenced, awaited }: Eviction) {
  return html`
    <p data-eviction>
      <strong>Evicting ${evicted.map(({ name }) => name).join(', ')}.</strong>
      <span class="hint">Whoever has put up a fence takes nothing more from there:</span>
      ${fenced.map((member) => fence(member, true))}${awaited.map((member) => fence(member, false))}
    </p>
  `
}

function fence({ name, color, isYou }: Member, isUp: boolean) {
  const who = isYou ? 'you' : name
  return html`<span class="fence" data-up=${isUp} style=${`--member: ${color}`}>${who} ${isUp ? '✓' : '…'}</span>`
}

customElements.define('tidemark-waiting-room', WaitingRoom)
