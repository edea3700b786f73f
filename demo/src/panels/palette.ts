/** The theme's colours for what is painted on canvases, where style sheets do not reach. */
import { currentTheme } from '../theme.js'

export interface Palette {
  readonly ink: string
  readonly inkSoft: string
  readonly line: string
  readonly water: string
  readonly waterDeep: string
  readonly accent: string
  readonly warm: string
  /** What compaction does away with: tombstones, and the size of a document that keeps them. */
  readonly plain: string
  /** Cuts, and what waits for them. */
  readonly cut: string
  readonly onCut: string
  readonly faint: string
  readonly panel: string
  readonly sans: string
}

export function paletteOf(element: HTMLElement): Palette {
  const style = getComputedStyle(element)
  const read = (property: string) => style.getPropertyValue(property).trim()
  return {
    ink: read('--ink'),
    inkSoft: read('--ink-soft'),
    line: read('--line'),
    water: read('--water'),
    waterDeep: read('--water-deep'),
    accent: read('--accent'),
    warm: read('--mark'),
    plain: read('--plain'),
    cut: read('--cut'),
    onCut: read('--on-cut'),
    faint: read('--ink-faint'),
    panel: read('--panel'),
    sans: read('--sans'),
  }
}

/** Members' colours are chosen for light backgrounds; on a dark one they are mixed with white. */
export function onTheme(color: string): string {
  if (currentTheme() === 'light') return color
  const channels = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16))
  return `rgb(${channels.map((channel) => Math.round(channel + (255 - channel) * 0.32)).join(' ')})`
}
