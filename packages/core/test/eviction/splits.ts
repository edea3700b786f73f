/**
 * Every way in which a small room may come apart: members that suspect each other crosswise, newcomers let in on either
 * side, and messages each of which arrives late or never. The agreement and the electorates are the real ones; the rest
 * of a replica is here as little as they need of it, and may do at any time what a real one does at some.
 *
 * A partition is nothing of its own: it is what is seen of a schedule in which nothing passes between two sides any more.
 *
 * Invariant: of a stage no two replicas know different decisions, and no two evictions of it name different cut-offs. So
 * no two sides ever evict each other, nor move their snapshot points, or cut, without each other in one lineage.
 */
import { createHash } from 'node:crypto'
import { compareOperations, type Operation, type ReplicaId } from '../../src/causality/operation.js'
import type { AgreementState } from '../../src/eviction/acceptor-state.js'
import { Agreement } from '../../src/eviction/agreement.js'
import { Electorates } from '../../src/eviction/electorates.js'
import { join } from '../operations.js'

export interface Split {
  readonly name: string
  /** Oldest first. */
  readonly members: readonly ReplicaId[]
  /** Who may propose what, once each. Where nobody may, it is looked at who could decide. */
  readonly proposals: readonly (readonly [by: ReplicaId, suspects: readonly ReplicaId[]])[]
  /** Who may let whom in, at any moment. */
  readonly joins: readonly (readonly [sponsor: ReplicaId, newcomer: ReplicaId])[]
  /** How many evictions are made at most, whoever makes them; what follows them is looked at, too. */
  readonly evictions: number
  /** Whether a report may come when its author has said something else since. Otherwise it is lost then. */
  readonly isLate: boolean
}

export interface Explored {
  states: number
  steps: number
  /** Different decisions of the first stage, each in states of its own. */
  readonly decisions: Set<string>
  /** Evictions that were carried out. */
  readonly evictions: Set<string>
  /** Sets of members that may decide, over all states. */
  primaries: number
  isComplete: boolean
}

/** An operation, and those that its author had applied, itself included. */
interface Made {
  readonly operation: Operation
  readonly past: number
}

interface Member {
  readonly id: ReplicaId
  readonly agreement: Agreement
  /** What it has said of the agreement, in this order. */
  readonly said: readonly AgreementState[]
  /** How much it has heard of what others have said. */
  readonly heard: Readonly<Record<ReplicaId, number>>
  /** Operations it has applied, and those of them that its snapshot point has passed: a bit for each. */
  readonly applied: number
  readonly passed: number
  /** What it had applied when it made its fence of each stage. */
  readonly fences: readonly number[]
}

interface World {
  readonly members: readonly Member[]
  readonly made: readonly Made[]
  readonly proposed: number
  readonly joined: number
}

type Step = readonly [told: string, next: World]

export class SplitFailure extends Error {
  override readonly name = 'SplitFailure'
}

const has = (set: number, index: number) => (set & (1 << index)) !== 0
const FOUNDED = 9

/** All of it but how many ballots it has seen: nobody here makes so many that they would be followed one at a time. */
function copyOf(agreement: Agreement, id: ReplicaId): Agreement {
  return Object.assign(agreementOf(id), { ...agreement, bids: agreementOf(id)['bids'] })
}

const agreementOf = (id: ReplicaId) => new Agreement(id, 0)

class Exploring {
  readonly result: Explored = {
    states: 0,
    steps: 0,
    decisions: new Set(),
    evictions: new Set(),
    primaries: 0,
    isComplete: true,
  }
  private readonly split: Split
  private readonly seen = new Set<string>()

  constructor(split: Split) {
    this.split = split
  }

  run(maxStates: number): Explored {
    const { result, seen } = this
    const members = this.split.members.map((id): Member => {
      return { id, agreement: agreementOf(id), said: [], heard: {}, applied: 0, passed: 0, fences: [] }
    })
    const beginning: World = { members, made: [], proposed: 0, joined: 0 }
    const open: { world: World; told: readonly string[] }[] = [{ world: beginning, told: [] }]
    seen.add(this.keyOf(beginning))
    for (let at = open.pop(); at; at = open.pop()) {
      result.states++
      this.check(at.world, at.told)
      for (const [told, world] of this.steps(at.world)) {
        result.steps++
        const key = this.keyOf(world)
        if (seen.has(key)) continue
        if (seen.size >= maxStates) {
          result.isComplete = false
          continue
        }
        seen.add(key)
        open.push({ world, told: [...at.told, told] })
      }
    }
    return result
  }

  // ------------------------------------------------------------------ what must hold

