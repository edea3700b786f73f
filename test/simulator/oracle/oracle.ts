/**
 * Watches every replica from inside and compares it with what a bystander knows who misses nothing.
 *
 * It is told of each operation, installation and decision at the very moment, by standing in for three methods
 * of the replica's history; so what it checks costs no search through states, and nothing goes unseen between
 * two steps. It counts what a replica holds by itself and never asks the core, except to compare.
 */
import type { Clock, Cut, Operation, Replica, ReplicaId } from '@tidemark/core'
import type { TokenBook } from '../models/tokens.js'
import { checkContent, noteParted } from './content.js'
import type { Coverage } from './coverage.js'
import { checkCut, checkEpochs } from './cuts.js'
import { EmptyKeys } from './empty-keys.js'
import type { Holder, Snapshot, Watcher } from './holder.js'
import { type Entry, Ledger, nameOf } from './ledger.js'
import type { Story } from './story.js'
import { Violation } from './violation.js'
import type { Witness } from './witness.js'

export class Oracle implements Watcher {
  readonly ledgers = new Map<string, Ledger>()
  readonly snapshots: Snapshot[] = []
  readonly witnesses = new Map<ReplicaId, Witness>()
  /** Members, and those whose join is made: who must hold whatever is decided. By ledger. */
  private readonly bound = new Map<Ledger, Set<Witness>>()
  private readonly byHolder = new Map<Holder, Witness>()
  private readonly book: TokenBook
  private readonly coverage: Coverage
  private readonly story: Story
  private readonly emptyKeys: EmptyKeys

  constructor(book: TokenBook, coverage: Coverage, story: Story) {
    this.book = book
    this.coverage = coverage
    this.story = story
    this.emptyKeys = new EmptyKeys(book, coverage)
  }

  /** A new identity begins. */
  attach(replica: Replica, holder: Holder): void {
    const { id } = replica
    if (this.witnesses.has(id)) throw new Error(`the id ${id} is used twice`)
    const witness: Witness = {
      id,
      replica,
      holder,
      held: new Map(),
      ledger: undefined,
      point: 0,
      epoch: 0,
      isMember: false,
    }
    this.witnesses.set(id, witness)
    this.byHolder.set(holder, witness)
    this.standIn(witness)
  }

  /** One that was attached ahead begins now, on the device of one that is over. */
  takesOver(replica: Replica, holder: Holder): void {
    const witness = this.witnesses.get(replica.id)
    if (witness) this.byHolder.set(holder, witness)
  }

  /** An identity is over. @param stillCounts it died as a member: nobody can know that it needs nothing more. */
  detach(holder: Holder, stillCounts: boolean): void {
    const witness = this.byHolder.get(holder)
    if (!witness) return
    this.byHolder.delete(holder)
    holder.identityEnds()
    if (witness.ledger && !(stillCounts && witness.isMember)) this.boundIn(witness.ledger).delete(witness)
  }

  witnessOf(holder: Holder): Witness | undefined {
    return this.byHolder.get(holder)
  }

  /** It counts as a member from now on. */
  joined(holder: Holder): void {
    const witness = this.byHolder.get(holder)
    if (!witness) throw new Error('a replica without identity joined')
    const { lineage } = witness.replica.room
    witness.isMember = true
    if (lineage.endsWith(witness.id)) {
      witness.ledger = this.ledgerOf(lineage)
      holder.founded()
      this.boundIn(witness.ledger).add(witness)
    }
    holder.joined()
    const { ledger } = witness
    // It will find out that it is not.
    if (ledger?.isCutOff(witness.id)) return
    if (!ledger || !this.boundIn(ledger).has(witness)) {
      throw new Violation('admission', `${witness.id} acts as a member, but was never let in`)
    }
    this.checkHolds(witness, 0, ledger.decided)
    checkContent(holder, this.book)
  }

  /** After each input: what the core says it has is what it has. */
  compare(holder: Holder): void {
    const witness = this.byHolder.get(holder)
    if (!witness) return
    const { history } = witness.replica.room
    if (history.point !== witness.point) {
      throw new Violation('monotonic', `${witness.id} moved its point to ${history.point} in secret`)
    }
    for (const [author, seq] of history.applied) {
      if ((witness.held.get(author) ?? 0) === seq) continue
      throw new Violation(
        'causal order',
        `${witness.id} claims ${author}:${seq}, and has ${witness.held.get(author)}`,
      )
    }
    if (history.waiting.size > 0) this.coverage.met('operation waited for its past')
    if (witness.replica.status === 'member' && history.epoch !== witness.epoch) {
      throw new Violation(
        'epochs',
        `${witness.id} says it is in epoch ${history.epoch}, and is in ${witness.epoch}`,
      )
    }
    this.checkStages(witness)
    const fault = holder.model.fault()
    if (fault !== undefined) throw new Violation('no broken invariants', `${witness.id}: ${fault}`)
  }

