/**
 * A few real replicas with nothing left to chance: each message that arrives or is lost, each report, each edit, each
 * time-out and each misfortune is a choice of the caller. The oracle watches every step.
 *
 * It can be put back to any state that it was in.
 */
import { createHash } from 'node:crypto'
import type { Input, Output } from '@tidemark/core'
import { TokenBook } from '../models/tokens.js'
import { checkContent } from '../oracle/content.js'
import { Coverage } from '../oracle/coverage.js'
import type { Holder } from '../oracle/holder.js'
import { Oracle } from '../oracle/oracle.js'
import { Story } from '../oracle/story.js'
import { Violation } from '../oracle/violation.js'
import { Random } from '../random.js'
import { type Choice, choicesIn } from './choices.js'
import type { Happened } from './happened.js'
import { Album, type Image, pictureOf } from './image.js'
import { JOIN_TIMEOUT_MS, type Member, makeHolder, makeMember, REPORT_MS, RESEND_MS } from './member.js'
import type { Scenario } from './scenario.js'
import { type View, viewOf } from './view.js'
import { type Change, numberOf, type Parcel, type Wire, Wires } from './wires.js'

/** All of a room at one moment. */
export interface Saved {
  readonly members: readonly (readonly [Member, Image])[]
  readonly oracle: Image
  readonly wires: ReturnType<Wires['save']>
  readonly happened: Happened
}

/** What became of a step. */
interface Learnt {
  readonly image: Image
  readonly oracle: Image
  readonly changes: readonly Change[]
  readonly evicted: readonly string[]
}

/** More than any cut takes here. */
const MOST_STEPS = 100
/** Tokens of one edit at most. */
const MOST_TOKENS = 3

export class SmallRoom {
  readonly scenario: Scenario
  readonly oracle: Oracle
  readonly wires = new Wires()
  readonly members = new Map<string, Member>()
  happened: Happened = {
    losses: 0,
    resends: 0,
    deaths: 0,
    leaves: 0,
    timedOut: [],
    parting: 'none',
    nextLink: 1,
    evicted: [],
  }
  /** Nobody may decide beyond this before all have it; 0: there is no such operation. */
  clockOfB = 0
  private readonly book = new TokenBook()
  private readonly coverage = new Coverage()
  private readonly album = new Album()
  /** Of each member as it is now; undefined: it has not been looked at since it changed. */
  private readonly images = new Map<Member, Image>()
  private oracleImage: Image | undefined
  /** What members really hold. They are put to where they are now only when one of them has to do something. */
  private readonly held = new Map<Member, Image>()
  private heldByOracle: Image | undefined
  private readonly views = new Map<Image, View>()
  private readonly learnt = new Map<string, Learnt>()
  /** Steps are remembered: of a member in one state, the same makes the same. */
  private learns = false
  /** What pictures name, and do not show. */
  private readonly names = new Map<object, string>()

  constructor(scenario: Scenario) {
    this.scenario = scenario
    const story = new Story(() => 0, false)
    this.oracle = new Oracle(this.book, this.coverage, story)
    for (const [object, name] of Object.entries({ scenario, story, coverage: this.coverage }).map(
      ([name, object]) => [object, name] as const,
    ))
      this.names.set(object, name)
    this.names.set(this.oracle, 'oracle')
    this.names.set(this.book, 'book')
    this.names.set(this.oracle.snapshots, 'snapshots')
  }

  /** What may happen begins here. */
  opened(clockOfB: number): void {
    for (const member of this.members.values()) {
      this.touched(member)
      member.reports = 0
    }
    this.clockOfB = clockOfB
    this.learns = this.scenario.cutters.length === 0
  }

  // ------------------------------------------------------------------ choices

  choices(): Choice[] {
    return choicesIn(this)
  }

  /** @throws a Violation if that breaks a rule. */
  take(choice: Choice): void {
    const [what, whom = '', second = ''] = choice.split(' ')
    switch (what) {
      case 'deliver':
        return this.deliver(`${whom} ${second}`)
      case 'lose':
        return this.lose(`${whom} ${second}`)
      case 'report':
        return this.report(this.member(whom))
      case 'edit':
        return this.edit(this.member(whom))
      case 'accuse':
        return this.accuse(this.member(whom), this.member(second))
    }
    this.materialise()
    switch (what) {
      case 'cut':
        return this.cut(this.member(whom))
      case 'resend':
        return this.resend(this.member(whom))
      case 'timeout':
        return this.timeOut(this.member(whom))
      case 'die':
        return this.die(this.member(whom))
      case 'leave':
        return this.leave(this.member(whom))
      case 'part':
        return this.part(this.member(whom))
      case 'heal':
        return this.heal(this.member(whom))
      case 'join':
        return this.join(whom, second)
      case 'return':
        return this.return(this.member(whom), this.member(second))
      default:
        throw new Error(`unknown choice ${choice}`)
    }
  }

