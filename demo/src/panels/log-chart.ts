/** The log's length over time: a saw where compaction is at work, a ramp where it would not be. */
import { html, type PropertyValues } from 'lit'
import uPlot from 'uplot'
import { themeChanges } from '../theme.js'
import { LogSamples, WINDOW_S } from './log-samples.js'
import { type Palette, paletteOf } from './palette.js'
import { Panel } from './panel.js'

export class LogChart extends Panel {
  static override properties = { ...Panel.properties, isCompared: { state: true } }
  declare isCompared: boolean
  private readonly samples = new LogSamples()
  private chart: uPlot | undefined
  private readonly rebuild = () => this.build()
  private readonly resizing = new ResizeObserver(() => this.fit())

  constructor() {
    super()
    this.isCompared = true
  }

  override connectedCallback(): void {
    super.connectedCallback()
    themeChanges.addEventListener('change', this.rebuild)
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    themeChanges.removeEventListener('change', this.rebuild)
    this.resizing.disconnect()
    this.chart?.destroy()
    this.chart = undefined
  }

  override render() {
    return html`
      <section class="panel chart" aria-labelledby="chart-title">
        <h2 id="chart-title">
          Log length <span class="hint">operations, last ${WINDOW_S} seconds</span>
          <label class="compare">
            <input type="checkbox" .checked=${this.isCompared} @change=${this.compare} />
            <span><i class="dash" aria-hidden="true"></i>without compaction</span>
          </label>
        </h2>
        <div class="chart-canvas" role="img" aria-label=${`Log length now: ${this.view.stats.logOperations}`}></div>
      </section>
    `
  }

  protected override firstUpdated(): void {
    this.build()
    this.resizing.observe(this.target)
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has('isCompared')) this.chart?.setSeries(2, { show: this.isCompared })
    if (changed.has('view') && this.samples.take(this.view, Date.now())) this.draw()
  }

  private get target(): HTMLElement {
    const target = this.querySelector<HTMLElement>('.chart-canvas')
    if (!target) throw new Error('the chart is not rendered')
    return target
  }

  private compare(event: Event): void {
    this.isCompared = (event.target as HTMLInputElement).checked
  }

  private build(): void {
    this.chart?.destroy()
    const { clientWidth: width, clientHeight: height } = this.target
    const options = chartOptions(paletteOf(this), { width, height }, this.isCompared)
    this.chart = new uPlot(options, this.data, this.target)
  }

  private get data(): uPlot.AlignedData {
    return [this.samples.times, this.samples.kept, this.samples.withoutCompaction]
  }

  private draw(): void {
    this.chart?.setData(this.data)
  }

  private fit(): void {
    const { clientWidth: width, clientHeight: height } = this.target
    if (this.chart && (this.chart.width !== width || this.chart.height !== height)) {
      this.chart.setSize({ width, height })
    }
  }
}

function chartOptions(
  palette: Palette,
  size: { readonly width: number; readonly height: number },
  isCompared: boolean,
): uPlot.Options {
  const stepped = uPlot.paths.stepped?.({ align: 1 })
  const axis = { stroke: palette.inkSoft, font: `11px ${palette.sans}`, ticks: { show: false } }
  return {
    ...size,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false, range: () => [Date.now() / 1000 - WINDOW_S, Date.now() / 1000] },
      y: { range: (_chart, _min, max) => [0, Math.max(10, max * 1.15)] },
    },
    axes: [
      {
        ...axis,
        size: 24,
        grid: { show: false },
        splits: () => secondsAgo(),
        values: (_chart, splits) => splits.map(agoText),
      },
      { ...axis, size: 44, grid: { stroke: palette.line, width: 1 }, space: 32 },
    ],
    series: [
      {},
      {
        stroke: palette.accent,
        width: 2,
        fill: palette.water,
        points: { show: false },
        ...(stepped && { paths: stepped }),
      },
      { stroke: palette.warm, width: 2, dash: [6, 4], points: { show: false }, show: isCompared },
    ],
  }
}

function secondsAgo(): number[] {
  const now = Date.now() / 1000
  return [75, 60, 45, 30, 15].map((seconds) => now - seconds)
}

function agoText(time: number): string {
  return `${Math.round(Date.now() / 1000 - time)} s ago`
}

customElements.define('tidemark-log-chart', LogChart)