  private check(world: World, told: readonly string[]): void {
    const { result } = this
    const fail: (what: string) => never = (what) => {
      throw new SplitFailure(`${this.split.name}: ${what}\n${told.join('\n')}`)
    }
    const decisions = new Map<number, string>()
    for (const { id, agreement } of world.members) {
      for (const [stage, evicted] of agreement.decided.entries()) {
        const named = [...evicted].sort().join()
        if ((decisions.get(stage) ?? named) !== named)
          fail(`${id} has stage ${stage} evict ${named}, others ${decisions.get(stage)}`)
        decisions.set(stage, named)
      }
    }
    if (decisions.has(0)) result.decisions.add(decisions.get(0) as string)
    if (this.split.proposals.length === 0) this.checkPrimaries(world, fail)
    const cutOffs = new Map<ReplicaId, number>()
    const outsiders = outsidersOf(world)
    for (const { operation } of world.made) {
      if (operation.kind !== 'evict' || outsiders.has(operation.author)) continue
      result.evictions.add([...operation.cutOffs.keys()].sort().join())
      for (const [who, seq] of operation.cutOffs) {
        if ((cutOffs.get(who) ?? seq) !== seq) fail(`${who} is cut off at ${seq} and at ${cutOffs.get(who)}`)
        cutOffs.set(who, seq)
      }
    }
  }

  /** No two sets of members without one in common may decide, each as one of them sees it (rule EV1). */
  private checkPrimaries(world: World, fail: (what: string) => never): void {
    const ids = world.members.map(({ id }) => id)
    const primaries: number[] = []
    for (let quorum = 1; quorum < 1 << ids.length; quorum++) {
      const those = new Set(ids.filter((_, index) => has(quorum, index)))
      const mayDecide = (member: Member) => {
        const known = rosterOf(member, world, this.split).filter((id) => those.has(id))
        return those.has(member.id) && this.isPrimary(new Set(known), member, world)
      }
      if (world.members.some(mayDecide)) primaries.push(quorum)
    }
    this.result.primaries += primaries.length
    const named = (quorum: number) => ids.filter((_, index) => has(quorum, index)).join()
    for (const one of primaries) {
      const other = primaries.find((quorum) => (quorum & one) === 0)
      if (other !== undefined) fail(`${named(one)} may decide, and so may ${named(other)}`)
    }
  }

  // ------------------------------------------------------------------ what may happen

  private *steps(world: World): Generator<Step> {
    for (const member of world.members) {
      // Whoever learns that it is evicted is no member any more.
      if (this.isOut(member)) continue
      yield* this.proposals(member, world)
      yield* this.hearings(member, world)
      yield* this.joins(member, world)
      if (world.made.length === 0) continue
      yield* this.applications(member, world)
      yield* this.passings(member, world)
    }
    const evictions = world.made.filter(({ operation }) => operation.kind === 'evict').length
    if (evictions >= this.split.evictions) return
    for (const member of world.members) yield* this.evictions(member, world)
  }

  private *proposals(member: Member, world: World): Generator<Step> {
    for (const [index, [by, suspects]] of this.split.proposals.entries()) {
      if (by !== member.id || has(world.proposed, index)) continue
      const fenced = fencedBy(member)
      const roster = rosterOf(member, world, this.split)
      const wanted = suspects.filter((who) => roster.includes(who) && !fenced.has(who))
      const answering = roster.filter((who) => !wanted.includes(who) && !fenced.has(who))
      if (wanted.length === 0 || !this.isPrimary(new Set(answering), member, world)) continue
      const agreement = copyOf(member.agreement, member.id)
      agreement.propose(wanted, 0)
      const next = this.agreed({ ...member, agreement }, world)
      yield [
        `${by} proposes ${wanted.join()}`,
        withMember({ ...world, proposed: world.proposed | (1 << index) }, next),
      ]
    }
  }

  /** The last that another one has said, or the next, if it may be late. */
  private *hearings(member: Member, world: World): Generator<Step> {
    const roster = rosterOf(member, world, this.split)
    const fenced = fencedBy(member)
    for (const { id, said } of world.members) {
      if (id === member.id || !roster.includes(id) || fenced.has(id)) continue
      const heard = member.heard[id] ?? 0
      for (const count of new Set(this.split.isLate ? [heard + 1, said.length] : [said.length])) {
        if (count > said.length || count <= heard) continue
        const next = this.agreed({ ...member, heard: { ...member.heard, [id]: count } }, world)
        yield [`${member.id} hears ${id} (${count})`, withMember(world, next)]
      }
    }
  }

