/** Which stretch of time the charts show: as much as there is to show, up to some minutes. */

const SHORTEST_S = 30
export const LONGEST_S = 240
const MOST_LABELS = 4
const STEPS_S = [5, 10, 15, 30, 60]

/** @param firstS when the samples begin, in seconds. */
export function timeWindow(firstS: number | undefined, nowS: number): [from: number, to: number] {
  const span = Math.min(Math.max(nowS - (firstS ?? nowS), SHORTEST_S), LONGEST_S)
  return [nowS - span, nowS]
}

/** Round distances from now, the furthest first. */
export function timeSplits([from, to]: readonly [number, number]): number[] {
  const span = to - from
  const step = STEPS_S.find((seconds) => span / seconds <= MOST_LABELS + 0.5) ?? span
  const labels = Math.floor((span * 0.97) / step)
  return Array.from({ length: labels }, (_, i) => to - (labels - i) * step)
}

export function agoText(seconds: number): string {
  const rounded = Math.round(seconds)
  return rounded >= 60 && rounded % 60 === 0 ? `${rounded / 60} min ago` : `${rounded} s ago`
}
