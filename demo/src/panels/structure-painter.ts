/**
 * Paints a text as a strip: what is visible, tombstones, and behind them what is only known by number.
 *
 * Thousands of runs share a few hundred pixels, so every column shows the mixture of what lies in it.
 */
import type { Palette } from './palette.js'

export interface StructureScene {
  /** Units in turn visible and deleted. */
  readonly runs: readonly number[]
  /** 1 before a cut, 0 after it: what is left of the width of tombstones. */
  readonly tombstoneShare: number
  /** Units that fill the whole strip. */
  readonly total: number
  /** What stands at the end for tombstones that are in no run. */
  readonly rest: Rest
  readonly palette: Palette
}

export interface Rest {
  readonly kind: 'collected' | 'unseen'
  readonly units: number
  /** In words, the longest first; the first that fits is shown. */
  readonly labels: readonly string[]
}

const HATCH_PX = 7

export function paintStructure(
  context: CanvasRenderingContext2D,
  { width, height }: { readonly width: number; readonly height: number },
  scene: StructureScene,
): void {
  context.clearRect(0, 0, width, height)
  if (scene.total === 0) return
  const pixelsPerUnit = width / scene.total
  const end = paintRuns(context, { width, height, pixelsPerUnit }, scene)
  const restWidth = scene.rest.units * pixelsPerUnit
  // Rounding must leave no gap: the rest ends where the strip does if together they fill it.
  const right = Math.min(width, end + restWidth + 0.5)
  if (restWidth >= 0.5) paintRest(context, { left: end, right, height }, scene)
}

interface Frame {
  readonly width: number
  readonly height: number
  readonly pixelsPerUnit: number
}

/** @returns where the runs end. */
function paintRuns(
  context: CanvasRenderingContext2D,
  { width, height, pixelsPerUnit }: Frame,
  { runs, tombstoneShare, palette }: StructureScene,
): number {
  const columns = Math.ceil(width * devicePixelRatio)
  const columnWidth = width / columns
  const visible = new Float32Array(columns)
  const deleted = new Float32Array(columns)
  let x = 0
  for (const [i, units] of runs.entries()) {
    const isDeleted = i % 2 === 1
    const end = x + (units * pixelsPerUnit * (isDeleted ? tombstoneShare : 1)) / columnWidth
    cover(isDeleted ? deleted : visible, x, end)
    x = end
  }
  for (let column = 0; column < columns && column < x; column++) {
    const both = (visible[column] ?? 0) + (deleted[column] ?? 0)
    if (both <= 0) continue
    const left = column * columnWidth
    context.globalAlpha = Math.min(both, 1)
    context.fillStyle = palette.plain
    context.fillRect(left, 0, columnWidth, height)
    context.globalAlpha = Math.min((visible[column] ?? 0) / both, 1)
    context.fillStyle = palette.accent
    context.fillRect(left, 0, columnWidth, height)
  }
  context.globalAlpha = 1
  return x * columnWidth
}

/** Adds to each column the share of it that lies between two places. */
function cover(columns: Float32Array, from: number, to: number): void {
  const last = Math.min(Math.ceil(to), columns.length)
  for (let column = Math.floor(from); column < last; column++) {
    const share = Math.min(to, column + 1) - Math.max(from, column)
    columns[column] = (columns[column] ?? 0) + share
  }
}

function paintRest(
  context: CanvasRenderingContext2D,
  { left, right, height }: { readonly left: number; readonly right: number; readonly height: number },
  { rest, palette }: StructureScene,
): void {
  context.save()
  context.beginPath()
  context.rect(left, 0, right - left, height)
  context.clip()
  context.globalAlpha = rest.kind === 'unseen' ? 0.75 : 0.3
  context.strokeStyle = rest.kind === 'unseen' ? palette.plain : palette.faint
  context.lineWidth = rest.kind === 'unseen' ? 3 : 1
  context.beginPath()
  for (let x = left - height - (left % HATCH_PX); x < right; x += HATCH_PX) {
    context.moveTo(x, height)
    context.lineTo(x + height, 0)
  }
  context.stroke()
  context.globalAlpha = 1
  context.font = `600 11.5px ${palette.sans}`
  const label = rest.labels.find((text) => context.measureText(text).width + 24 < right - left)
  if (label !== undefined) paintLabel(context, label, (left + right) / 2, height, palette)
  context.restore()
}

function paintLabel(
  context: CanvasRenderingContext2D,
  label: string,
  center: number,
  height: number,
  palette: Palette,
): void {
  const width = context.measureText(label).width + 12
  context.fillStyle = palette.panel
  context.beginPath()
  context.roundRect(center - width / 2, height / 2 - 9, width, 18, 9)
  context.fill()
  context.fillStyle = palette.inkSoft
  context.textAlign = 'center'
  context.textBaseline = 'middle'
  context.fillText(label, center, height / 2 + 0.5)
}
