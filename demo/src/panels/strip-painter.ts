/** Paints the sequence of operations: the log stands above the water, what was dropped lies below it. */
import type { SequencedOperation } from '../room/operation-history.js'
import { onTheme, type Palette } from './palette.js'
import type { StripCamera } from './strip-camera.js'

export interface StripScene {
  readonly operations: readonly SequencedOperation[]
  readonly colorOf: (author: string) => string
  readonly snapshotPoint: number
  readonly palette: Palette
}

const TOP = 34
const BOTTOM = 24
const SUNK_HEIGHT = 7
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
  const pointX = xOf(camera.point)
  const floor = height - BOTTOM
  if (scene.operations.length > 0) paintWater(context, pointX, floor, scene.palette)
  for (const operation of scene.operations) {
    const x = xOf(operation.index)
    if (x < -slot || x > width) continue
    const sunk = Math.min(Math.max(camera.point - operation.index, 0), 1)
    paintOperation(context, operation, { x, slot, floor, sunk }, scene)
  }
  paintAxis(context, scene, { width, floor, slot, xOf })
  if (scene.operations.length > 0) paintPoint(context, pointX, { width, floor }, scene)
}

function paintWater(context: CanvasRenderingContext2D, right: number, floor: number, palette: Palette): void {
  if (right <= 0) return
  const surface = floor - SUNK_HEIGHT - 14
  context.beginPath()
  context.moveTo(0, floor)
  context.lineTo(0, surface)
  for (let x = 0; x <= right; x += 4) context.lineTo(x, surface + Math.sin(x / 14) * 1.6)
  context.lineTo(right, surface)
  context.lineTo(right, floor)
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
}

function paintOperation(
  context: CanvasRenderingContext2D,
  { author, kind, bytes }: SequencedOperation,
  { x, slot, floor, sunk }: Place,
  { colorOf }: StripScene,
): void {
  const full = 16 + Math.min(Math.log2(1 + bytes) * 5.5, floor - TOP - 18)
  const barHeight = full + (SUNK_HEIGHT - full) * sunk
  const barWidth = Math.max(slot * 0.72, 1)
  context.globalAlpha = 1 - sunk * 0.5
  context.fillStyle = onTheme(colorOf(author))
  context.beginPath()
  if (kind === 'update') {
    context.roundRect(
      x + (slot - barWidth) / 2,
      floor - barHeight,
      barWidth,
      barHeight,
      Math.min(barWidth / 2, 3),
    )
  } else {
    const radius = Math.max(Math.min(slot * 0.42, 6) * (1 - sunk * 0.35), 1)
    context.arc(x + slot / 2, floor - radius - 1 - (1 - sunk) * 10, radius, 0, 2 * Math.PI)
  }
  context.fill()
  context.globalAlpha = 1
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

function paintPoint(
  context: CanvasRenderingContext2D,
  x: number,
  { width, floor }: { readonly width: number; readonly floor: number },
  { palette, snapshotPoint }: StripScene,
): void {
  const shownX = Math.min(Math.max(x, 2), width - 2)
  context.fillStyle = palette.warm
  if (x >= 0) context.fillRect(shownX - 1.25, 12, 2.5, floor - 8)
  const text = `${x < 0 ? '◂ ' : ''}snapshot point ${snapshotPoint}`
  context.font = `600 12px ${palette.sans}`
  const labelWidth = context.measureText(text).width + 18
  const left = Math.min(Math.max(shownX - labelWidth / 2, 14), width - labelWidth - 14)
  context.beginPath()
  context.roundRect(left, 2, labelWidth, 22, 11)
  context.fill()
  context.fillStyle = '#201600'
  context.textAlign = 'left'
  context.fillText(text, left + 9, 17)
  context.fillStyle = palette.inkSoft
  context.font = `11.5px ${palette.sans}`
  context.textAlign = 'right'
  if (left > 90) context.fillText('dropped', left - 10, 17)
  context.textAlign = 'left'
  if (left + labelWidth < width - 90) context.fillText('in the log', left + labelWidth + 10, 17)
}
