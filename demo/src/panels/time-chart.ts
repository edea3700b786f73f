/** A panel with lines over time. What they are its heirs say; sampling, size, theme and time are the same for all. */
import { html, type PropertyValues, type TemplateResult } from 'lit'
import uPlot from 'uplot'
import type { RoomView } from '../room/view.js'
import { themeChanges } from '../theme.js'
import { type Palette, paletteOf } from './palette.js'
import { Panel } from './panel.js'
import { type Sample, Samples } from './samples.js'
import { agoText, timeSplits, timeWindow } from './time-window.js'

export interface ChartSpec {
  readonly title: string
  readonly hint: string
  readonly lines: readonly LineSpec[]
  /** The scale reaches at least this far. */
  readonly leastMaximum: number
  readonly valueText: (value: number) => string
  readonly axisText: (value: number) => string
  readonly axisWidth: number
}

/** One column of the samples. */
export interface LineSpec {
  readonly name: string
  /** As the legend's style sheet knows it. */
  readonly key: string
  readonly read: (view: RoomView) => number | null
  readonly style: (palette: Palette) => uPlot.Series
}

export abstract class TimeChart extends Panel {
  static override properties = { ...Panel.properties, off: { state: true } }
  /** Keys of lines that the reader has switched off, so that the others can be seen at their scale. */
  declare private off: ReadonlySet<string>
  protected abstract readonly spec: ChartSpec
  private samples: Samples | undefined
  private chart: uPlot | undefined
  private readonly rebuild = () => this.build()
  private readonly resizing = new ResizeObserver(() => this.fit())

  constructor() {
    super()
    this.off = new Set()
  }

  /** Said to those who can not see the lines. */
  protected abstract describe(view: RoomView): string

  /** Paints over the lines. */
  protected paintOver?(chart: uPlot, palette: Palette): void

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

  override render(): TemplateResult {
    const { spec, view } = this
    return html`
      <section class="panel chart" aria-label=${spec.title}>
        <h2>${spec.title} <span class="hint">${spec.hint}</span></h2>
        <ul class="legend">${spec.lines.map((line, i) => this.legendEntry(line, i + 1))}</ul>
        <div class="chart-canvas" role="img" aria-label=${this.describe(view)}></div>
      </section>
    `
  }

  protected override firstUpdated(): void {
    this.build()
    this.resizing.observe(this.target)
  }

  protected override updated(changed: PropertyValues): void {
    if (!changed.has('view')) return
    this.samples ??= new Samples(this.spec.lines.length)
    const { view, spec } = this
    const sample = (): Sample => spec.lines.map(({ read }) => read(view))
    if (this.samples.take(Date.now(), sample)) this.chart?.setData(this.data)
  }

  /** @param series where uPlot keeps the line. */
  private legendEntry({ name, key, read }: LineSpec, series: number) {
    const value = read(this.view)
    return html`
      <li data-line=${key}>
        <label title="Show or hide this line">
          <input type="checkbox" class="visually-hidden" .checked=${!this.off.has(key)}
            @change=${() => this.toggle(key, series)} />
          <i class="line-swatch" aria-hidden="true"></i>${name}
          <strong>${value === null ? '–' : this.spec.valueText(value)}</strong>
        </label>
      </li>
    `
  }

  private toggle(key: string, series: number): void {
    const isShown = this.off.has(key)
    this.off = isShown ? new Set([...this.off].filter((other) => other !== key)) : new Set([...this.off, key])
    this.chart?.setSeries(series, { show: isShown })
  }

  private get target(): HTMLElement {
    const target = this.querySelector<HTMLElement>('.chart-canvas')
    if (!target) throw new Error('the chart is not rendered')
    return target
  }

  private get data(): uPlot.AlignedData {
    const { samples, spec } = this
    return samples ? [samples.times, ...samples.columns] : [[], ...spec.lines.map(() => [])]
  }

  private build(): void {
    this.chart?.destroy()
    const { clientWidth: width, clientHeight: height } = this.target
    const palette = paletteOf(this)
    const options = { width, height, ...this.options(palette) }
    this.chart = new uPlot(options, this.data, this.target)
  }

  private options(palette: Palette): Omit<uPlot.Options, 'width' | 'height'> {
    const { lines, leastMaximum, axisText, axisWidth } = this.spec
    const axis = { stroke: palette.inkSoft, font: `11px ${palette.sans}`, ticks: { show: false } }
    const shown = () => timeWindow(this.samples?.times[0], Date.now() / 1000)
    return {
      padding: [10, 8, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { time: false, range: shown },
        y: { range: (_chart, _min, max) => [0, Math.max(leastMaximum, max * 1.12)] },
      },
      axes: [
        {
          ...axis,
          size: 24,
          grid: { show: false },
          splits: () => timeSplits(shown()),
          values: (_chart, splits) => splits.map((time) => agoText(Date.now() / 1000 - time)),
        },
        {
          ...axis,
          size: axisWidth,
          grid: { stroke: palette.line, width: 1 },
          space: 32,
          values: (_chart, splits) => splits.map(axisText),
        },
      ],
      series: [{}, ...lines.map((line) => this.series(line, palette))],
      hooks: { draw: [(chart) => this.paintOver?.(chart, palette)] },
    }
  }

  private series({ key, style }: LineSpec, palette: Palette): uPlot.Series {
    return { points: { show: false }, show: !this.off.has(key), ...style(palette) }
  }

  private fit(): void {
    const { clientWidth: width, clientHeight: height } = this.target
    if (this.chart && (this.chart.width !== width || this.chart.height !== height)) {
      this.chart.setSize({ width, height })
    }
  }
}

/** Values that stay until they change. */
export function stepped(): Partial<uPlot.Series> {
  const paths = uPlot.paths.stepped?.({ align: 1 })
  return paths ? { paths } : {}
}