  /** What a choice is about, for people. */
  describe(choice: Choice): string {
    const type = this.wires.describe(choice.slice(choice.indexOf(' ') + 1))
    return type === undefined ? choice : `${choice}: ${type}`
  }

  // ------------------------------------------------------------------ going back

  save(): Saved {
    const members = [...this.members.values()].map((member) => [member, this.imageOf(member)] as const)
    return { members, oracle: this.imageOfOracle, wires: this.wires.save(), happened: this.happened }
  }

  restore({ members, oracle, wires, happened }: Saved): void {
    this.members.clear()
    for (const [member, image] of members) {
      this.members.set(member.name, member)
      this.images.set(member, image)
    }
    this.oracleImage = oracle
    this.wires.restore(wires)
    this.happened = happened
  }

  /** Equal in two worlds exactly if everything that can happen from here on is equal. */
  fingerprint(): string {
    let text = this.imageOfOracle.digest
    for (const member of this.members.values()) text += this.imageOf(member).digest
    text += `${this.wires.text} ${textOfHappened(this.happened)}`
    return createHash('md5').update(text, 'binary').digest('binary')
  }

  /** Members as they are now, in brief. */
  get all(): View[] {
    return [...this.members.values()].map((member) => this.view(member))
  }

  private view(member: Member): View {
    const image = this.imageOf(member)
    const known = this.views.get(image)
    if (known) return known
    this.materialise()
    const view = viewOf(member)
    this.views.set(image, view)
    return view
  }

  /** From here on members are asked themselves. */
  materialise(): void {
    for (const member of this.members.values()) {
      const image = this.images.get(member)
      if (image === undefined || this.held.get(member) === image) continue
      image.restore()
      this.held.set(member, image)
    }
    const { oracleImage } = this
    if (oracleImage === undefined || this.heldByOracle === oracleImage) return
    oracleImage.restore()
    this.heldByOracle = oracleImage
  }

  /** Nothing is remembered from here on: time goes by as pictures do not tell. */
  goLive(): () => void {
    const { learns } = this
    this.materialise()
    this.learns = false
    return () => {
      this.learns = learns
    }
  }

  /**
   * Something that concerns one member alone. What it does follows from the member, from what the oracle knows, from
   * which of its links lead to somebody, and, while somebody joins, from what that one holds.
   */
  private step(member: Member, what: string, doIt: () => void): void {
    if (!this.learns) {
      this.materialise()
      return doIt()
    }
    const key = `${this.imageOf(member).id} ${this.imageOfOracle.id} ${this.surroundings(member)} ${what}`
    const known = this.learnt.get(key)
    if (known) {
      this.images.set(member, known.image)
      this.oracleImage = known.oracle
      this.wires.repeat(known.changes)
      this.noteEvicted(known.evicted)
      return
    }
    this.materialise()
    const before = this.happened.evicted
    const changes = this.wires.record()
    doIt()
    this.wires.record()
    const evicted = before === this.happened.evicted ? [] : this.happened.evicted
    this.learnt.set(key, { image: this.imageOf(member), oracle: this.imageOfOracle, changes, evicted })
  }

  private surroundings(member: Member): string {
    let text = ''
    for (const [link, name] of this.view(member).links) {
      const other = this.view(this.member(name))
      text += !other.isDead && other.links.has(link) ? '+' : '-'
    }
    for (const other of this.members.values()) {
      if (other === member || this.view(other).status !== 'joining') continue
      text += ` ${this.imageOf(other).id}`
    }
    return text
  }

  private imageOf(member: Member): Image {
    const known = this.images.get(member)
    if (known) return known
    // Rooms are founded while things happen: what belongs to the oracle is not to be part of a member's picture.
    for (const ledger of this.oracle.ledgers.values()) this.names.set(ledger, ledger.lineage)
    const holders = member.isOnDevice ? [member.holder] : []
    const image = pictureOf(this.album, [member, member.replica], holders, this.names, member.now)
    this.images.set(member, image)
    this.held.set(member, image)
    return image
  }

  private get imageOfOracle(): Image {
    if (this.oracleImage) return this.oracleImage
    const { oracle, book } = this
    const ledgers = [...oracle.ledgers.values()]
    const witnesses = [...oracle.witnesses.values()]
    this.oracleImage = pictureOf(
      this.album,
      [],
      [oracle, oracle.snapshots, book, ...ledgers, ...witnesses],
      this.names,
      0,
    )
    this.heldByOracle = this.oracleImage
    return this.oracleImage
  }

  private touched(member: Member): void {
    this.images.delete(member)
    this.held.delete(member)
    this.oracleImage = this.heldByOracle = undefined
  }

