/**
 * The late-join race of the problem statement on real replicas, with nothing left to chance: N1, N2, N3 (and N4)
 * are members and have A; N3 has made B, which has not reached N2; N5 asks N2 to let it in. What happens next,
 * each message that arrives or is lost, each report, each time-out, each death, is a choice of the caller.
 */
import { type Output, Replica } from '@tidemark/core'
import { makeNumberedSet } from '../models/numbered-set.js'
import { makeTokenSet } from '../models/token-set.js'
import { TokenBook } from '../models/tokens.js'
import { Coverage } from '../oracle/coverage.js'
import { Holder } from '../oracle/holder.js'
import { Oracle } from '../oracle/oracle.js'
import { Story } from '../oracle/story.js'
import { Violation } from '../oracle/violation.js'
import { Random } from '../random.js'
import { MESSAGE } from '../world/plan.js'
import { fingerprint } from './fingerprint.js'

export interface Scenario {
  readonly name: string
  readonly members: readonly string[]
  /**
   * Everybody has made something before, so the trees by which news spread have taken shape: each comes once, and
   * straight from its author. Otherwise it also comes around, and a report may overtake what it speaks about.
   */
  readonly hasTrees: boolean
  /** How often who may report. Reports in between would only be more of the same, and all come at the end. */
  readonly reports: Readonly<Record<string, number>>
  /** Messages of the handshake that may be lost. */
  readonly losses: number
  /** How often N5 may repeat its acknowledgement. */
  readonly resends: number
  readonly timeouts: boolean
  /** Who may die, at any moment. */
  readonly mortal: readonly string[]
  /** Who may make one more operation, at any moment. */
  readonly editors: readonly string[]
  /** Who may ask for a cut, at any moment. Where nobody may, history is not cut. */
  readonly cutters: readonly string[]
}

/** Names a thing that can happen next; the same name means the same thing after the same past. */
export type Choice = string

interface Node {
  readonly name: string
  readonly replica: Replica
  readonly holder: Holder
  readonly links: Map<number, Node>
  now: number
  isDead: boolean
  reports: number
  edits: number
  hasCut: boolean
  print: string | undefined
}

type Parcel = Uint8Array | 'down'

/** Long before any link seems silent or idle. */
const NEVER_MS = 1e12
const REPORT_MS = 2
const MIN_ID_LENGTH = 4
/** Longer than anything else takes: heartbeats come only when the race is over. */
const HEARTBEAT_MS = 1e9
/** So many heartbeats in a row bring up whatever fell off the tree. */
const HEARTBEATS = 4
/** Suspecting, agreeing and evicting is over by then. */
const SECONDS_TO_EVICT = 120
/** More than any cut takes here. */
const MOST_STEPS = 100
const RESEND_MS = 1001
const JOIN_TIMEOUT_MS = 1e6
const HANDSHAKE: readonly number[] = [
  MESSAGE.joinRequest,
  MESSAGE.welcome,
  MESSAGE.piece,
  MESSAGE.installed,
  MESSAGE.go,
  MESSAGE.no,
]
const NAMES = Object.fromEntries(Object.entries(MESSAGE).map(([name, type]) => [type, name]))

export class RaceWorld {
  readonly oracle: Oracle
  private readonly scenario: Scenario
  private readonly book = new TokenBook()
  private readonly coverage = new Coverage()
  private readonly nodes = new Map<string, Node>()
  /** What is under way, in order: `N2>N5 urgent` → messages. */
  private readonly wires = new Map<string, Parcel[]>()
  private nextLink = 1
  private losses = 0
  private resends = 0
  private hasTimedOut = new Set<string>()
  /** Somebody told its application that N5 was evicted. */
  private hasEvictedNewcomer = false
  /** Clock of B. */
  readonly clockOfB: number

