/** The document's size over time beside what plain Yjs would hold for the same edits, with a mark at every cut. */
import type uPlot from 'uplot'
import type { RoomView } from '../room/view.js'
import { bytes, roundBytes } from '../wording.js'
import type { Palette } from './palette.js'
import { type ChartSpec, stepped, TimeChart } from './time-chart.js'

const LABEL_GAP_PX = 4

export class SizeChart extends TimeChart {
  protected override readonly spec: ChartSpec = {
    title: 'Document size',
    hint: 'as Yjs encodes it',
    leastMaximum: 400,
    axisWidth: 50,
    valueText: bytes,
    axisText: roundBytes,
    lines: [
      {
        name: 'this document',
        key: 'live',
        read: onceLoaded(({ measurement }) => measurement.liveBytes),
        style: ({ accent, water }) => ({ stroke: accent, width: 2, fill: water, ...stepped() }),
      },
      {
        name: 'plain Yjs',
        key: 'plain',
        read: onceLoaded(({ measurement }) => measurement.plain.bytes),
        style: ({ plain }) => ({ stroke: plain, width: 2, dash: [6, 4], ...stepped() }),
      },
      {
        name: 'text alone',
        key: 'text',
        read: onceLoaded(({ measurement }) => measurement.textBytes),
        style: ({ inkSoft }) => ({ stroke: inkSoft, width: 1.25, dash: [1.5, 3] }),
      },
    ],
  }

  protected override describe({ measurement, epoch }: RoomView): string {
    const { liveBytes, plain, textBytes } = measurement
    return `Document: ${bytes(liveBytes)}; in plain Yjs ${bytes(plain.bytes)}; its text ${bytes(textBytes)}. Epoch ${epoch}.`
  }

  /** A line for each cut, named where there is room. */
  protected override paintOver(chart: uPlot, palette: Palette): void {
    const { ctx, bbox } = chart
    const ratio = devicePixelRatio
    ctx.save()
    ctx.font = `600 ${11 * ratio}px ${palette.sans}`
    ctx.textAlign = 'left'
    ctx.textBaseline = 'top'
    const right = bbox.left + bbox.width
    let freeUpTo = Number.POSITIVE_INFINITY
    for (const { atMs, epoch } of this.view.cuts.toReversed()) {
      const x = chart.valToPos(atMs / 1000, 'x', true)
      if (x < bbox.left || x > right) continue
      ctx.fillStyle = palette.cut
      ctx.fillRect(x - 0.75 * ratio, bbox.top, 1.5 * ratio, bbox.height)
      const label = `epoch ${epoch}`
      const width = ctx.measureText(label).width
      const gap = LABEL_GAP_PX * ratio
      const left = x + gap + width > right ? x - gap - width : x + gap
      if (left + width > freeUpTo) continue
      freeUpTo = Math.min(left, x) - gap
      ctx.fillText(label, left, bbox.top)
    }
    ctx.restore()
  }
}

/** While a state is being loaded half of it is in. */
function onceLoaded(read: (view: RoomView) => number): (view: RoomView) => number | null {
  return (view) => {
    const isInRoom = view.members.length > 0 && view.loading === undefined
    return isInRoom || view.status === 'disconnected' ? read(view) : null
  }
}

customElements.define('tidemark-size-chart', SizeChart)