  // ------------------------------------------------------------------ replicas

  /** @param former whose device it will be on. Whoever may come later is made ahead: it is the same one in every state. */
  addMember(name: string, former?: Member): Member {
    const { book, oracle, coverage, scenario } = this
    const isCut = scenario.cutters.length > 0
    const holder = former?.holder ?? makeHolder(name, isCut, book, oracle, coverage)
    const edits = isCut ? 0 : scenario.editors.filter((editor) => editor === name).length
    const plan = Array.from({ length: edits * MOST_TOKENS }, () => book.make({}))
    const member = makeMember(name, holder, plan)
    member.isOnDevice = former === undefined
    oracle.attach(member.replica, holder)
    if (former) oracle.takesOver(former.replica, holder)
    this.names
      .set(member, name)
      .set(member.replica, `replica ${name}`)
      .set(member.replica.config, 'config')
      .set(holder, `holder ${holder.name}`)
      .set(oracle.witnesses.get(member.replica.id) as object, `witness ${name}`)
    this.members.set(name, member)
    this.touched(member)
    return member
  }

  member(name: string): Member {
    const member = this.members.get(name)
    if (!member) throw new Error(`there is no ${name}`)
    return member
  }

  get living(): Member[] {
    return [...this.members.values()].filter(({ isDead, replica }) => !isDead && replica.status === 'member')
  }

  input(member: Member, input: Input): void {
    if (member.isDead || member.isGone) return
    this.touched(member)
    for (const output of member.replica.handle(input, member.now)) this.carryOut(member, output)
    this.oracle.compare(member.holder)
    // Nothing is to be seen from outside of the steps of a cut, so they are taken at once.
    const { cuts } = member.replica.room
    if (input.type !== 'timer' && cuts && cuts.nextStepAt(member.now) <= member.now) this.finishCut(member)
    if (member.replica.status === 'member') this.check(member.holder)
  }

  /** It shows what it must. */
  check(holder: Holder): void {
    checkContent(holder, this.book)
  }

  private carryOut(member: Member, output: Output): void {
    if (output.type === 'send') this.post(member, output.link, output.lane, output.bytes)
    else if (output.type === 'close') this.post(member, output.link, 'urgent', 'down')
    else if (output.type === 'joined') this.oracle.joined(member.holder)
    else if (output.type === 'members') this.noteEvicted(output.evicted)
    else if (output.type === 'rejoin') this.ended(member, output.reason)
    else if (output.type === 'fork') this.forks(member)
    else if (output.type === 'refused') throw new Violation('no refusals', `${member.name}: ${output.reason}`)
  }

  /** Where a death may have left it alone there is nothing else to do. */
  private forks(member: Member): void {
    if (this.scenario.opening === 'settled')
      throw new Violation('liveness', `${member.name} founds the room anew`)
    this.ended(member)
  }

  private noteEvicted(evicted: readonly string[]): void {
    if (evicted.length === 0) return
    const all = new Set([...this.happened.evicted, ...evicted])
    this.happened = { ...this.happened, evicted: [...all].sort() }
  }

  private ended(member: Member, outReason?: string): void {
    member.isGone = true
    member.outReason = outReason
    this.oracle.detach(member.holder, false)
  }

  private post(member: Member, link: number, lane: string, what: Parcel['what']): void {
    const other = member.links.get(link)
    if (!other) return
    // Whoever has gone takes nothing, and a link that its other end has closed carries nothing.
    const isTaken = !other.isDead && other.links.has(link)
    if (isTaken) this.wires.push(`${member.name}>${other.name} ${lane}`, { link, what })
    if (what === 'down') this.unlink(member, link, other)
  }

  /** It takes nothing more from there. */
  private unlink(member: Member, link: number, other: Member): void {
    this.touched(member)
    member.links.delete(link)
    if (![...member.links.values()].includes(other)) this.wires.clear(other.name, member.name)
  }

  connect(a: Member, b: Member): void {
    const link = this.happened.nextLink
    this.happened = { ...this.happened, nextLink: link + 1 }
    a.links.set(link, b)
    b.links.set(link, a)
    this.input(a, { type: 'link-up', link })
    this.input(b, { type: 'link-up', link })
  }

  // ------------------------------------------------------------------ events

  deliver(wire: Wire): void {
    const parcel = this.wires.shift(wire)
    const [, to] = wire.slice(0, wire.indexOf(' ')).split('>') as [string, string]
    const receiver = this.member(to)
    this.step(receiver, `${numberOf(parcel)}`, () => this.receive(receiver, parcel))
  }