  /** Of each stage of eviction there is one decision, whoever learns it (rule EV2). */
  private checkStages({ id, replica, ledger }: Witness): void {
    const { stage, decided } = replica.room.evicting.agreement
    for (const [index, evicted] of decided.entries()) {
      const number = stage - decided.length + index
      const known = ledger?.stages.get(number)
      const told = [...evicted].sort().join(' ')
      if (known === undefined) ledger?.stages.set(number, told)
      else if (known !== told)
        throw new Violation('one decision', `${id} has stage ${number} evict ${told}, others ${known}`)
    }
  }

  takeSnapshot(holder: Holder): Snapshot {
    const witness = this.byHolder.get(holder)
    const ledger = witness?.ledger
    if (!witness || !ledger)
      throw new Violation('admission', `${holder.name} lets others in and is not in itself`)
    const best = [...this.boundIn(ledger)].some((other) => !covers(witness.held, other.held))
    if (best) this.coverage.met('sponsor was behind')
    const { held, epoch } = witness
    return {
      by: holder,
      ledger,
      held: new Map(held),
      epoch,
      above: holder.epochs ? ledger.updatesHeld(held, ledger.throughOf(epoch)) : 0,
      actions: new Set(holder.actions),
      plain: holder.model.twin?.state(),
    }
  }

  // ------------------------------------------------------------------ cuts

  commits(holder: Holder, cut: Cut, fingerprint: Uint8Array): void {
    const witness = this.byHolder.get(holder)
    const ledger = witness?.ledger
    if (!witness || !ledger)
      throw new Violation('epochs', `${holder.name} executes a cut of a room it is not in`)
    const entry = checkCut(witness, ledger, cut, fingerprint)
    // Whoever is a member, or will be, has all this: the cut's own place is a snapshot point.
    for (const member of this.boundIn(ledger)) this.checkHolds(member, 0, entry.clock)
    witness.epoch = cut.epoch
    if (
      entry.clock >
      witness.replica.room.stability.snapshotPoint(
        witness.replica.room.history.clock,
        Number.POSITIVE_INFINITY,
      )
    )
      this.coverage.met('cut executed by certificate')
    this.coverage.met('cut executed')
    this.story.tell(
      holder.name,
      `executes the cut ${nameOf(entry)} through ${entry.through} into epoch ${cut.epoch}`,
      { kind: 'epoch', epoch: cut.epoch, cut: nameOf(entry) },
    )
    checkEpochs(this.boundIn(ledger))
    const { through = 0 } = entry
    this.emptyKeys.note(holder, ledger.between(through, Number.POSITIVE_INFINITY))
  }

  committed(holder: Holder): void {
    checkContent(holder, this.book)
    this.emptyKeys.check(holder)
    noteParted(holder, this.book)
  }

  // ------------------------------------------------------------------ standing in for the history

  private standIn(witness: Witness): void {
    const { history, stability } = witness.replica.room
    const record = history.record.bind(history)
    const install = history.import.bind(history)
    const compactThrough = history.compactThrough.bind(history)
    const receive = history.receive.bind(history)
    const receiveReport = stability.receive.bind(stability)
    history.record = (operation) => {
      if (operation.author === witness.id) this.made(witness, operation)
      else this.applied(witness, operation)
      record(operation)
    }
    history.import = (...state) => {
      this.installed(witness, state[0].point, state[0].epoch)
      install(...state)
    }
    history.compactThrough = (point) => {
      const before = witness.point
      if (point !== before) this.decided(witness, point)
      const passed = compactThrough(point)
      this.checkPassed(witness, before, point, passed)
      return passed
    }
    history.receive = (operation, now) => {
      const arrival = receive(operation, now)
      if (arrival === 'no-room') this.coverage.met('no room to wait')
      const isOut = !witness.ledger || !this.boundIn(witness.ledger).has(witness)
      if (arrival === 'alien' && !isOut && !witness.ledger?.isCutOff(operation.author)) {
        const { epoch } = operation
        throw new Violation(
          'epochs',
          `${witness.id} in epoch ${witness.epoch} refuses an operation of epoch ${epoch}`,
        )
      }
      return arrival
    }
    stability.receive = (report) => {
      const isNew = receiveReport(report)
      if (isNew && (witness.held.get(report.replica) ?? 0) < report.seq) {
        this.coverage.met('report waited for an operation')
      }
      return isNew
    }
  }

