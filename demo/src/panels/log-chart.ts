/** How many operations are kept, over time: a saw where compaction is at work, a ramp where it would not be. */
import type { RoomView } from '../room/view.js'
import { count, counted } from '../wording.js'
import { type ChartSpec, stepped, TimeChart } from './time-chart.js'

export class LogChart extends TimeChart {
  protected override readonly spec: ChartSpec = {
    title: 'Operations kept',
    hint: 'by each tab',
    leastMaximum: 10,
    axisWidth: 44,
    valueText: count,
    axisText: count,
    lines: [
      {
        name: 'log',
        key: 'log',
        read: inRoom(({ stats }) => stats.logOperations),
        style: ({ accent, water }) => ({ stroke: accent, width: 2, fill: water, ...stepped() }),
      },
      {
        name: 'until the cut',
        key: 'kept',
        read: inRoom(({ stats }) => stats.logOperations + stats.segmentOperations),
        style: ({ cut }) => ({ stroke: cut, width: 1.5, ...stepped() }),
      },
      {
        name: 'without compaction',
        key: 'plain',
        read: inRoom(({ stats, droppedOperations }) => stats.logOperations + droppedOperations),
        style: ({ plain }) => ({ stroke: plain, width: 2, dash: [6, 4] }),
      },
    ],
  }

  protected override describe({ stats }: RoomView): string {
    const stable = counted(stats.segmentOperations, 'operation')
    return `Log length now: ${count(stats.logOperations)}; ${stable} below it wait for the next cut.`
  }
}

/** Offline there is no log to speak of. */
function inRoom(read: (view: RoomView) => number): (view: RoomView) => number | null {
  return (view) => (view.status === 'disconnected' ? null : read(view))
}

customElements.define('tidemark-log-chart', LogChart)
