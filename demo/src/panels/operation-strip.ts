/** The sequence of operations in total order, with the snapshot point moving along it. */
import { html, type PropertyValues } from 'lit'
import type { RoomView } from '../room/view.js'
import { themeChanges } from '../theme.js'
import { count, counted, isHeldBack, pointSentence } from '../wording.js'
import { fitted } from './canvas.js'
import { type Palette, paletteOf } from './palette.js'
import { Panel } from './panel.js'
import { StripCamera } from './strip-camera.js'
import { paintStrip } from './strip-painter.js'

const UNKNOWN_COLOR = '#64748b'
const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)')

export class OperationStrip extends Panel {
  private readonly camera = new StripCamera()
  private palette: Palette | undefined
  private frame = 0
  private lastFrameMs = 0
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
    return html`
      <section class="panel strip" aria-labelledby="strip-title" data-point=${view.snapshotPoint}>
        <div class="strip-head">
          <h2 id="strip-title">Operations <span class="hint">in the order everyone agrees on</span></h2>
          <p class="sentence" data-held=${isHeldBack(view)} data-sentence>${pointSentence(view)}</p>
        </div>
        <div class="strip-canvas">
          <canvas role="img" aria-label=${described(view)}></canvas>
          ${view.operations.length === 0 ? html`<p class="empty">Type something: every edit becomes an operation here.</p>` : ''}
        </div>
      </section>
    `
  }

  protected override firstUpdated(): void {
    this.resizing.observe(this.canvas)
  }

  protected override updated(changed: PropertyValues): void {
    if (!changed.has('view')) return
    const { operations, snapshotPoint, stats } = this.view
    const last = operations.at(-1)
    const below = operations.findLast(({ clock }) => clock <= snapshotPoint)
    const first = operations[0]?.index ?? 0
    const point = below ? below.index + 1 : first
    const cut = Math.max(point - stats.segmentOperations, first)
    this.camera.aim({ end: last ? last.index + 1 : 0, point, cut })
    this.wake()
  }

  private get canvas(): HTMLCanvasElement {
    const canvas = this.querySelector('canvas')
    if (!canvas) throw new Error('the strip is not rendered')
    return canvas
  }

  private wake(): void {
    if (this.frame !== 0) return
    this.lastFrameMs = performance.now()
    this.frame = requestAnimationFrame((nowMs) => this.paint(nowMs))
  }

  private paint(nowMs: number): void {
    this.frame = 0
    if (reducedMotion.matches) this.camera.jump()
    const isMoving = this.camera.move(Math.max(nowMs - this.lastFrameMs, 0))
    this.lastFrameMs = nowMs
    const { canvas, view } = this
    const size = fitted(canvas)
    const context = canvas.getContext('2d')
    if (!context || size.width === 0) return
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0)
    this.palette ??= paletteOf(this)
    paintStrip(context, size, this.camera, {
      operations: view.operations,
      colorOf: (author) => view.authors.get(author)?.color ?? UNKNOWN_COLOR,
      snapshotPoint: view.snapshotPoint,
      epoch: view.epoch,
      palette: this.palette,
    })
    if (isMoving) this.frame = requestAnimationFrame((nextMs) => this.paint(nextMs))
  }
}

function described({ snapshotPoint, stats, epoch }: RoomView): string {
  const log = counted(stats.logOperations, 'operation')
  const stable = count(stats.segmentOperations)
  return `Snapshot point ${snapshotPoint}; ${log} in the log above it; ${stable} below it wait for the next cut. Epoch ${epoch}.`
}

customElements.define('tidemark-operation-strip', OperationStrip)