  private made(witness: Witness, operation: Operation): void {
    const ledger = this.ledgerOf(witness.replica.room.lineage)
    witness.ledger ??= ledger
    const { author, seq, clock, kind, epoch } = operation
    const who = operation.kind === 'join' || operation.kind === 'leave' ? operation.who : undefined
    const through = operation.kind === 'cut' ? operation.through : undefined
    const taken = operation.kind === 'update' ? witness.holder.changeTaken() : NOTHING
    const { actions, plain } = taken
    const entry: Entry = {
      author,
      seq,
      clock,
      kind,
      who,
      past: new Map(witness.held),
      actions,
      plain,
      epoch,
      through,
    }
    if (epoch !== witness.epoch) {
      throw new Violation(
        'epochs',
        `${witness.id} in epoch ${witness.epoch} makes ${nameOf(entry)} of epoch ${epoch}`,
      )
    }
    for (const [other, held] of witness.held) {
      const seen = ledger.get(other, held)
      if (seen && seen.clock >= clock)
        throw new Violation('own counters', `${nameOf(entry)} was made after ${nameOf(seen)}`)
    }
    ledger.append(entry)
    witness.held.set(author, seq)
    this.story.tell(
      witness.holder.name,
      `makes ${nameOf(entry)} ${kind}${who ?? through ?? ''} ${actions.join()}`,
      { kind: 'makes', operation: nameOf(entry), what: kind, clock },
    )
    if (operation.kind === 'evict') this.evict(ledger, author, operation.cutOffs)
    if (kind === 'fence') this.coverage.met('fence made')
    if (operation.kind === 'join') this.letIn(witness, ledger, operation.who, operation.floor)
    if (kind === 'leave' && who !== author) this.coverage.met('former id retired')
  }

  /** From here on nobody need hold what they hold, nor wait for them. */
  private evict(ledger: Ledger, by: ReplicaId, cutOffs: ReadonlyMap<ReplicaId, number>): void {
    ledger.cutOff(cutOffs, by)
    const bound = this.boundIn(ledger)
    for (const witness of bound) {
      if (!ledger.isCutOff(witness.id)) continue
      bound.delete(witness)
      const isHere = this.byHolder.get(witness.holder) === witness
      this.coverage.met(isHere ? 'somebody alive evicted' : 'somebody dead evicted')
      if (!cutOffs.has(witness.id)) this.coverage.met('brought in by an operation that was cut off')
      if (witness.holder.isCutting) this.coverage.met('evicted while cutting')
    }
  }

  /** A join is made: from here on nothing may be decided that the newcomer lacks. */
  private letIn(sponsor: Witness, ledger: Ledger, who: ReplicaId, floor: Clock): void {
    const newcomer = this.witnesses.get(who)
    if (!newcomer) throw new Violation('admission', `${sponsor.id} lets ${who} in, who does not exist`)
    if (this.byHolder.get(newcomer.holder) !== newcomer) return this.coverage.met('former id let in')
    if (ledger.isCutOff(who)) newcomer.ledger = ledger
    const { installed } = newcomer.holder
    if (!installed || installed.by !== sponsor.holder || installed.ledger !== ledger) {
      throw new Violation('admission', `${sponsor.id} lets ${who} in, who has not installed its state`)
    }
    for (const [author, seq] of installed.held) newcomer.held.set(author, seq)
    newcomer.ledger = ledger
    newcomer.epoch = installed.epoch
    const missing = ledger.lacking(newcomer.held, 0, floor)
    if (missing) {
      throw new Violation(
        'admission',
        `${sponsor.id} vouches for ${who} up to ${floor}, who lacks ${nameOf(missing)}`,
      )
    }
    if (ledger.isCutOff(who)) return
    this.boundIn(ledger).add(newcomer)
    this.checkHolds(newcomer, 0, ledger.decided)
    this.noteJoin(ledger)
  }

  private noteJoin(ledger: Ledger): void {
    const members = [...this.boundIn(ledger)]
    if (members.some(({ holder }) => holder.isCutting))
      this.coverage.met('cut under way while somebody joined')
    if (new Set(members.map(({ epoch }) => epoch)).size > 1) this.coverage.met('joined while epochs differed')
  }

  private installed(witness: Witness, point: Clock, epoch: number): void {
    const { installed } = witness.holder
    if (!installed) throw new Violation('admission', `${witness.id} installed a state that it has not loaded`)
    witness.ledger = installed.ledger
    witness.point = point
    witness.epoch = epoch
    const told = `installs a state at the snapshot point ${point}`
    this.story.note(witness.holder.name, told, { kind: 'point', clock: point })
    for (const [author, seq] of installed.held) witness.held.set(author, seq)
    const missing = installed.ledger.lacking(witness.held, 0, point)
    // Whoever is let in by somebody outside is outside, too.
    if (missing && !installed.ledger.isCutOff(witness.id)) {
      throw new Violation(
        'snapshot safety',
        `${witness.id} was given the point ${point} without ${nameOf(missing)}`,
      )
    }
  }