  constructor(scenario: Scenario) {
    this.scenario = scenario
    const story = new Story(() => 0, false)
    this.oracle = new Oracle(this.book, this.coverage, story)
    const [first, ...others] = scenario.members.map((name) => this.addNode(name))
    if (!first) throw new Error('a race needs members')
    this.input(first, { type: 'start' })
    this.input(first, { type: 'alone' })
    for (const [i, node] of others.entries()) {
      this.input(node, { type: 'start' })
      for (const other of [first, ...others.slice(0, i)]) {
        this.connect(node, other)
        this.deliverAll()
      }
    }
    for (const node of scenario.hasTrees ? this.nodes.values() : []) {
      this.edit(node)
      this.settleDown()
    }
    this.edit(this.node('N1'))
    this.settleDown()
    for (const node of this.nodes.values()) node.edits = 0
    this.edit(this.node('N3'))
    this.clockOfB = this.node('N3').replica.room.history.clock
    for (const wire of [...this.wires.keys()]) {
      if (wire.startsWith('N3>') && !wire.startsWith('N3>N2')) this.deliverWire(wire)
    }
    const newcomer = this.addNode('N5')
    this.input(newcomer, { type: 'start' })
    this.connect(newcomer, this.node('N2'))
    // The hellos are out of the race: before them there is no sponsor and no newcomer.
    this.deliver('N2>N5 urgent')
    this.deliver('N5>N2 urgent')
    for (const node of this.nodes.values()) node.reports = 0
  }

  // ------------------------------------------------------------------ choices

  choices(): Choice[] {
    const choices: Choice[] = []
    for (const [wire, parcels] of this.wires) {
      const [first] = parcels
      if (first === undefined) continue
      choices.push(`deliver ${wire}`)
      if (first !== 'down' && HANDSHAKE.includes(first[1] ?? -1) && this.losses < this.scenario.losses) {
        choices.push(`lose ${wire}`)
      }
    }
    for (const node of this.nodes.values()) if (!node.isDead) choices.push(...this.choicesOf(node))
    return choices.sort()
  }

  private choicesOf({ name, replica, reports, edits, hasCut }: Node): Choice[] {
    const { scenario } = this
    const { status } = replica
    const isMember = status === 'member'
    const choices: Choice[] = []
    if (isMember && reports < (scenario.reports[name] ?? 0) && replica.room.hasNews)
      choices.push(`report ${name}`)
    if (isMember && edits === 0 && scenario.editors.includes(name)) choices.push(`edit ${name}`)
    if (isMember && !hasCut && scenario.cutters.includes(name)) choices.push(`cut ${name}`)
    if (scenario.mortal.includes(name) && status !== 'over') choices.push(`die ${name}`)
    if (name === 'N5' && status === 'joining') {
      if (this.resends < scenario.resends && this.nodes.get('N5')?.holder.installed) choices.push('resend N5')
      if (scenario.timeouts) choices.push('timeout N5')
    }
    const isSponsor = name === 'N2' && isMember
    if (isSponsor && scenario.timeouts && !this.hasTimedOut.has(name)) choices.push('timeout N2')
    return choices
  }

  /** @throws a Violation if that breaks a rule. */
  take(choice: Choice): void {
    const at = choice.indexOf(' ')
    const what = choice.slice(0, at)
    const whom = choice.slice(at + 1)
    if (what === 'deliver') this.deliver(whom)
    else if (what === 'lose') this.lose(whom)
    else if (what === 'report') this.report(this.node(whom))
    else if (what === 'edit') this.edit(this.node(whom))
    else if (what === 'cut') this.cut(this.node(whom))
    else if (what === 'resend') this.resend(this.node(whom))
    else if (what === 'timeout') this.timeOut(this.node(whom))
    else if (what === 'die') this.die(this.node(whom))
    else throw new Error(`unknown choice ${choice}`)
  }

  /** What a choice is about, for people. */
  describe(choice: Choice): string {
    const parcel = this.wires.get(choice.slice(choice.indexOf(' ') + 1))?.[0]
    const type = parcel === undefined || parcel === 'down' ? parcel : NAMES[parcel[1] ?? -1]
    return type === undefined ? choice : `${choice}: ${type}`
  }

  /** Equal in two worlds exactly if everything that can happen from here on is equal. */
  fingerprint(): string {
    const parts: string[] = [String(this.losses), String(this.resends), [...this.hasTimedOut].join()]
    for (const node of this.nodes.values()) {
      node.print ??= fingerprint([node.replica, node.holder.actions], [node.holder])
      parts.push(
        node.print,
        String(node.now),
        String(node.isDead),
        String(node.reports),
        String(node.edits),
        String(node.hasCut),
      )
    }
    for (const [wire, parcels] of [...this.wires].sort(([a], [b]) => (a < b ? -1 : 1))) {
      parts.push(wire, ...parcels.map((parcel) => (parcel === 'down' ? parcel : parcel.join())))
    }
    return parts.join('|')
  }

  // ------------------------------------------------------------------ the end of a race

