/**
 * How a diagram looks, in light and in dark. The colours are those of Okabe and Ito, which people with any kind of colour
 * blindness can tell apart; in the dark they are a little lighter.
 */
import { KINDS } from './kinds.js'
import { LANE_PX, LIFE_PX } from './lanes.js'

const COLOURS = `
:root {
  color-scheme: light dark;
  --paper: #fbfbfa; --ground: #f3f3f0; --ink: #1b1d1f; --soft: #62686e; --line: #d8d9d5; --hair: #e6e6e2;
  --blue: #0072b2; --orange: #d98a00; --green: #00875f; --red: #c8500a; --purple: #a8508a; --sky: #3b9bd1; --yellow: #b8a200;
  --shade: #0000000d; --card: #ffffff; --glow: #ffe08a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15171a; --ground: #1b1e22; --ink: #e8eaec; --soft: #9aa2aa; --line: #363b41; --hair: #262a2f;
    --blue: #4db1ee; --orange: #f0b036; --green: #35c79a; --red: #ff8a4a; --purple: #e08cc4; --sky: #7cc8f5; --yellow: #efe06a;
    --shade: #ffffff12; --card: #23272c; --glow: #6b5514;
  }
}`

const FRAME = `
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0; font: 14px/1.45 system-ui, sans-serif; background: var(--paper); color: var(--ink); }
header { padding: 18px 22px 6px; }
h1 { font-size: 19px; margin: 0 0 2px; font-weight: 650; letter-spacing: -.01em; }
header p { margin: 0; color: var(--soft); }
.verdict { margin: 10px 0 0; padding: 9px 12px; border-radius: 7px; border-left: 4px solid var(--green); background: var(--ground); }
.verdict.bad { border-color: var(--red); font-weight: 550; overflow-wrap: anywhere; }
nav { display: flex; flex-wrap: wrap; gap: 5px; padding: 8px 22px 10px; align-items: center; }
button { font: inherit; font-size: 12.5px; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 2px 8px 2px 5px; cursor: pointer; display: inline-flex; gap: 5px; align-items: center; }
button:focus-visible { outline: 2px solid var(--blue); outline-offset: 1px; }
button[aria-pressed=false] { opacity: .5; border-style: dashed; }
button svg { width: 18px; height: 18px; flex: none; }
nav .gap { flex: 1 1 12px; }
.zoom button { padding: 2px 9px; }
.zoom { display: inline-flex; gap: 4px; }
.frame { display: flex; border-block: 1px solid var(--line); background: var(--paper); }
.names { flex: none; width: 92px; border-right: 1px solid var(--line); position: relative; z-index: 1; }
.names button { position: absolute; left: 8px; right: 8px; justify-content: center; font-weight: 600; font-size: 14px; }
.names small { position: absolute; left: 10px; top: 9px; color: var(--soft); font-size: 11px; }
.names button[aria-pressed=false] { display: none; }
.scroll { overflow-x: auto; flex: 1; }
.plot { display: block; overflow: visible; margin-left: 16px; }
#tip { position: fixed; pointer-events: none; z-index: 9; max-width: 520px; padding: 7px 10px; border-radius: 7px; background: var(--card); color: var(--ink); border: 1px solid var(--line); box-shadow: 0 4px 18px #0003; white-space: pre-wrap; overflow-wrap: anywhere; font: 12px/1.45 ui-monospace, monospace; }
#tip[hidden] { display: none; }
#now { font: 12px ui-monospace, monospace; color: var(--soft); min-width: 78px; text-align: right; }
.story { padding: 12px 22px 30px; }
.story summary { cursor: pointer; font-weight: 600; margin-bottom: 6px; }
.story ol { margin: 0; padding: 0; list-style: none; max-height: 46vh; overflow: auto; border: 1px solid var(--line); border-radius: 7px; background: var(--card); font: 12px/1.5 ui-monospace, monospace; }
.story li { padding: 0 10px; white-space: pre-wrap; cursor: pointer; }
.story li:hover, .story li.near { background: var(--shade); }
.story li.bad { color: var(--red); font-weight: 600; }
.keys { color: var(--soft); font-size: 12px; margin: 6px 0 0; }`

