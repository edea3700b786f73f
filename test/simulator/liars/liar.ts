/**
 * A member with a key of its own that was honest for a while and speaks against the rules from then on, correctly signed: to some
 * one thing, to others another one. It knows all that the others know, and answers, so that nobody takes it for gone.
 */
import {
  type Clock,
  type LinkId,
  type Operation,
  Replica,
  type ReplicaId,
  type VersionVector,
} from '@tidemark/core'
import { decodeMessage, encodeMessage, type Gossip, type Message } from '@tidemark/core/wire'
import type { Random } from '../random.js'
import { standInSignatures } from '../world/stand-in-signatures.js'
import { WordSet, wordsIn } from './word-set.js'

type Report = Gossip['reports'][number]
type BodyOf<Kind extends Operation['kind']> = Omit<
  Extract<Operation, { kind: Kind }>,
  'author' | 'seq' | 'clock' | 'deps' | 'epoch' | 'base' | 'signature'
>
type Body = { [Kind in Operation['kind']]: BodyOf<Kind> }[Operation['kind']]

/** Its links, and who is at the other end of each. */
export interface Wire {
  readonly peers: ReadonlyMap<LinkId, ReplicaId>
  send(link: LinkId, bytes: Uint8Array): void
}

/** Who speaks for a member. */
export interface Speaker {
  /** A link has come up. */
  greet(link: LinkId): void
  hear(message: Message): void
}

/** Beyond it there is none. */
const LATE_BALLOT = 2 ** 52
/** Ballots so far apart are not all followed. */
const FAR = 2 ** 20
/** Of what a report may say of itself. */
const HISTORY_BYTES = 20

export class Liar implements Speaker {
  readonly id: ReplicaId
  private readonly random: Random
  private readonly wire: Wire
  /** Somebody honest: whatever it knows the liar knows. */
  private readonly informant: () => Replica | undefined
  private readonly lineage: string
  private seq: number
  private reports: number
  private words = 0
  /** Whether it outbids whoever proposes an eviction. */
  isContrary = false
  /** Joins that it has made, and could make again. */
  private readonly joins: BodyOf<'join'>[]
  /** Ids of its own making, and how many operations each has made. */
  private readonly puppets = new Map<ReplicaId, number>()

  /** Speaks for `replica` from now on. */
  constructor(replica: Replica, wire: Wire, random: Random, informant: () => Replica | undefined) {
    const { history, stability, lineage } = replica.room
    this.id = replica.id
    this.lineage = lineage
    this.wire = wire
    this.random = random
    this.informant = informant
    this.seq = history.seq
    this.reports = stability.reportsMade
    this.joins = history.log.by(this.id).flatMap((made) => (made.kind === 'join' ? [again(made)] : []))
  }

  /** Signs of life: to be called more often than members look for them. */
  live(): void {
    for (const link of this.links) this.tell(link, { type: 'heartbeat', digest: 0 })
  }

  /** Somebody has linked to it. */
  greet(link: LinkId): void {
    const mode = { lineage: this.lineage, renumbers: false, signs: true }
    this.tell(link, { type: 'hello', replica: this.id, ...mode, digest: 0 })
  }

  /** Nobody honest answers a ballot as fast. */
  hear(message: Message): void {
    if (!this.isContrary || message.type !== 'gossip') return
    const isBid = ({ agreement }: Report) =>
      agreement !== undefined && agreement.promised.round > 0 && agreement.promised.proposer !== this.id
    if (message.reports.some(isBid)) this.outbids()
  }

  /** Says something that nobody who keeps to the rules would say. */
  lie(): void {
    const lies = [
      () => this.says(this.update()),
      () => this.saysTwoThings(),
      () => this.reportsAnything(),
      () => this.reportsAnything(),
      () => this.letsInAgain(),
      () => this.letsInPuppet(),
      () => this.puppetSpeaks(),
      () => this.says(this.leave()),
      () => this.says({ kind: 'cut', through: this.random.below(this.clock + 1) }),
      () => this.says(this.fence()),
      () => this.says({ kind: 'evict', stage: this.random.below(4), cutOffs: this.cutOffs() }),
      () => this.acknowledgesForOthers(),
      () => this.differsBelowItsWord(),
      () => this.carriesOutWrongly(),
      () => this.outbids(),
    ]
    this.random.pick(lies)?.()
  }

