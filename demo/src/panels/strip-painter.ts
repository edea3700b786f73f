/**
 * Paints the sequence of operations as a tide: the log stands dry above the snapshot point; what everybody holds
 * stands in the water and waits for the next cut; what a cut has done away with is sand.
 */
import type { SequencedOperation } from '../room/operation-history.js'
import { onTheme, type Palette } from './palette.js'
import type { StripCamera } from './strip-camera.js'

export interface StripScene {
  readonly operations: readonly SequencedOperation[]
  readonly colorOf: (author: string) => string
  readonly snapshotPoint: number
  readonly epoch: number
  readonly palette: Palette
}

const TOP = 34
const BOTTOM = 24
/** What is left of a bar's height under water. */
const SUNK_SHARE = 0.4
const SAND_HEIGHT = 4
const WATER_HEIGHT = 26
const LABEL_EVERY_PX = 130

export function paintStrip(
  context: CanvasRenderingContext2D,
  { width, height }: { readonly width: number; readonly height: number },
  camera: StripCamera,
  scene: StripScene,
): void {
  context.clearRect(0, 0, width, height)
  const slot = width / camera.span
  const xOf = (index: number) => width - (camera.end - index) * slot
  const shore: Shore = { cutX: xOf(camera.cut), pointX: xOf(camera.point), floor: height - BOTTOM, width }
  if (scene.operations.length > 0) paintWater(context, shore, scene.palette)
  for (const operation of scene.operations) {
    const x = xOf(operation.index)
    if (x < -slot || x > width) continue
    const sunk = share(camera.point - operation.index)
    const gone = share(camera.cut - operation.index)
    paintOperation(context, operation, { x, slot, floor: shore.floor, sunk, gone }, scene)
  }
  paintAxis(context, scene, { width, floor: shore.floor, slot, xOf })
  if (scene.operations.length > 0) paintLabels(context, shore, scene)
}

function share(value: number): number {
  return Math.min(Math.max(value, 0), 1)
}

/** The water lies between the last cut and the snapshot point. */
interface Shore {
  readonly cutX: number
  readonly pointX: number
  readonly floor: number
  readonly width: number
}

function paintWater(
  context: CanvasRenderingContext2D,
  { cutX, pointX, floor }: Shore,
  palette: Palette,
): void {
  const left = Math.max(cutX, 0)
  if (pointX - left < 1) return
  const surface = floor - WATER_HEIGHT
  context.beginPath()
  context.moveTo(left, floor)
  for (let x = left; x < pointX; x += 4) context.lineTo(x, surface + Math.sin(x / 14) * 1.6)
  context.lineTo(pointX, surface)
  context.lineTo(pointX, floor)
  context.closePath()
  const fill = context.createLinearGradient(0, surface, 0, floor)
  fill.addColorStop(0, palette.water)
  fill.addColorStop(1, palette.waterDeep)
  context.fillStyle = fill
  context.fill()
}

interface Place {
  readonly x: number
  readonly slot: number
  readonly floor: number
  /** 0 above the snapshot point, 1 below it, in between while the point passes. */
  readonly sunk: number
  /** The same for the last cut. */
  readonly gone: number
}

function paintOperation(
  context: CanvasRenderingContext2D,
  { author, kind, bytes }: SequencedOperation,
  place: Place,
  { colorOf, palette }: StripScene,
): void {
  const { x, slot, floor, sunk, gone } = place
  context.globalAlpha = (1 - sunk * 0.35) * (1 - gone * 0.55)
  context.fillStyle = kind === 'cut' ? palette.cut : onTheme(colorOf(author))
  context.beginPath()
  if (kind === 'update') {
    const full = 16 + Math.min(Math.log2(1 + bytes) * 5.5, floor - TOP - 18)
    const wet = full * (1 - sunk * (1 - SUNK_SHARE))
    const barHeight = wet + (SAND_HEIGHT - wet) * gone
    const barWidth = Math.max(slot * 0.72, 1)
    const left = x + (slot - barWidth) / 2
    context.roundRect(left, floor - barHeight, barWidth, barHeight, Math.min(barWidth / 2, 3))
  } else {
    const radius = Math.max(Math.min(slot * 0.42, 6) * (1 - sunk * 0.35), kind === 'cut' ? 3.5 : 1)
    const y = floor - radius - 1 - (1 - sunk) * 10
    if (kind === 'cut') diamond(context, x + slot / 2, y, radius * 1.25)
    else context.arc(x + slot / 2, y, radius, 0, 2 * Math.PI)
  }
  context.fill()
  context.globalAlpha = 1
}

