/**
 * Rooms of several `YjsStructure`s with random schedules, without the protocol around them: operations arrive causally
 * and late, cuts are executed at different moments and in steps, newcomers load a base and what lies above it, members
 * leave, edit offline and come back.
 *
 * The protocol is played by an oracle that sees everyone: a cut is appended while all are in one epoch, and may be
 * executed by each member for itself once everyone holds all that comes before it.
 */
import type * as Y from 'yjs'
import { perform } from '../documents.js'
import type { Random } from '../renumbering/simulation.js'
import { type Operation, Replica, type Surroundings } from './replica.js'

interface Message {
  readonly to: Replica
  readonly operation: Operation
  readonly after: number
}

/** What users did in all rooms that stem from one. */
export class Deeds {
  /** What each token was typed between. */
  readonly typed = new Map<
    string,
    { readonly left: string | undefined; readonly right: string | undefined }
  >()
  readonly erased = new Set<string>()
  /** Ids mean one replica, in whatever room. */
  lastId = 0
}

export class Room implements Surroundings {
  readonly replicas: Replica[] = []
  readonly deeds: Deeds
  readonly lineage: string
  swaps = 0
  returns = 0
  cuts = 0
  readonly #random: Random
  readonly #bases = new Map<number, string>()
  #inFlight: Message[] = []
  #time = 0

  constructor(random: Random, lineage = 'room', deeds = new Deeds()) {
    this.#random = random
    this.lineage = lineage
    this.deeds = deeds
  }

  get typed() {
    return this.deeds.typed
  }

  get erased() {
    return this.deeds.erased
  }

  /** With a few members. */
  open(): this {
    const random = this.#random
    const founder = new Replica(this, this.nextId())
    if (random() < 0.3) for (let i = 0; i < 10; i++) perform(founder.doc, this.anyEdit())
    // What a founder holds is the base, and nobody's change.
    founder.structure.takeLocalChange()
    founder.epochs.found(this.lineage)
    this.replicas.push(founder)
    for (let left = 1 + this.below(3); left > 0; left--) this.join(founder).finishLoad()
    return this
  }

  nextId(): number {
    return ++this.deeds.lastId
  }

  /**
   * Some members lose sight of the others, whether they hold the same or not: one of them founds a room with what it
   * has, and the others come to that.
   */
  splitOff(lineage: string): Room {
    const other = new Room(this.#random, lineage, this.deeds)
    const there = this.replicas.filter(({ isLoading }) => !isLoading).slice(1)
    const leaving = there.filter((_, index) => index === 0 || this.#random() < 0.5)
    for (const replica of leaving) this.#dismiss(replica)
    const [founder, ...followers] = leaving
    founder?.found(other, other.nextId(), lineage)
    if (founder !== undefined) other.replicas.push(founder)
    for (const replica of followers) other.take(replica)
    return other
  }

  #dismiss(replica: Replica): void {
    if (replica.isOnline) replica.leave()
    this.replicas.splice(this.replicas.indexOf(replica), 1)
    this.#inFlight = this.#inFlight.filter(({ to }) => to !== replica)
  }

  /** Of all that are left somebody comes over to another room. @returns whether there was anybody. */
  sendOver(to: Room): boolean {
    this.finishLoads()
    const able = this.replicas
    const replica = able[this.below(able.length)]
    if (replica === undefined || !to.members.some(({ isLoading }) => !isLoading)) return false
    this.#dismiss(replica)
    to.take(replica)
    return true
  }

  finishLoads(): void {
    for (const replica of this.members) if (replica.isLoading) replica.finishLoad()
  }

  /** It comes from another room, with all it has. */
  take(replica: Replica): void {
    const sponsors = this.members.filter((other) => !other.isLoading)
    const sponsor = sponsors[this.below(sponsors.length)]
    if (sponsor === undefined) throw new Error('Nobody can let it in')
    replica.moveTo(this, this.nextId())
    sponsor.flush()
    this.#welcome(sponsor, replica)
    this.replicas.push(replica)
  }

  get members(): Replica[] {
    return this.replicas.filter(({ isOnline }) => isOnline)
  }

  below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }

  oneOf(choices: readonly number[]): number {
    return choices[this.below(choices.length)] ?? 0
  }

  anyEdit() {
    return { action: this.below(16), at: this.below(8), amount: this.below(1000) }
  }

  broadcast(from: Replica, operation: Operation): void {
    const slow = from.id % 3 === 0 ? 30 : 5
    for (const to of this.members) {
      if (to !== from) this.#inFlight.push({ to, operation, after: this.#time + 1 + this.#random() * slow })
    }
  }