const DRAWING = `
.plot text { font: 11px system-ui, sans-serif; fill: var(--soft); }
.plot .id { font-size: 10.5px; fill: var(--soft); paint-order: stroke; stroke: var(--ground); stroke-width: 3px; stroke-linejoin: round; }
.ground .ground { fill: var(--ground); }
.tick { stroke: var(--line); stroke-width: .7; opacity: .7; }
.time { font-variant-numeric: tabular-nums; text-anchor: middle; }
.ticks { display: none; }
.zoom-1 .level0, .zoom0 .level1, .zoom1 .level2, .zoom2 .level3 { display: inline; }
.plot .quiet { fill: url(#p-quiet); }
.p-quiet { stroke: var(--line); stroke-width: 1; opacity: .8; }
.peace { stroke: var(--green); stroke-width: 1.5; stroke-dasharray: 5 4; }
.peace + .time { text-anchor: start; }
.life { stroke-width: 3.2; stroke-linecap: butt; }
.life.joining { stroke: var(--soft); stroke-width: 1.4; stroke-dasharray: 3 3; }
.life.crashed { stroke: var(--red); stroke-width: 1; stroke-dasharray: 1 5; }
.room0 { --room: var(--blue); } .room1 { --room: var(--orange); } .room2 { --room: var(--green); }
.room3 { --room: var(--purple); } .room4 { --room: var(--sky); } .room5 { --room: var(--yellow); }
.life.member { stroke: var(--room); }
.k-tide { fill: var(--room); fill-opacity: .26; stroke: none; }
.k-tide.clock { fill: none; stroke: var(--room); stroke-width: 1; stroke-opacity: .75; pointer-events: none; }
.k-sleep { fill: url(#p-sleep); } .p-sleep { stroke: var(--ink); stroke-width: 1.6; opacity: .55; }
.side0 { fill: url(#p-side0); } .p-side0 { stroke: var(--sky); stroke-width: 1.6; opacity: .5; }
.side1 { fill: url(#p-side1); } .p-side1 { fill: var(--orange); opacity: .6; }
rect.k-rendezvous { fill: url(#p-away); } .p-away { stroke: var(--red); stroke-width: 2; }
rect.k-deaf { fill: var(--purple); fill-opacity: .55; }
.sign { cursor: pointer; }
.sign, .swatch { fill: var(--ink); stroke: none; }
.paper { fill: var(--paper); stroke: var(--ink); stroke-width: 1.4; }
.stroke, .thick, .ring { fill: none; stroke: currentColor; stroke-width: 1.5; stroke-linecap: round; }
.thick { stroke-width: 2.6; } .hole { fill: none; stroke: var(--paper); stroke-width: 1.8; }
.ring { stroke-width: 1; }
.k-update { fill: var(--blue); color: var(--blue); } .k-join { fill: var(--green); } .k-leave { fill: var(--soft); }
.k-cut { fill: var(--orange); } .k-fence { fill: var(--purple); } .k-evict { fill: var(--red); }
.k-epoch { fill: var(--orange); } .k-crash { color: var(--red); } .k-edit { color: var(--soft); }
.k-link { color: var(--red); } .k-accuse { fill: var(--red); } .k-other { fill: var(--purple); }
.k-lost { color: var(--red); opacity: .75; }
.sign.k-update, .sign.k-join, .sign.k-leave, .sign.k-cut, .sign.k-fence, .sign.k-evict { stroke: var(--paper); stroke-width: .8; }
.flow { stroke-linecap: round; }
.flow.k-apply { stroke: var(--blue); stroke-opacity: .3; }
.flow.k-m-join { stroke: var(--green); stroke-opacity: .75; stroke-dasharray: 5 3; }
.flow.k-m-state { stroke: var(--green); stroke-opacity: .3; }
.flow.k-m-gossip { stroke: var(--sky); stroke-opacity: .35; }
.flow.k-m-repair { stroke: var(--orange); stroke-opacity: .5; }
.flow.k-m-relay { stroke: var(--purple); stroke-opacity: .4; }
.flow.k-m-life { stroke: var(--soft); stroke-opacity: .2; }
.flow.accused { stroke: var(--red); stroke-opacity: 1; stroke-width: 2.2; }
.flow:hover, .hot.flow { stroke: var(--red); stroke-opacity: 1; }
.plot.focus .flow:not(.hot) { stroke-opacity: .07; }
.hot.sign { stroke: var(--red); stroke-width: 2.4; }
.violation line { stroke: var(--red); stroke-width: 2.5; } .violation .guilty { fill: none; stroke: var(--red); stroke-width: 2.5; }
.plot .violation text { fill: var(--red); font-weight: 700; font-size: 12px; }
#cursor { stroke: var(--ink); stroke-width: .7; opacity: .45; pointer-events: none; }
.swatch-apply { color: var(--blue); } .swatch-m-join, .swatch-m-state { color: var(--green); } .swatch-m-gossip { color: var(--sky); }
.swatch-m-repair { color: var(--orange); } .swatch-m-relay { color: var(--purple); } .swatch-m-life { color: var(--soft); }
.swatch-tide { fill: var(--blue); } .swatch-deaf { fill: var(--purple); }`

const HIDING = KINDS.map(({ id }) => `.hide-${id} .plot .k-${id}{display:none}`).join('\n')

export const STYLE = `${COLOURS}${FRAME}${DRAWING}
.names { --lane: ${LANE_PX}px; --life: ${LIFE_PX}px; }
${HIDING}`
