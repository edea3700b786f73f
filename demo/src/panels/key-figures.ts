/** The numbers that compaction is about. */
import { html } from 'lit'
import { bytes, count, counted, pause } from '../wording.js'
import { Panel } from './panel.js'

export class KeyFigures extends Panel {
  override render() {
    const { status, stats, epoch, cuts, measurement } = this.view
    const isOffline = status === 'disconnected'
    const last = cuts.at(-1)
    const { liveBytes, plain } = measurement
    return html`
      <dl class="figures">
        ${figure('Epoch', count(epoch), counted(epoch, 'cut'), 'epoch')}
        ${figure(
          'Last cut',
          last ? `${pause(last.pauseMs)} pause` : '–',
          last ? `${bytes(last.bytesBefore)} → ${bytes(last.bytesAfter)}` : 'none yet',
          'cut',
        )}
        ${figure('Against plain Yjs', timesSmaller(liveBytes, plain.bytes), `${bytes(liveBytes)} / ${bytes(plain.bytes)}`, 'size')}
        ${figure(
          'Log now',
          isOffline ? '–' : counted(stats.logOperations, 'operation'),
          isOffline ? 'while offline' : bytes(stats.logBytes),
          'log',
        )}
        ${figure(
          'Until the cut',
          isOffline ? '–' : `${count(stats.segmentOperations)} stable`,
          isOffline ? 'while offline' : bytes(stats.segmentBytes),
          'segment',
        )}
        ${figure('Traffic', `${bytes(stats.bytesSent)} sent`, `${bytes(stats.bytesReceived)} received`, 'traffic')}
      </dl>
    `
  }
}

const factors = new Intl.NumberFormat('en', { maximumFractionDigits: 1, minimumFractionDigits: 1 })

function timesSmaller(liveBytes: number, plainBytes: number): string {
  if (liveBytes === 0 || plainBytes / liveBytes < 1.05) return 'the same'
  return `${factors.format(plainBytes / liveBytes)}× smaller`
}

function figure(name: string, value: string, detail: string, key: string) {
  return html`<div data-figure=${key}><dt>${name}</dt><dd>${value}</dd><dd class="detail">${detail}</dd></div>`
}

customElements.define('tidemark-key-figures', KeyFigures)