  checkBase(epoch: number, fingerprint: Uint8Array): void {
    const found = Buffer.from(fingerprint).toString('hex')
    const known = this.#bases.get(epoch)
    if (known !== undefined && known !== found) throw new Error(`The bases of epoch ${epoch} differ`)
    this.#bases.set(epoch, found)
  }

  /** Something is typed that is not taken yet. */
  beforeCommit(replica: Replica): void {
    if (this.#random() < 0.2) perform(replica.doc, this.anyEdit())
  }

  afterCommit(replica: Replica): void {
    this.cuts++
    replica.mirror.check()
  }

  run(steps: number, options: { readonly returns: boolean }): void {
    for (let step = 0; step < steps; step++) {
      const replica = this.replicas[this.below(this.replicas.length)]
      if (replica === undefined) throw new Error('No replica')
      const kind = this.#random()
      if (kind < 0.5) this.#edit(replica)
      else if (kind < 0.58) this.#appendCut(replica)
      else if (kind < 0.85) this.#advanceIfStable(replica)
      else if (kind < 0.87 && this.replicas.length < 6) this.join(replica)
      else if (kind < 0.92 && options.returns) this.#leaveOrReturn(replica)
      else if (replica.isLoading) replica.finishLoad()
      for (let left = this.below(5); left > 0; left--) this.#deliver()
    }
  }

  join(sponsor: Replica): Replica {
    const replica = new Replica(this, this.nextId())
    replica.isAnswering = this.#random() < 0.3
    if (!sponsor.isOnline || sponsor.isLoading) return replica
    sponsor.flush()
    this.#welcome(sponsor, replica)
    this.replicas.push(replica)
    return replica
  }

  #welcome(sponsor: Replica, replica: Replica): void {
    replica.beginLoad(sponsor)
    // The state lacks what is still on its way to the sponsor.
    for (const { to, operation } of [...this.#inFlight]) {
      if (to === sponsor)
        this.#inFlight.push({ to: replica, operation, after: this.#time + this.#random() * 5 })
    }
    for (const operation of sponsor.waiting)
      this.#inFlight.push({ to: replica, operation, after: this.#time + this.#random() * 5 })
  }

  #leaveOrReturn(replica: Replica): void {
    if (replica.isOnline) {
      if (replica.isLoading || this.members.filter((other) => !other.isLoading).length < 2) return
      replica.leave()
      this.#inFlight = this.#inFlight.filter(({ to }) => to !== replica)
      if (this.#random() < 0.5) this.#loseUnknownOf(replica)
      return
    }
    const sponsors = this.members.filter((other) => !other.isLoading && other.epoch >= replica.epoch)
    const sponsor = sponsors[this.below(sponsors.length)]
    if (sponsor === undefined) return
    this.returns++
    replica.id = this.nextId()
    sponsor.flush()
    this.#welcome(sponsor, replica)
  }

  /** What nobody else has applied when its author vanishes may be gone. */
  #loseUnknownOf(author: Replica): void {
    // Of those who have gone to another room, what they made may still be on its way here.
    const underWay = [
      ...this.#inFlight.map(({ operation }) => operation),
      ...this.replicas.flatMap(({ waiting }) => waiting),
    ]
    const known = Math.max(
      ...this.replicas.map((other) => (other === author ? 0 : (other.applied.get(author.id) ?? 0))),
      ...underWay.map(({ author: by, deps }) => (by === author.id ? 0 : (deps.get(author.id) ?? 0))),
    )
    const isLost = ({ author: by, seq }: Operation) => by === author.id && seq > known
    this.#inFlight = this.#inFlight.filter(({ operation }) => !isLost(operation))
    for (const replica of this.replicas) replica.forget(isLost)
  }

  #edit(replica: Replica): void {
    const { tokens } = replica
    const kind = this.#random()
    replica.edit(() => {
      if (kind < 0.3) this.#type(tokens, this.below(Math.min(tokens.length, 8) + 1), 1 + this.below(3))
      else if (kind < 0.5) this.#erase(tokens)
      else if (kind < 0.55) {
        const value = this.#random() < 0.5 ? true : null
        if (tokens.length > 0) tokens.format(0, Math.min(3, tokens.length), { b: value })
      } else if (kind < 0.6) {
        if (this.#random() < 0.5) replica.undo.undo()
        else replica.undo.redo()
      } else perform(replica.doc, this.anyEdit())
    })
  }