  /** Everything under way arrives, everybody says what it has to say, N5 repeats itself or gives up. */
  finish(): void {
    this.settleDown()
    const newcomer = this.nodes.get('N5')
    for (const wait of ['resend', 'timeout'] as const) {
      if (!newcomer || newcomer.isDead || newcomer.replica.status !== 'joining') break
      this.take(`${wait} N5`)
      this.settleDown()
    }
    const sponsor = this.node('N2')
    if (!sponsor.isDead) this.timeOut(sponsor)
    this.settleDown()
    for (let i = 0; i < HEARTBEATS; i++) this.beat(HEARTBEAT_MS)
    // Whoever waits after that does so for somebody gone, and whoever jumped days ahead takes itself for asleep.
    for (let i = 0; i < SECONDS_TO_EVICT && this.isWaiting(); i++) this.beat(1000)
  }

  private beat(ms: number): void {
    for (const node of this.nodes.values()) {
      node.now += ms
      this.input(node, { type: 'timer' })
    }
    this.settleDown()
  }

  /** What must hold at the end. @returns how the race ended. */
  judge(): 'let in' | 'not let in' | 'let in and evicted' | 'torn by a death' {
    const living = this.living()
    // Nobody dials anew in a race: whom only the dead one linked can not agree to evict it.
    if (!this.isConnected(living)) return 'torn by a death'
    for (const { name, replica } of living) {
      const { point, clock } = replica.room.history
      if (point < this.clockOfB)
        throw new Violation('liveness', `${name} stays at ${point}, and B is ${this.clockOfB}`)
      if (point < clock) throw new Violation('liveness', `${name} stays at ${point} of ${clock}`)
      const cuts = [...this.nodes.values()].filter(({ hasCut }) => hasCut).length
      if (cuts > 0 && replica.room.history.epoch === 0)
        throw new Violation('liveness', `${name} executes no cut`)
    }
    if (living.some(({ name }) => name === 'N5')) return 'let in'
    return this.hasEvictedNewcomer ? 'let in and evicted' : 'not let in'
  }

  private living(): Node[] {
    return [...this.nodes.values()].filter(({ isDead, replica }) => !isDead && replica.status === 'member')
  }

  private isWaiting(): boolean {
    return this.living().some(({ replica: { room } }) => room.history.point < room.history.clock)
  }

  private isConnected(living: readonly Node[]): boolean {
    const reached = new Set(living.slice(0, 1))
    for (const { links } of reached)
      for (const other of links.values()) if (living.includes(other)) reached.add(other)
    return reached.size === living.length
  }

  // ------------------------------------------------------------------ replicas

  private addNode(name: string): Node {
    const isCut = this.scenario.cutters.length > 0
    const make = isCut ? makeNumberedSet : makeTokenSet
    const model = make(new Random(1), {
      compaction: isCut ? 'full' : 'fixed',
      features: new Set(),
      hasTwin: false,
      isStored: false,
      onLocalChange() {},
      onOrphaned() {},
      onError() {},
    })
    const holder = new Holder(name, model, this.book, this.oracle.snapshots, this.oracle, this.coverage)
    const replica = new Replica(name.padEnd(MIN_ID_LENGTH, '_'), holder, {
      heartbeatIntervalMs: HEARTBEAT_MS,
      linkTimeoutMs: NEVER_MS,
      seekIntervalMs: NEVER_MS,
      reportIntervalMs: REPORT_MS,
      joinTimeoutMs: JOIN_TIMEOUT_MS,
      // Cuts come when they are asked for.
      cutMinBytes: Number.POSITIVE_INFINITY,
      idleCutMs: NEVER_MS,
    })
    const node = {
      name,
      replica,
      holder,
      links: new Map(),
      now: 0,
      isDead: false,
      reports: 0,
      edits: 0,
      hasCut: false,
      print: undefined,
    }
    this.nodes.set(name, node)
    this.oracle.attach(replica, holder)
    return node
  }

  private node(name: string): Node {
    const node = this.nodes.get(name)
    if (!node) throw new Error(`there is no ${name}`)
    return node
  }

  private input(node: Node, input: Parameters<Replica['handle']>[0]): void {
    if (node.isDead) return
    node.print = undefined
    for (const output of node.replica.handle(input, node.now)) this.carryOut(node, output)
    this.oracle.compare(node.holder)
    // Nothing is to be seen from outside of the steps of a cut, so they are taken at once.
    const { cuts } = node.replica.room
    if (input.type !== 'timer' && cuts && cuts.nextStepAt(node.now) <= node.now) this.finishCut(node)
  }

