/**
 * The document as it is stored, beside the same edits in plain Yjs: every character and every tombstone in the order
 * of the text, both on one scale. At a cut the tombstones of the one are collected before one's eyes.
 */
import { html, type PropertyValues } from 'lit'
import type { RunMap } from '../control/run-map.js'
import type { Room } from '../room/room.js'
import { themeChanges } from '../theme.js'
import { compactionState, count, counted, countedByText } from '../wording.js'
import { fitted } from './canvas.js'
import './compact-button.js'
import { type Palette, paletteOf } from './palette.js'
import { Panel } from './panel.js'
import { paintStructure, type Rest } from './structure-painter.js'

const COLLECTING_MS = 1100
const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)')

/** The strip before a cut, while its tombstones vanish. */
interface Collecting {
  readonly runs: RunMap
  readonly startMs: number
}

export class StructureMap extends Panel {
  static override properties = { ...Panel.properties, room: { attribute: false } }
  declare room: Room
  private palette: Palette | undefined
  private frame = 0
  private shownSerial = -1
  private lastEpoch = 0
  private shownRuns: RunMap | undefined
  private collecting: Collecting | undefined
  private readonly resizing = new ResizeObserver(() => this.wake())
  private readonly retheme = () => {
    this.palette = undefined
    this.wake()
  }

  override connectedCallback(): void {
    super.connectedCallback()
    themeChanges.addEventListener('change', this.retheme)
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    themeChanges.removeEventListener('change', this.retheme)
    this.resizing.disconnect()
    cancelAnimationFrame(this.frame)
  }

  override render() {
    const { view } = this
    const { liveRuns, plainRuns, plain, liveBytes } = view.measurement
    return html`
      <section class="panel structure" aria-labelledby="structure-title"
        data-live-bytes=${liveBytes} data-plain-bytes=${plain.bytes}>
        <div class="structure-head">
          <h2 id="structure-title">Structure</h2>
          <ul class="legend">
            <li data-kind="visible"><i class="swatch-box" aria-hidden="true"></i>text</li>
            <li data-kind="tombstone"><i class="swatch-box" aria-hidden="true"></i>tombstones</li>
            <li data-kind="collected"><i class="swatch-box" aria-hidden="true"></i>collected</li>
          </ul>
          <tidemark-compact-button .room=${this.room} .view=${view}></tidemark-compact-button>
        </div>
        ${strip('live', 'This document', '', liveRuns, liveRuns.tombstones)}
        ${strip('plain', 'Plain Yjs', countedByText(view), plainRuns, plain.tombstones)}
        <p id="compact-state" class="hint" role="status">${compactionState(view)}</p>
      </section>
    `
  }

  protected override firstUpdated(): void {
    this.resizing.observe(this.canvas('live'))
  }

  protected override updated(changed: PropertyValues): void {
    const { measurement, cuts } = this.view
    if (!changed.has('view') || measurement.serial === this.shownSerial) return
    this.shownSerial = measurement.serial
    const isAfterCut = (cuts.at(-1)?.epoch ?? 0) > this.lastEpoch && measurement.liveRuns !== this.shownRuns
    if (isAfterCut) {
      this.lastEpoch = cuts.at(-1)?.epoch ?? 0
      if (this.shownRuns && !reducedMotion.matches) {
        this.collecting = { runs: this.shownRuns, startMs: performance.now() }
      }
    }
    this.shownRuns = measurement.liveRuns
    this.wake()
  }

  private canvas(which: 'live' | 'plain'): HTMLCanvasElement {
    const canvas = this.querySelector<HTMLCanvasElement>(`[data-strip="${which}"] canvas`)
    if (!canvas) throw new Error('the structure is not rendered')
    return canvas
  }

  private wake(): void {
    if (this.frame === 0) this.frame = requestAnimationFrame((nowMs) => this.paint(nowMs))
  }

  private paint(nowMs: number): void {
    this.frame = 0
    this.palette ??= paletteOf(this)
    const { palette } = this
    const { liveRuns, plainRuns, plain } = this.view.measurement
    const total = Math.max(
      liveRuns.visible + liveRuns.tombstones,
      liveRuns.visible + plain.tombstones,
      plainRuns.visible + plainRuns.tombstones,
    )
    const done = this.collecting ? Math.min((nowMs - this.collecting.startMs) / COLLECTING_MS, 1) : 1
    const isCollecting = this.collecting !== undefined && done < 1
    const { runs, tombstones } = (isCollecting ? this.collecting?.runs : undefined) ?? liveRuns
    const tombstoneShare = isCollecting ? 1 - ease(done) : 1
    const collected = Math.max(plain.tombstones - tombstones * tombstoneShare, 0)
    const unseen = Math.max(plain.tombstones - plainRuns.tombstones, 0)
    this.paintStrip('live', { runs, tombstoneShare, total, rest: collectedRest(collected), palette })
    this.paintStrip('plain', {
      runs: plainRuns.runs,
      tombstoneShare: 1,
      total,
      rest: unseenRest(unseen),
      palette,
    })
    if (isCollecting) this.wake()
    else this.collecting = undefined
  }

  private paintStrip(which: 'live' | 'plain', scene: Parameters<typeof paintStructure>[2]): void {
    const canvas = this.canvas(which)
    const size = fitted(canvas)
    const context = canvas.getContext('2d')
    if (!context || size.width === 0) return
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0)
    paintStructure(context, size, scene)
  }
}

function strip(
  key: 'live' | 'plain',
  name: string,
  about: string,
  { visible, structs }: RunMap,
  tombstones: number,
) {
  const facts = `${counted(visible, 'character')}, ${counted(tombstones, 'tombstone')}`
  return html`
    <figure class="structure-strip" data-strip=${key}>
      <figcaption>
        <span><strong>${name}</strong> <span class="hint">${about}</span></span>
        <span class="hint">${facts}, ${counted(structs, 'struct')}</span>
      </figcaption>
      <canvas role="img" aria-label=${`${name}: ${facts}`}></canvas>
    </figure>
  `
}

function collectedRest(units: number): Rest {
  const rounded = Math.round(units)
  return {
    kind: 'collected',
    units,
    labels: [`${counted(rounded, 'tombstone')} collected`, `${count(rounded)} collected`],
  }
}

function unseenRest(units: number): Rest {
  return { kind: 'unseen', units, labels: [`${count(units)} from before you came`, 'before you came'] }
}

function ease(share: number): number {
  return share < 0.5 ? 4 * share ** 3 : 1 - (-2 * share + 2) ** 3 / 2
}

customElements.define('tidemark-structure-map', StructureMap)