  #type(tokens: Y.Text, at: number, length: number): void {
    const shown = tokens.toString()
    let inserted = ''
    let left = shown[at - 1]
    for (let i = 0; i < length; i++) {
      const token = String.fromCharCode(0x4e00 + this.typed.size)
      this.typed.set(token, { left, right: shown[at] })
      left = token
      inserted += token
    }
    tokens.insert(at, inserted)
  }

  #erase(tokens: Y.Text): void {
    if (tokens.length === 0) return
    const at = this.below(Math.min(tokens.length, 8))
    const length = Math.min(tokens.length - at, 1 + this.below(4))
    for (const token of tokens.toString().slice(at, at + length)) this.erased.add(token)
    tokens.delete(at, length)
  }

  #appendCut(replica: Replica): void {
    const { epoch, cut, isOnline, isLoading } = replica
    if (!isOnline || isLoading || cut !== undefined) return
    const { members } = this
    if (members.some((other) => other.isLoading || other.epoch !== epoch)) return
    const clock = Math.max(...members.map((other) => other.clock))
    const known = [...members.flatMap(({ log }) => log), ...this.#inFlight.map(({ operation }) => operation)]
    const earlier = known.filter((operation) => operation.epoch < epoch).map((operation) => operation.clock)
    // Nothing of an earlier epoch lies above a cut, also not of those who have left.
    const from = Math.max(replica.baseThrough, ...members.map(({ enteredAt }) => enteredAt), ...earlier)
    replica.appendCut(clock, from + this.below(clock + 2 - from))
  }

  #isStable({ clock, author, seq }: Operation): boolean {
    const isUnfinished = this.#inFlight.some(({ operation }) => operation.clock <= clock)
    return (
      !isUnfinished &&
      this.members.every((other) => other.isSettled && (other.applied.get(author) ?? 0) >= seq)
    )
  }

  #advanceIfStable(replica: Replica): void {
    const { cut, isOnline, isLoading } = replica
    if (!isOnline || isLoading || cut === undefined || !this.#isStable(cut)) return
    for (let left = 1 + this.below(12); left > 0; left--) replica.advance()
  }

  /** The next one due, which need not be the next one sent. @returns whether there was any. */
  #deliver(): boolean {
    let due = this.#inFlight[0]
    for (const message of this.#inFlight) if (due !== undefined && message.after < due.after) due = message
    if (due === undefined) return false
    this.#inFlight.splice(this.#inFlight.indexOf(due), 1)
    this.#time = Math.max(this.#time, due.after)
    due.to.receive(due.operation)
    return true
  }

  settle(): void {
    this.#settleMembers()
    // Whoever left ahead of the others finds them there by now.
    for (const replica of this.replicas) if (!replica.isOnline) this.#leaveOrReturn(replica)
    this.#settleMembers()
    if (this.members.length < this.replicas.length) throw new Error('Somebody can not come back')
  }

  #settleMembers(): void {
    for (const replica of this.members) if (replica.isLoading) replica.finishLoad()
    while (this.#deliver());
    for (const replica of this.members) {
      while (replica.cut !== undefined && this.#isStable(replica.cut)) {
        replica.execute()
        while (this.#deliver());
      }
    }
    while (this.#deliver());
  }

  /** Everything ends in a base. */
  cutAll(): void {
    const [first] = this.members
    if (first === undefined) throw new Error('Nobody is left')
    const clock = Math.max(...this.members.map((other) => other.clock))
    if (this.members.some(({ epoch }) => epoch !== first.epoch)) throw new Error('Epochs differ at the end')
    if (first.cut !== undefined) throw new Error('A cut was left undone')
    first.appendCut(clock, clock + 1)
    this.settle()
  }

  check(): void {
    const [first, ...others] = this.members
    if (first === undefined) throw new Error('Nobody is left')
    const content = JSON.stringify(first.content())
    for (const other of others) {
      const found = JSON.stringify(other.content())
      if (found !== content) throw new Error(`Diverged (${first.id}, ${other.id}):\n${content}\n${found}`)
    }
    for (const replica of this.members) {
      if (!replica.isSettled) throw new Error('An operation is left waiting')
      replica.mirror.check()
    }
    this.#checkTokens(first.tokens.toString())
  }

  #checkTokens(shown: string): void {
    if (this.replicas.some(({ orphans }) => orphans.length > 0)) throw new Error('Somebody was orphaned')
    const places = new Map([...shown].map((token, index) => [token, index]))
    if (places.size !== shown.length) throw new Error('A token is doubled')
    for (const [token, { left, right }] of this.typed) {
      const at = places.get(token)
      if (at === undefined) {
        if (!this.erased.has(token)) throw new Error(`A token is lost: ${token}`)
        continue
      }
      if (this.erased.has(token)) throw new Error(`A token has come back: ${token}`)
      const before = left === undefined ? undefined : places.get(left)
      const after = right === undefined ? undefined : places.get(right)
      if ((before !== undefined && before > at) || (after !== undefined && after < at)) this.swaps++
    }
  }
}
