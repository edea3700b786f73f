/** The network map as it is: what each member says it knows of each member. Its smallest entry is the snapshot point. */
import { html, nothing } from 'lit'
import type { MapRow, Member } from '../room/view.js'
import { count } from '../wording.js'
import { Panel } from './panel.js'

export class NetworkTable extends Panel {
  override render() {
    const { map, members, snapshotPoint } = this.view
    return html`
      <section class="panel map" aria-labelledby="map-title">
        <h2 id="map-title">Network map <span class="hint">smallest entry = snapshot point</span></h2>
        ${
          map.length === 0
            ? html`<p class="empty">Empty while you are in no room.</p>`
            : html`
          <div class="table-scroll" tabindex="0" role="region" aria-labelledby="map-title">
            <table>
              <thead>
                <tr>
                  <td class="corner"><span>says ↓</span> <span>about →</span></td>
                  ${members.map((member) => html`<th scope="col">${named(member, false)}</th>`)}
                  <th scope="col" class="floor">min</th>
                </tr>
              </thead>
              <tbody>${map.map((row) => tableRow(row, members, snapshotPoint))}</tbody>
            </table>
          </div>
          <p class="hint">Each number is a clock: “I have every edit of this member up to here”.</p>`
        }
      </section>
    `
  }
}

function tableRow({ member, known, floor }: MapRow, members: readonly Member[], point: number) {
  return html`
    <tr>
      <th scope="row">${named(member, true)}</th>
      ${known.map(
        (clock, i) => html`
        <td class=${clock === point ? 'minimum' : ''} data-about=${members[i]?.replica ?? nothing}>
          ${clock === undefined ? '·' : count(clock)}
        </td>`,
      )}
      <td class="floor ${floor === point ? 'minimum' : ''}">${count(floor)}</td>
    </tr>
  `
}

function named({ name, color, isYou, replica }: Member, isMarked: boolean) {
  return html`<span class="named" style=${`--member: ${color}`} title=${replica}>${name}${isYou && isMarked ? html` <em>you</em>` : nothing}</span>`
}

customElements.define('tidemark-network-table', NetworkTable)
