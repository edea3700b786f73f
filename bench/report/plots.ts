/** Pictures of results, as SVG that needs nothing but itself. */
import * as ObservablePlot from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import type { Plot } from '../measurement.js'
import { plotFileName } from './plot-names.js'
import type { Results } from './results.js'

const WIDTH = 720
const HEIGHT = 360
const MARGIN = 70
/** Room for the names of lines, at their ends. */
const NAMES_WIDTH = 170
const BAR_HEIGHT = 28
const NAME_HEIGHT = 15
const COLOURS = ['#1f6feb', '#d1495b', '#2a9d4a', '#b8860b', '#7b4fb5', '#00868b', '#888888', '#c2570c']

export interface PlotFile {
  readonly name: string
  readonly svg: string
}

export function plotFiles({ measured }: Results): PlotFile[] {
  return measured.flatMap(({ name, result }) =>
    result.plots.map((plot) => ({ name: plotFileName(name, plot), svg: svgOf(plot) })),
  )
}

interface Point {
  readonly who: string
  readonly x: number
  readonly y: number
}

function svgOf(plot: Plot): string {
  const { document } = parseHTML('<!doctype html><html><body></body></html>')
  const points = plot.series.flatMap(({ who, points }) => points.map(([x, y]): Point => ({ who, x, y })))
  const isBars = plot.series.every(({ points }) => points.length === 1)
  const svg = isBars ? bars(plot, points, document) : lines(plot, points, document)
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  // Pages may be dark.
  svg.setAttribute('style', 'background: white; color: #222; font-family: system-ui, sans-serif')
  svg.setAttribute('role', 'img')
  svg.setAttribute('aria-label', plot.title)
  return `${svg.outerHTML}\n`
}

function common(plot: Plot, document: Document) {
  const names = plot.series.map(({ who }) => who)
  return {
    document,
    width: WIDTH,
    marginLeft: MARGIN,
    style: { background: 'white' },
    color: { domain: names, range: COLOURS },
  }
}

type Drawing = ReturnType<typeof ObservablePlot.plot>

function bars(plot: Plot, points: readonly Point[], document: Document): Drawing {
  const names = plot.series.map(({ who }) => who)
  const type = plot.logarithmic ? 'log' : 'linear'
  const least = plot.logarithmic ? Math.min(...points.map(({ y }) => y)) / 2 : 0
  return ObservablePlot.plot({
    ...common(plot, document),
    height: names.length * BAR_HEIGHT + 60,
    marginLeft: NAMES_WIDTH + 40,
    marginRight: MARGIN,
    x: {
      label: plot.y,
      type,
      grid: true,
      ...(plot.logarithmic && { domain: [least, Math.max(...points.map(({ y }) => y))] }),
    },
    y: { label: null, domain: names },
    marks: [
      ObservablePlot.barX(points, { x1: least, x2: 'y', y: 'who', fill: 'who' }),
      ObservablePlot.text(points, {
        x: 'y',
        y: 'who',
        text: ({ y }: Point) => String(Number(y.toPrecision(3))),
        textAnchor: 'start',
        dx: 4,
      }),
    ],
  })
}

function lines(plot: Plot, points: readonly Point[], document: Document): Drawing {
  const drawing = ObservablePlot.plot({
    ...common(plot, document),
    height: HEIGHT,
    marginRight: NAMES_WIDTH,
    x: { label: plot.x, ...(isSpreadWide(points.map(({ x }) => x)) && { type: 'log' as const }) },
    y: {
      label: plot.y,
      grid: true,
      type: plot.logarithmic ? 'log' : 'linear',
      ...(!plot.logarithmic && { zero: true }),
    },
    marks: [
      ObservablePlot.line(points, { x: 'x', y: 'y', stroke: 'who', strokeWidth: 2 }),
      ObservablePlot.dot(points, { x: 'x', y: 'y', fill: 'who', r: 2.5 }),
    ],
  })
  nameLines(plot, drawing, document)
  return drawing
}

/** Sizes from 2 to 1,000 say nothing on an even scale. */
function isSpreadWide(values: readonly number[]): boolean {
  const least = Math.min(...values)
  return least > 0 && Math.max(...values) / least > 100
}

/** Each line's name at its end, none over another. */
function nameLines({ series }: Plot, drawing: Drawing, document: Document): void {
  const scale = drawing.scale('y')
  const ends = series.map(({ who, points }, at) => {
    const [, y = 0] = points.at(-1) ?? []
    return { who, colour: COLOURS[at % COLOURS.length] ?? 'black', y: Number(scale?.apply(y) ?? 0) }
  })
  let lowest = Number.NEGATIVE_INFINITY
  for (const end of ends.sort((a, b) => a.y - b.y)) {
    const y = Math.max(end.y, lowest + NAME_HEIGHT)
    lowest = y
    const text = document.createElementNS('http://www.w3.org/2000/svg', 'text')
    text.setAttribute('x', String(WIDTH - NAMES_WIDTH + 8))
    text.setAttribute('y', String(y + 4))
    text.setAttribute('fill', end.colour)
    text.setAttribute('font-size', '12')
    text.setAttribute('text-anchor', 'start')
    text.textContent = end.who
    drawing.append(text)
  }
}