  private *joins(member: Member, world: World): Generator<Step> {
    for (const [index, [sponsor, newcomer]] of this.split.joins.entries()) {
      if (sponsor !== member.id || has(world.joined, index)) continue
      const seq = world.made.filter(({ operation }) => operation.author === sponsor).length + 1
      const stage = member.fences.length
      const operation = {
        ...join(sponsor, seq, this.nextClock(member, world), newcomer, 0),
        stage,
      } as Operation
      const { world: made, member: after } = this.make(member, operation, world)
      const agreement = agreementOf(newcomer)
      agreement.import(after.agreement.stage, after.agreement.decided)
      const { applied, passed, fences } = after
      const guest: Member = { id: newcomer, agreement, said: [], heard: {}, applied, passed, fences }
      const grown = {
        ...made,
        joined: world.joined | (1 << index),
        members: [...made.members, this.telling(guest)],
      }
      yield [`${sponsor} lets ${newcomer} in`, grown]
    }
  }

  private *applications(member: Member, world: World): Generator<Step> {
    const fenced = fencedBy(member)
    for (const [index, { operation, past }] of world.made.entries()) {
      if (has(member.applied, index) || fenced.has(operation.author)) continue
      if (isCutOff(operation, member, world)) continue
      // With it comes what it depends on, whoever made that.
      const next = { ...member, applied: member.applied | past }
      yield [`${member.id} applies ${told(operation)}`, withMember(world, this.agreed(next, world))]
    }
  }

  /** Once every member that it may know of has what comes next in total order; whoever makes more makes it later. */
  private *passings(member: Member, world: World): Generator<Step> {
    const ahead = inOrder(world, member.applied & ~member.passed)
    const clock = world.made[ahead[0] ?? -1]?.operation.clock
    if (clock === undefined) return
    const roster = rosterOf(member, world, this.split)
    const lacks = ({ operation }: Made, index: number) =>
      !has(member.applied, index) && roster.includes(operation.author) && operation.clock <= clock
    if (world.made.some(lacks)) return
    const next = ahead.filter((index) => world.made[index]?.operation.clock === clock)
    const passed = next.reduce((set, index) => set | (1 << index), 0)
    const holders = world.members.filter(({ id }) => roster.includes(id))
    if (!holders.every(({ applied }) => (applied & passed) === passed)) return
    // A member whose join is not known here either has it from its sponsor, or its sponsor answers for it.
    yield [
      `${member.id} passes the clock ${clock}`,
      withMember(world, { ...member, passed: member.passed | passed }),
    ]
  }

  private *evictions(member: Member, world: World): Generator<Step> {
    const { stage } = member.agreement
    const done = inOrder(world, member.applied).filter(
      (i) => world.made[i]?.operation.kind === 'evict',
    ).length
    if (stage === 0 || done >= stage || this.isOut(member)) return
    const fenced = fencedBy(member)
    let { applied } = member
    // All fences are applied, and with each what its author had, which may be somebody else who owes one.
    for (let before = -1; before !== applied; ) {
      before = applied
      for (const who of rosterOf({ ...member, applied }, world, this.split)) {
        if (fenced.has(who)) continue
        const past = world.members.find(({ id }) => id === who)?.fences[stage - 1]
        if (past === undefined) return
        applied |= past
      }
    }
    const here = { ...member, applied }
    const cutOffs = new Map<ReplicaId, number>()
    for (const who of fenced) {
      const own = inOrder(world, applied).filter((i) => world.made[i]?.operation.author === who)
      if (rosterOf(here, world, this.split).includes(who)) cutOffs.set(who, own.length)
    }
    const seq = world.made.filter(({ operation }) => operation.author === member.id).length + 1
    const head = { author: member.id, seq, clock: this.nextClock(here, world), deps: new Map(), epoch: 0 }
    const { world: made } = this.make(here, { ...head, kind: 'evict', stage, cutOffs }, world)
    yield [`${member.id} evicts ${[...cutOffs.keys()].join()}`, made]
  }

  // ------------------------------------------------------------------ parts of steps

  private nextClock(member: Member, world: World): number {
    return (
      1 + Math.max(FOUNDED, ...inOrder(world, member.applied).map((i) => world.made[i]?.operation.clock ?? 0))
    )
  }

  private make(member: Member, operation: Operation, world: World): { world: World; member: Member } {
    const applied = member.applied | (1 << world.made.length)
    const grown = { ...world, made: [...world.made, { operation, past: applied }] }
    const after = this.agreed({ ...member, applied }, grown)
    return { world: withMember(grown, after), member: after }
  }

