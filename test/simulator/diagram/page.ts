/**
 * A diagram of one schedule as one HTML file that needs nothing else.
 */
import type { Outcome } from '../world/world.js'
import { behave, type Measures } from './behaviour.js'
import { draw, RULER_PX } from './drawing.js'
import { KINDS, type Kind } from './kinds.js'
import { LANE_PX, LIFE_PX } from './lanes.js'
import { SIGNS } from './signs.js'
import { STYLE } from './style.js'
import { element, escaped } from './svg.js'

const MEASURES: Measures = { rulerPx: RULER_PX, lanePx: LANE_PX, lifePx: LIFE_PX }
/** Kinds whose sign is not called as they are. */
const LEGEND: Readonly<Record<string, string>> = { life: 'member', apply: 'line', tide: 'tide' }

/** @param outcome of a schedule whose story was told. @param title names it, as the command does. */
export function diagramOf(outcome: Outcome, title: string): string {
  const { chronicle, lines, violation, virtualMs } = outcome
  if (!chronicle) throw new Error('only a story that was told can be drawn')
  const { svg, lanes, scale } = draw(chronicle, virtualMs)
  const off = (KINDS as readonly Kind[]).filter(({ isOff }) => isOff).map(({ id }) => `hide-${id}`)
  const told = lines.map((line) => {
    const atMs = Number.parseFloat(line) * 1000
    const time = `${(atMs / 1000).toFixed(3)} s`
    const isBad = line.slice(10, 12) === '! ' ? 'bad' : undefined
    const about = { class: isBad, 'data-x': scale.x(atMs), 'data-time': time }
    return element('li', about, escaped(line))
  })
  const found = violation
    ? `<p class="verdict bad">VIOLATION  ${escaped(violation.message)}</p>`
    : '<p class="verdict">No violation: all invariants hold.</p>'
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
<body class="${off.join(' ')}">
<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs>${SIGNS}</defs></svg>
<header>
<h1>${escaped(title)}</h1>
<p>${escaped(summaryOf(outcome))}</p>
${found}
</header>
<nav aria-label="What is shown">${KINDS.map(switchOf).join('')}<span class="gap"></span><span id="hidden">${lanes.map((name) => `<button hidden title="show ${name} again">+ ${name}</button>`).join('')}</span>
<span id="now"></span><span class="zoom"><button id="farther" title="farther away ( - )">−</button><button id="closer" title="closer ( + )">+</button><button id="fit" title="all of it ( 0 )">fit</button></span></nav>
<div class="frame">
<div class="names"><small>virtual time →</small>${lanes.map((name, i) => `<button aria-pressed="true" style="top:${RULER_PX + i * LANE_PX + LIFE_PX - 13}px" title="hide ${name}; with shift: hide all others">${name}</button>`).join('')}</div>
<div class="scroll">${svg}</div>
</div>
<div class="story">
<p class="keys">Point at anything to see what it is; at an operation, to see where it went (click to keep it). + − 0 or Ctrl and the wheel: magnify. A name hides its lane, with shift all others. A line of the story leads to its place.</p>
<details open><summary>The story (${lines.length} lines)</summary><ol>${told.join('')}</ol></details>
</div>
<div id="tip" hidden></div>
<script>(${behave})(${JSON.stringify(MEASURES)})</script>
</body>
</html>
`
}

function summaryOf({ plan, steps, virtualMs, hash }: Outcome): string {
  const { structure, compaction, network, maxDevices } = plan
  const { latencyMs, jitterMs, lossRate } = network
  const delay = `${latencyMs.toFixed(0)} to ${(latencyMs + jitterMs).toFixed(0)} ms one way`
  const loss = lossRate > 0 ? `, ${(lossRate * 100).toFixed(1)} % lost` : ''
  return `${structure}, compaction ${compaction}, up to ${maxDevices} devices, ${delay}${loss} · ${steps} steps, ${(virtualMs / 1000).toFixed(1)} s of virtual time · trace ${hash}`
}

/** The legend is what is switched. */
function switchOf({ id, label, about, isOff = false }: Kind): string {
  const sign = id.startsWith('m-') ? 'line' : (LEGEND[id] ?? id)
  const shown = `<svg viewBox="-9 -9 18 18" aria-hidden="true"><use href="#s-${sign}" class="swatch k-${id} swatch-${id}"${id === 'epoch' ? ' y="7"' : ''}/></svg>`
  return `<button data-kind="${id}" aria-pressed="${!isOff}" title="${escaped(about)}">${shown}${escaped(label)}</button>`
}