  // ------------------------------------------------------------------ lies

  private saysTwoThings(): void {
    const one = this.operation(this.update())
    const other = { ...one, ...this.update() } as Operation
    for (const link of this.links) this.gossip([link], [this.random.chance(0.5) ? one : other])
  }

  private reportsAnything(): void {
    const { random } = this
    const clock = this.someClock()
    const floor = Math.min(clock, random.pick([0, this.point, this.clock, clock]) ?? 0)
    this.report(this.some(), {
      clock,
      floor,
      seq: Math.max(0, this.seq + random.between(-1, 1)),
      ...(random.chance(0.5) && { history: new Uint8Array(HISTORY_BYTES).fill(random.below(256)) }),
      ...(random.chance(0.2) && { agreement: this.agreement() }),
    })
  }

  private letsInAgain(): void {
    const join = this.random.pick(this.joins)
    if (join) this.says(join)
  }

  private letsInPuppet(): void {
    const who = `puppet-${this.id}-${this.puppets.size}`
    const floor = this.random.pick([0, this.point, this.clock]) ?? 0
    const consent = this.vouching(who).consent(this.lineage, this.id, floor)
    const join: BodyOf<'join'> = { kind: 'join', who, floor, stage: 0, ...consent }
    this.puppets.set(who, 0)
    this.joins.push(join)
    this.says(join)
  }

  private puppetSpeaks(): void {
    const { random } = this
    const who = random.pick([...this.puppets.keys()])
    if (who === undefined) return
    const seq = (this.puppets.get(who) ?? 0) + 1
    if (random.chance(0.8)) this.puppets.set(who, seq)
    const body = random.pick<Body>([this.update(), { kind: 'leave', who }, this.fence()])
    if (body) this.gossip(this.some(), [this.signed(who, seq, body)])
  }

  /** A second join, so that its newcomer counts as having said what the liar says. */
  private acknowledgesForOthers(): void {
    this.letsInAgain()
    for (const ahead of [1, 2])
      this.report(this.links, { clock: this.clock + ahead, floor: this.clock + ahead })
  }

  /** After it has reported a larger clock. */
  private differsBelowItsWord(): void {
    this.report(this.links, { clock: this.clock + 1000, floor: this.point })
    this.saysTwoThings()
    this.report(this.links, { clock: this.clock + 2000, floor: this.clock + 2000 })
  }

  /** A stage of its own, and at once an eviction that does not follow from it. */
  private carriesOutWrongly(): void {
    const stage = (this.informant()?.room.evicting.agreement.stage ?? 0) + 1
    const victim = this.random.pick(this.others())
    if (victim === undefined) return
    this.gossip(this.links, [this.operation({ kind: 'fence', stage, decided: [[victim]] })])
    this.says({ kind: 'evict', stage, cutOffs: this.cutOffs() })
  }

  /** Before those to whom it says so can answer whoever proposed something. */
  private outbids(): void {
    const { random, clock, point } = this
    const { stage = 0, decided = [], promised } = this.informant()?.room.evicting.state ?? {}
    const round = (promised?.round ?? 0) + (random.pick([1, 2, FAR, 3 * FAR]) ?? 1)
    const agreement = { stage, promised: { round, proposer: this.id }, accepted: undefined, decided }
    this.report(this.some(), { clock, floor: point, agreement })
  }

  // ------------------------------------------------------------------ what it says

  private update(): BodyOf<'update'> {
    return { kind: 'update', payload: wordsIn([`lie-${this.words++}`]) }
  }

  private leave(): BodyOf<'leave'> {
    const who = this.random.pick([this.id, ...this.puppets.keys()]) ?? this.id
    return { kind: 'leave', who, ...this.vouching(who).withdrawal() }
  }