  private applied(witness: Witness, operation: Operation): void {
    const { author, seq, clock } = operation
    const entry = witness.ledger?.get(author, seq)
    if (!entry || entry.clock !== clock || entry.kind !== operation.kind) {
      throw new Violation('own counters', `${witness.id} applies ${nameOf(operation)}, which nobody made`)
    }
    if ((witness.held.get(author) ?? 0) !== seq - 1) {
      throw new Violation(
        'causal order',
        `${witness.id} applies ${nameOf(entry)} after ${witness.held.get(author)}`,
      )
    }
    for (const [other, needed] of entry.past) {
      if ((witness.held.get(other) ?? 0) >= needed) continue
      throw new Violation('causal order', `${witness.id} applies ${nameOf(entry)} without ${other}:${needed}`)
    }
    if (operation.epoch > witness.epoch || operation.epoch < witness.epoch - 1) {
      throw new Violation(
        'epochs',
        `${witness.id} in epoch ${witness.epoch} applies ${nameOf(entry)} of ${entry.epoch}`,
      )
    }
    if (witness.holder.isCutting) this.coverage.met('cut under way while operations came in')
    witness.held.set(author, seq)
    witness.holder.received(entry.actions, entry.plain)
    this.story.tell(witness.holder.name, `applies ${nameOf(entry)}`, {
      kind: 'applies',
      operation: nameOf(entry),
      clock,
    })
  }

  private decided(witness: Witness, point: Clock): void {
    const { ledger } = witness
    if (!ledger) throw new Violation('one decision', `${witness.id} decides before it is in the room`)
    if (point <= witness.point) {
      throw new Violation('monotonic', `${witness.id} goes from the point ${witness.point} to ${point}`)
    }
    witness.point = point
    this.story.tell(witness.holder.name, `decides the snapshot point ${point}`, {
      kind: 'point',
      clock: point,
    })
    this.coverage.met('point decided')
    if ([...this.byHolder.keys()].some((holder) => holder.isLoading))
      this.coverage.met('point decided during a join')
    if (point <= ledger.decided || ledger.isCutOff(witness.id)) return
    const before = ledger.decided
    ledger.decided = point
    for (const member of this.boundIn(ledger)) this.checkHolds(member, before, point)
  }

  private checkHolds(member: Witness, after: Clock, upTo: Clock): void {
    const missing = member.ledger?.lacking(member.held, after, upTo)
    if (!missing) return
    throw new Violation('snapshot safety', `${member.id} lacks ${nameOf(missing)}, and the point is ${upTo}`)
  }

  /** Everybody passes the same operations in the same order: they have decided the same history. */
  private checkPassed(witness: Witness, before: Clock, point: Clock, dropped: readonly Operation[]): void {
    // It was let in by what the room has cut off, and will find that out: what it holds beside the room counts for nobody.
    if (witness.ledger?.isCutOff(witness.id)) return this.coverage.count('points decided outside the room')
    const expected = [...(witness.ledger?.between(before, point) ?? [])]
    const isSame =
      expected.length === dropped.length && expected.every((e, i) => isSameOperation(e, dropped[i]))
    if (!isSame) {
      const names = (list: readonly Pick<Entry, 'author' | 'seq' | 'clock'>[]) => list.map(nameOf).join(' ')
      throw new Violation(
        'one decision',
        `${witness.id} passes ${names(dropped)} instead of ${names(expected)}`,
      )
    }
    if (dropped.some(({ kind }) => kind === 'leave')) this.coverage.met('author forgotten')
  }

  private ledgerOf(lineage: string): Ledger {
    const ledger = this.ledgers.get(lineage) ?? new Ledger(lineage)
    this.ledgers.set(lineage, ledger)
    return ledger
  }

  private boundIn(ledger: Ledger): Set<Witness> {
    const members = this.bound.get(ledger) ?? new Set()
    this.bound.set(ledger, members)
    return members
  }
}

const NOTHING = { actions: [], plain: undefined }

function isSameOperation(entry: Entry, operation: Operation | undefined): boolean {
  return operation?.author === entry.author && operation.seq === entry.seq
}

function covers(held: ReadonlyMap<ReplicaId, number>, other: ReadonlyMap<ReplicaId, number>): boolean {
  for (const [author, seq] of other) if ((held.get(author) ?? 0) < seq) return false
  return true
}