  private receive(receiver: Member, { link, what }: Parcel): void {
    const sender = receiver.links.get(link)
    if (!sender) return
    if (what !== 'down') return this.input(receiver, { type: 'message', link, bytes: what.slice() })
    this.unlink(receiver, link, sender)
    this.input(receiver, { type: 'link-down', link, reason: 'closed' })
  }

  private lose(wire: Wire): void {
    this.happened = { ...this.happened, losses: this.happened.losses + 1 }
    this.wires.shift(wire)
  }

  report(member: Member): void {
    this.step(member, 'report', () => {
      this.touched(member)
      // Where it may do so as often as it likes, it makes no difference how often it has.
      if (this.scenario.reports) member.reports++
      member.now += 2 * REPORT_MS
      this.input(member, { type: 'timer' })
    })
  }

  /** The same tokens, however its edits lie among those of others. */
  private edit(member: Member): void {
    this.step(member, 'edit', () => {
      const { plan } = member
      let next = member.edits++ * MOST_TOKENS
      const make = () => plan[next++] ?? this.book.make()
      this.type(member, plan.length > 0 ? ({ make } as unknown as TokenBook) : this.book)
    })
  }

  type(member: Member, tokens: TokenBook = this.book): void {
    this.touched(member)
    const { holder } = member
    const actions = holder.model.edit(new Random(1), tokens)
    holder.userDid(actions)
    // It would lead from the book into the member.
    for (const action of actions) delete this.book.tokens[action >> 1]?.by
    this.input(member, { type: 'local-change' })
  }

  private cut(member: Member): void {
    this.touched(member)
    member.hasCut = true
    this.input(member, { type: 'compact' })
  }

  private finishCut(member: Member): void {
    const { cuts } = member.replica.room
    for (let left = MOST_STEPS; cuts && cuts.nextStepAt(member.now) <= member.now; left--) {
      if (left === 0) throw new Violation('liveness', `${member.name} works on a cut for ever`)
      this.input(member, { type: 'timer' })
    }
  }

  private resend(member: Member): void {
    this.happened = { ...this.happened, resends: this.happened.resends + 1 }
    this.wait(member, RESEND_MS)
  }

  timeOut(member: Member): void {
    const { timedOut } = this.happened
    this.happened = { ...this.happened, timedOut: [...new Set([...timedOut, member.name])].sort() }
    this.wait(member, JOIN_TIMEOUT_MS + 1)
  }

  wait(member: Member, ms: number): void {
    this.touched(member)
    member.now += ms
    this.input(member, { type: 'timer' })
  }

  /** What it sent is still under way; its neighbours notice behind that. */
  private die(member: Member): void {
    this.touched(member)
    this.happened = { ...this.happened, deaths: this.happened.deaths + 1 }
    for (const link of [...member.links.keys()]) this.post(member, link, 'urgent', 'down')
    member.isDead = true
    this.oracle.detach(member.holder, true)
  }

  private leave(member: Member): void {
    this.happened = { ...this.happened, leaves: this.happened.leaves + 1 }
    this.input(member, { type: 'leave' })
    this.ended(member)
  }

  /** Its links are gone, with all that was under way; either end notices in its time. */
  private part(member: Member): void {
    this.happened = { ...this.happened, parting: 'parted' }
    for (const [link, other] of member.links) {
      for (const [from, to] of [
        [member.name, other.name],
        [other.name, member.name],
      ] as const) {
        this.wires.clear(from, to)
        this.wires.push(`${from}>${to} urgent`, { link, what: 'down' })
      }
    }
  }

  heal(member: Member): void {
    this.happened = { ...this.happened, parting: 'healed' }
    for (const other of [...this.members.values()])
      if (other !== member && !other.isDead && !other.isGone) this.connect(member, other)
  }

  private join(name: string, sponsor: string): void {
    const newcomer = this.member(name)
    this.input(newcomer, { type: 'start' })
    this.connect(newcomer, this.member(sponsor))
  }

  private accuse(member: Member, of: Member): void {
    this.step(member, `accuse ${of.name}`, () => {
      this.touched(member)
      member.accused.add(of.name)
      this.input(member, { type: 'accuse', replica: of.replica.id })
    })
  }

  /** Its device starts over, under another id, with all it holds. */
  return(former: Member, sponsor: Member): void {
    const again = this.member(`${former.name}b`)
    this.touched(former)
    this.touched(again)
    former.hasReturned = again.isOnDevice = true
    former.isOnDevice = false
    this.oracle.takesOver(again.replica, again.holder)
    this.input(again, { type: 'start' })
    this.connect(again, sponsor)
  }
}

const happenedTexts = new WeakMap<Happened, string>()

function textOfHappened(happened: Happened): string {
  const known = happenedTexts.get(happened)
  if (known !== undefined) return known
  const text = JSON.stringify(happened)
  happenedTexts.set(happened, text)
  return text
}