  /** Reads what it has heard, and says what is new. */
  private agreed(member: Member, world: World): Member {
    const agreement = copyOf(member.agreement, member.id)
    const roster = rosterOf(member, world, this.split)
    const fenced = fencedBy(member)
    const states = new Map<ReplicaId, AgreementState>()
    for (const { id, said } of world.members) {
      const state = said[(member.heard[id] ?? 0) - 1]
      if (state && roster.includes(id) && !fenced.has(id)) states.set(id, state)
    }
    let after: Member = { ...member, agreement }
    const isPrimary = (quorum: ReadonlySet<ReplicaId>) => this.isPrimary(quorum, after, world)
    const answering = () => [...states.keys()]
    while (agreement.read(states, { isPrimary, answering, isOld: () => true, now: 0 }));
    // What is decided is fenced at once.
    const fences = [...after.fences]
    while (fences.length < agreement.stage) fences.push(after.applied)
    after = { ...after, fences }
    return this.telling(after)
  }

  private telling(member: Member): Member {
    const { state } = member.agreement
    const last = member.said.at(-1)
    if (!state || JSON.stringify(state) === JSON.stringify(last)) return member
    return { ...member, said: [...member.said, state] }
  }

  private isPrimary(quorum: ReadonlySet<ReplicaId>, member: Member, world: World): boolean {
    const electorates = new Electorates(true)
    electorates.import(new Map(this.split.members.map((id, age) => [id, age])), [])
    const operations = (set: number) => inOrder(world, set).map((i) => world.made[i]?.operation as Operation)
    electorates.passed(operations(member.passed))
    return electorates.isPrimary(quorum, operations(member.applied & ~member.passed))
  }

  /** Equal in two worlds exactly if all that can happen from here on is equal. */
  private keyOf({ members, made, proposed, joined }: World): string {
    const parts: unknown[] = [proposed, joined]
    for (const { operation, past } of made) {
      const { author, clock, kind } = operation
      parts.push([author, clock, kind, past, operation.kind === 'evict' ? [...operation.cutOffs] : ''])
    }
    for (const { id, agreement, said, heard, applied, passed, fences } of members) {
      // Of what somebody has said, for each of the others, what it has heard last and may still hear.
      const news = members.map((other) => {
        const count = heard[other.id] ?? 0
        const last = count === 0 ? 'nothing' : other.said[count - 1]
        return other.id === id ? [] : [last, this.split.isLate ? other.said.slice(count) : []]
      })
      parts.push([
        Object.values({ ...agreement, bids: undefined }),
        said.at(-1),
        news,
        applied,
        passed,
        fences,
      ])
    }
    return createHash('sha1').update(JSON.stringify(parts)).digest('base64')
  }

  private isOut({ id, agreement }: Member): boolean {
    return agreement.decided.some((evicted) => evicted.includes(id))
  }
}

// -------------------------------------------------------------------- looking at a world

function inOrder(world: World, set: number): number[] {
  const indices = world.made.flatMap((_, index) => (has(set, index) ? [index] : []))
  return indices.sort((a, b) => {
    const [x, y] = [world.made[a] as Made, world.made[b] as Made]
    return compareOperations(x.operation, y.operation)
  })
}

function rosterOf(member: Pick<Member, 'applied'>, world: World, split: Split): ReplicaId[] {
  const roster = new Set(split.members)
  for (const index of inOrder(world, member.applied)) {
    const operation = world.made[index]?.operation
    if (operation?.kind === 'join') roster.add(operation.who)
    if (operation?.kind === 'evict') for (const who of operation.cutOffs.keys()) roster.delete(who)
  }
  return [...roster]
}

/** Of whom nothing more is taken. */
function fencedBy({ agreement }: Member): ReadonlySet<ReplicaId> {
  return new Set(agreement.decided.flat())
}

function isCutOff({ author, seq }: Operation, member: Member, world: World): boolean {
  return inOrder(world, member.applied).some((index) => {
    const operation = world.made[index]?.operation
    return operation?.kind === 'evict' && seq > (operation.cutOffs.get(author) ?? Number.POSITIVE_INFINITY)
  })
}

/** Whoever was let in by an operation that an eviction has cut off was never in the room: nobody takes what it makes. */
function outsidersOf({ made }: World): ReadonlySet<ReplicaId> {
  const outsiders = new Set<ReplicaId>()
  for (const { operation: eviction } of made) {
    if (eviction.kind !== 'evict') continue
    for (const { operation } of made) {
      const isBeyond = operation.seq > (eviction.cutOffs.get(operation.author) ?? Number.POSITIVE_INFINITY)
      if (operation.kind === 'join' && isBeyond) outsiders.add(operation.who)
    }
  }
  return outsiders
}

function withMember(world: World, member: Member): World {
  return { ...world, members: world.members.map((one) => (one.id === member.id ? member : one)) }
}

function told(operation: Operation): string {
  return `${operation.kind} ${operation.author}:${operation.seq}`
}

export function exploreSplit(split: Split, maxStates: number): Explored {
  return new Exploring(split).run(maxStates)
}