function diamond(context: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  context.moveTo(x, y - radius)
  context.lineTo(x + radius, y)
  context.lineTo(x, y + radius)
  context.lineTo(x - radius, y)
  context.closePath()
}

interface Axis {
  readonly width: number
  readonly floor: number
  readonly slot: number
  readonly xOf: (index: number) => number
}

/** A clock value now and then; which operations have one depends on their index, so labels move with them. */
function paintAxis(
  context: CanvasRenderingContext2D,
  scene: StripScene,
  { width, floor, slot, xOf }: Axis,
): void {
  context.strokeStyle = scene.palette.line
  context.lineWidth = 1
  context.beginPath()
  context.moveTo(0, floor + 0.5)
  context.lineTo(width, floor + 0.5)
  context.stroke()
  context.fillStyle = scene.palette.inkSoft
  context.font = `11px ${scene.palette.sans}`
  context.textAlign = 'center'
  const every = 5 * 2 ** Math.max(0, Math.ceil(Math.log2(LABEL_EVERY_PX / slot / 5)))
  for (const { index, clock } of scene.operations) {
    const x = xOf(index) + slot / 2
    if (index % every !== 0 || x < 24 || x > width - 24) continue
    context.fillText(`${clock}`, x, floor + 16)
  }
}

/** The snapshot point and the last cut, and what lies between them, as far as there is room to say so. */
function paintLabels(context: CanvasRenderingContext2D, shore: Shore, scene: StripScene): void {
  const { palette, snapshotPoint, epoch } = scene
  const { cutX, pointX, width } = shore
  // Right after a cut the point stands where the cut was: then one mark says it all.
  const hasCut = epoch > 0 && pointX - cutX > 2
  const colors = { color: palette.cut, ink: palette.onCut, font: `600 12px ${palette.sans}` }
  const pointColors = { ...colors, color: palette.warm, ink: '#201600' }
  const point = paintMark(
    context,
    shore,
    pointX,
    [`snapshot point ${snapshotPoint}`],
    width - 14,
    pointColors,
  )
  const texts = [`cut: epoch ${epoch}`, `epoch ${epoch}`]
  const cut = hasCut ? paintMark(context, shore, cutX, texts, (point?.left ?? width) - 10, colors) : point
  if (!point) return
  context.fillStyle = palette.inkSoft
  context.font = `11.5px ${palette.sans}`
  if (epoch === 0) aside(context, 'stable, until the first cut', 14, point.left)
  else if (cut) aside(context, 'collected', 14, cut.left)
  if (hasCut && cut) aside(context, 'stable, until the next cut', cut.right, point.left)
  if (point.right < width - 90) aside(context, 'in the log', point.right, Number.POSITIVE_INFINITY)
}

interface Span {
  readonly left: number
  readonly right: number
}

interface MarkStyle {
  readonly color: string
  readonly ink: string
  readonly font: string
}

/**
 * A stalk with a label on top.
 * @param texts the first is taken that fits.
 * @param end how far to the right the label may reach.
 * @returns what it covers, if there was room.
 */
function paintMark(
  context: CanvasRenderingContext2D,
  { floor, width }: Shore,
  x: number,
  texts: readonly string[],
  end: number,
  { color, ink, font }: MarkStyle,
): Span | undefined {
  context.fillStyle = color
  const shownX = Math.min(Math.max(x, 2), width - 2)
  if (x >= 0) context.fillRect(shownX - 1.25, 12, 2.5, floor - 8)
  context.font = font
  const arrow = x < 0 ? '◂ ' : ''
  const text = texts.map((one) => arrow + one).find((one) => widthOf(context, one) <= end - 14)
  if (text === undefined) return undefined
  const labelWidth = widthOf(context, text)
  const left = Math.min(Math.max(shownX - labelWidth / 2, 14), end - labelWidth)
  context.beginPath()
  context.roundRect(left, 2, labelWidth, 22, 11)
  context.fill()
  context.fillStyle = ink
  context.textAlign = 'left'
  context.fillText(text, left + 9, 17)
  return { left, right: left + labelWidth }
}

function widthOf(context: CanvasRenderingContext2D, text: string): number {
  return context.measureText(text).width + 18
}

/** Words between two labels, nearest to the right one, if they fit. */
function aside(context: CanvasRenderingContext2D, text: string, from: number, to: number): void {
  const textWidth = context.measureText(text).width
  if (to - from < textWidth + 20) return
  const isOpenEnded = to === Number.POSITIVE_INFINITY
  context.textAlign = isOpenEnded ? 'left' : 'right'
  context.fillText(text, isOpenEnded ? from + 10 : to - 10, 17)
}
