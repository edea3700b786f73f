/** The room as a graph: who is in it, which links are known, and who holds the snapshot point back. */
import { html, nothing, svg } from 'lit'
import type { Block, Member, RoomView } from '../room/view.js'
import { blockReason } from '../wording.js'
import { Panel } from './panel.js'

const WIDTH = 340
const HEIGHT = 250
const CENTER = { x: WIDTH / 2, y: HEIGHT / 2 }

interface Node {
  readonly member: Member
  readonly x: number
  readonly y: number
  readonly block: Block | undefined
  readonly isNewcomer: boolean
}

export class NetworkGraph extends Panel {
  override render() {
    const nodes = place(this.view)
    const byReplica = new Map(nodes.map((node) => [node.member.replica, node]))
    return html`
      <section class="panel graph" aria-labelledby="graph-title">
        <h2 id="graph-title">Network <span class="hint">${summary(this.view)}</span></h2>
        <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${described(this.view)}>
          ${this.view.links.map(({ from, to, isOwn }) => edge(byReplica.get(from), byReplica.get(to), isOwn))}
          ${nodes.map((node) => circle(node, nodes.length))}
        </svg>
        ${this.view.members.length === 0 ? html`<p class="empty">${emptyText(this.view)}</p>` : nothing}
      </section>
    `
  }
}

/** You at the bottom, the others around in the order they came. */
function place({ members, newcomers, blockedBy, you }: RoomView): Node[] {
  const onlyYou: Member = { ...you, replica: '', isYou: true, isNamed: true, peers: [] }
  const all = members.length === 0 ? [onlyYou] : [...members, ...newcomers]
  const own = all.findIndex(({ isYou }) => isYou)
  const ordered = own < 0 ? all : [...all.slice(own), ...all.slice(0, own)]
  const radius = ordered.length === 1 ? { x: 0, y: 0 } : { x: ordered.length === 2 ? 0 : 108, y: 64 }
  return ordered.map((member, i) => {
    const angle = Math.PI / 2 + (i * 2 * Math.PI) / ordered.length
    return {
      member,
      x: CENTER.x + radius.x * Math.cos(angle),
      y: CENTER.y + radius.y * Math.sin(angle),
      block: blockedBy.find((block) => block.member.replica === member.replica),
      isNewcomer: newcomers.includes(member),
    }
  })
}

function edge(from: Node | undefined, to: Node | undefined, isOwn: boolean) {
  if (!from || !to) return nothing
  return svg`<line class="edge" ?data-own=${isOwn} x1=${from.x} y1=${from.y} x2=${to.x} y2=${to.y} />`
}

function circle({ member, x, y, block, isNewcomer }: Node, nodes: number) {
  const radius = nodes > 10 ? 13 : 20
  const lag = block === undefined ? nothing : block.reason
  // Labels stand outside the circle of members, where no link crosses them.
  const isUpper = y < CENTER.y - 10
  const labelY = isUpper ? -(radius + (block ? 27 : 12)) : radius + 19
  const whyY = isUpper ? -(radius + 13) : radius + 33
  return svg`
    <g class="node" style=${`--member: ${member.color}; transform: translate(${x}px, ${y}px)`}
      data-replica=${member.replica} data-block=${lag} ?data-you=${member.isYou} ?data-newcomer=${isNewcomer}>
      <title>${member.name}${block ? `: ${blockReason(block)}` : ''} (${member.replica})</title>
      ${block ? svg`<circle class="halo" r=${radius + 7} />` : nothing}
      ${member.isYou ? svg`<circle class="ring" r=${radius + 4} />` : nothing}
      <circle class="disc" r=${radius} />
      <text class="initials" dy="0.35em">${initials(member.name)}</text>
      <text class="label" y=${labelY}>${member.isYou ? `${member.name} (you)` : member.name}</text>
      ${block ? svg`<text class="why" y=${whyY}>${SHORT_REASONS[block.reason]}</text>` : nothing}
    </g>
  `
}

const SHORT_REASONS: Record<Block['reason'], string> = {
  silent: 'silent: holds the point',
  suspected: 'suspected',
  'being evicted': 'being evicted',
  joining: 'joining',
  behind: 'confirming…',
}

function initials(name: string): string {
  const [first = '', second] = name.split(' ')
  const letters = second
    ? [first, second].map((part) => Array.from(part)[0] ?? '')
    : Array.from(first).slice(0, 2)
  return letters.join('')
}

function summary({ members, links }: RoomView): string {
  if (members.length === 0) return ''
  const people = members.length === 1 ? '1 member' : `${members.length} members`
  return `${people}, ${links.length === 1 ? '1 link' : `${links.length} links`}`
}

function described(view: RoomView): string {
  const names = view.members.map(({ name, isYou }) => (isYou ? `${name}, which is you` : name)).join('; ')
  return `Members: ${names || 'none'}. ${summary(view)}.`
}

function emptyText({ status }: RoomView): string {
  return status === 'disconnected' ? 'You are offline: no links.' : 'Looking for others…'
}

customElements.define('tidemark-network-graph', NetworkGraph)
