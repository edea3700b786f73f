/** The numbers that compaction is about. */
import { html } from 'lit'
import { bytes, count, counted } from '../wording.js'
import { Panel } from './panel.js'

export class KeyFigures extends Panel {
  override render() {
    const { status, stats, dropped, lastCompaction: last, characters } = this.view
    const isOffline = status === 'disconnected'
    return html`
      <dl class="figures">
        ${figure(
          'Log now',
          isOffline ? '–' : counted(stats.logOperations, 'operation'),
          isOffline ? 'while offline' : bytes(stats.logBytes),
          'log',
        )}
        ${figure('Dropped so far', counted(dropped.operations, 'operation'), bytes(dropped.bytes), 'dropped')}
        ${figure(
          'Last compaction',
          last ? `${count(last.operationsBefore)} → ${count(last.operationsAfter)}` : '–',
          last ? `${bytes(last.bytesBefore)} → ${bytes(last.bytesAfter)}` : 'none yet',
          'last',
        )}
        ${figure('Document', counted(characters, 'character'), `${bytes(stats.baseBytes)} encoded`, 'document')}
        ${figure('Traffic', `${bytes(stats.bytesSent)} sent`, `${bytes(stats.bytesReceived)} received`, 'traffic')}
      </dl>
    `
  }
}

function figure(name: string, value: string, detail: string, key: string) {
  return html`<div data-figure=${key}><dt>${name}</dt><dd>${value}</dd><dd class="detail">${detail}</dd></div>`
}

customElements.define('tidemark-key-figures', KeyFigures)