  private carryOut(node: Node, output: Output): void {
    if (output.type === 'send') this.post(node, output.link, output.lane, output.bytes)
    else if (output.type === 'close') this.post(node, output.link, 'urgent', 'down')
    else if (output.type === 'joined') this.oracle.joined(node.holder)
    else if (output.type === 'members')
      this.hasEvictedNewcomer ||= output.evicted.some((who) => who.startsWith('N5'))
    else if (output.type === 'rejoin') this.oracle.detach(node.holder, false)
    else if (output.type === 'refused') throw new Violation('no refusals', `${node.name}: ${output.reason}`)
  }

  private post(node: Node, link: number, lane: string, parcel: Parcel): void {
    const other = node.links.get(link)
    if (!other) return
    const wire = `${node.name}>${other.name} ${lane}`
    const parcels = this.wires.get(wire) ?? []
    this.wires.set(wire, parcels)
    parcels.push(parcel)
    if (parcel === 'down') node.links.delete(link)
  }

  private connect(a: Node, b: Node): void {
    const link = this.nextLink++
    a.links.set(link, b)
    b.links.set(link, a)
    this.input(a, { type: 'link-up', link })
    this.input(b, { type: 'link-up', link })
  }

  // ------------------------------------------------------------------ events

  private deliver(wire: string): void {
    const parcel = this.wires.get(wire)?.shift()
    if (parcel === undefined) throw new Error(`nothing is under way on ${wire}`)
    const [from, to] = wire.slice(0, wire.indexOf(' ')).split('>') as [string, string]
    const receiver = this.node(to)
    const link = [...receiver.links].find(([, other]) => other.name === from)?.[0]
    if (link === undefined) return
    if (parcel !== 'down') return this.input(receiver, { type: 'message', link, bytes: parcel.slice() })
    receiver.links.delete(link)
    this.input(receiver, { type: 'link-down', link, reason: 'closed' })
  }

  private deliverWire(wire: string): void {
    while ((this.wires.get(wire)?.length ?? 0) > 0) this.deliver(wire)
  }

  private deliverAll(): void {
    for (let isQuiet = false; !isQuiet; ) {
      isQuiet = true
      for (const wire of [...this.wires.keys()]) {
        if ((this.wires.get(wire)?.length ?? 0) === 0) continue
        isQuiet = false
        this.deliverWire(wire)
      }
    }
  }

  private settleDown(): void {
    for (let isQuiet = false; !isQuiet; ) {
      this.deliverAll()
      isQuiet = true
      for (const node of this.nodes.values()) {
        if (node.isDead || node.replica.status !== 'member' || !node.replica.room.hasNews) continue
        isQuiet = false
        this.report(node)
      }
    }
  }

  private lose(wire: string): void {
    this.losses++
    this.wires.get(wire)?.shift()
  }

  private report(node: Node): void {
    node.reports++
    node.now += 2 * REPORT_MS
    this.input(node, { type: 'timer' })
  }

  private edit(node: Node): void {
    node.edits++
    node.holder.userDid(node.holder.model.edit(new Random(1), this.book))
    this.input(node, { type: 'local-change' })
  }

  private cut(node: Node): void {
    node.hasCut = true
    this.input(node, { type: 'compact' })
  }

  private finishCut(node: Node): void {
    const { cuts } = node.replica.room
    for (let left = MOST_STEPS; cuts && cuts.nextStepAt(node.now) <= node.now; left--) {
      if (left === 0) throw new Violation('liveness', `${node.name} works on a cut for ever`)
      this.input(node, { type: 'timer' })
    }
  }

  private resend(node: Node): void {
    this.resends++
    node.now += RESEND_MS
    this.input(node, { type: 'timer' })
  }

  private timeOut(node: Node): void {
    this.hasTimedOut.add(node.name)
    node.now += JOIN_TIMEOUT_MS + 1
    this.input(node, { type: 'timer' })
  }

  /** What it sent is still under way; its neighbours notice behind that. */
  private die(node: Node): void {
    for (const link of [...node.links.keys()]) this.post(node, link, 'urgent', 'down')
    node.isDead = true
    node.print = undefined
    this.oracle.detach(node.holder, true)
  }
}