  private fence(): BodyOf<'fence'> {
    const { random } = this
    const stage = random.below(4)
    const sets = () => this.others().filter(() => random.chance(0.3))
    const decided = Array.from({ length: random.below(stage + 1) }, sets).filter(({ length }) => length > 0)
    return { kind: 'fence', stage, decided }
  }

  private cutOffs(): Map<ReplicaId, number> {
    const { random } = this
    const named = this.others().filter(() => random.chance(0.4))
    return new Map(named.map((id) => [id, Math.max(0, (this.applied.get(id) ?? 0) + random.between(-1, 1))]))
  }

  private agreement(): NonNullable<Report['agreement']> {
    const { random } = this
    const { stage = 0, decided = [] } = this.informant()?.room.evicting.agreement ?? {}
    const somebody = () => random.pick(this.others()) ?? this.id
    const ballot = { round: random.pick([1, 2, 10, LATE_BALLOT]) ?? 1, proposer: somebody() }
    const accepted = random.chance(0.5) ? { ballot, evicted: [somebody()] } : undefined
    return { stage, promised: ballot, accepted, decided }
  }

  private someClock(): Clock {
    return this.clock + (this.random.pick([1, 1, 2, 10, 1000]) ?? 1)
  }

  private someOf(applied: VersionVector, author: ReplicaId): VersionVector {
    const share = this.random.pick([0, 0.5, 1]) ?? 0
    return new Map([...applied].filter(([id, seq]) => id !== author && seq > 0 && this.random.chance(share)))
  }

  // ------------------------------------------------------------------ what it is about

  private get applied(): VersionVector {
    return this.informant()?.room.history.applied ?? new Map()
  }

  /** Members, and those that were. */
  private others(): ReplicaId[] {
    const members = this.informant()?.members ?? []
    return [...new Set([...this.applied.keys(), ...members])].filter((id) => id !== this.id)
  }

  private get clock(): Clock {
    return this.informant()?.room.history.clock ?? 0
  }

  private get point(): Clock {
    return this.informant()?.room.history.point ?? 0
  }

  // ------------------------------------------------------------------ saying it

  private says(body: Body): void {
    this.gossip(this.some(), [this.operation(body)])
  }

  private operation(body: Body): Operation {
    return this.signed(this.id, ++this.seq, body)
  }

  private signed(author: ReplicaId, seq: number, body: Body): Operation {
    const clock = Math.max(seq, this.random.chance(0.7) ? this.clock + 1 : this.someClock())
    const deps = this.someOf(this.applied, author)
    return this.vouching(author).signed({ author, seq, clock, deps, epoch: 0, ...body } as Operation)
  }

  /** Of whose key it has: its own, and its puppets'. */
  private vouching(id: ReplicaId) {
    const { room } = new Replica(id, new WordSet(), { signatures: standInSignatures(id) })
    room.lineage = this.lineage
    return room.vouching
  }

  private report(links: readonly LinkId[], said: Pick<Report, 'clock' | 'floor'> & Partial<Report>): void {
    const { seq, id } = this
    const report = { replica: id, n: ++this.reports, seq, epoch: 0, base: '', ...said }
    this.gossip(links, [], [this.vouching(id).signedReport(report)])
  }

  private get links(): LinkId[] {
    return [...this.wire.peers.keys()]
  }

  private some(): LinkId[] {
    return this.random.chance(0.6) ? this.links : this.links.filter(() => this.random.chance(0.5))
  }

  private gossip(
    links: readonly LinkId[],
    operations: readonly Operation[],
    reports: readonly Report[] = [],
  ): void {
    const message = { type: 'gossip', operations, reports, presences: [], answer: false } as const
    for (const link of links) this.tell(link, message)
  }

  /** What does not decode is tried by others. */
  private tell(link: LinkId, message: Message): void {
    const bytes = encodeMessage(message)
    if (decodeMessage(bytes).ok) this.wire.send(link, bytes)
  }
}

function again({ who, floor, stage, consent }: Extract<Operation, { kind: 'join' }>): BodyOf<'join'> {
  return { kind: 'join', who, floor, stage, ...(consent && { consent }) }
}
