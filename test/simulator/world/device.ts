/**
 * A device: one user, one document, one session at a time, and the transport in between.
 */
import { type FormerBase, type News, type ReplicaId, Session } from '@tidemark/core'
import type { MemoryNetwork, MemoryTransport } from 'tidemark/testing'
import type { MakeModel, ModelOptions } from '../models/model.js'
import type { ActionId, TokenBook } from '../models/tokens.js'
import { Holder, type Memory, type Watcher } from '../oracle/holder.js'
import type { Oracle } from '../oracle/oracle.js'
import { Violation } from '../oracle/violation.js'
import { FaultyTransport, type Surroundings } from './faulty-transport.js'
import { standInSignatures } from './stand-in-signatures.js'

export type DeviceState = 'off' | 'on' | 'crashed'

/** What the devices of one schedule share. */
export interface Stage extends Surroundings {
  readonly network: MemoryNetwork
  readonly oracle: Oracle
  readonly book: TokenBook
  readonly makeModel: MakeModel
  /** Whether members sign what they say. */
  readonly signs: boolean
  isPartitioned(): boolean
  /** Whether a message may have been refused for this reason. */
  excuses(reason: string): boolean
  /** Somebody begins to execute a cut. */
  cutBegins(): void
  /** Somebody is being let in. */
  joinBegins(sponsor: Device): void
  fail(error: Error): void
}

/** What a device has stored, of its document and of who it was. */
export interface DeviceMemory {
  readonly holder: Memory
  readonly id: ReplicaId
  readonly base: FormerBase | undefined
}

/** Why a replica that was a member starts over. */
const EVICTED: ReadonlySet<string> = new Set([
  'the room has evicted us',
  'the room is about to evict us',
  'the room went on without us',
  'the room has cut off what brought us in',
])

const ID_LETTERS = 'abcdefghijklmnopqrstuvwxyz'

export class Device {
  readonly name: string
  /** Names it in contexts, whoever else is there. */
  private readonly key: string
  readonly holder: Holder
  readonly carrier: MemoryTransport
  readonly transport: FaultyTransport
  readonly session: Session
  state: DeviceState = 'off'
  private readonly stage: Stage
  private identities = 0
  private batch: (() => void) | undefined
  private refusedSince: DeviceMemory | undefined
  /** While the user's hand moves, what it did is not known yet. */
  private isEditing = false
  private hasChanged = false
  /** When the current identity became a member. */
  joinedAt = 0

  constructor(name: string, stage: Stage, memory?: DeviceMemory) {
    this.name = name
    this.key = stage.choices.part('d')
    this.stage = stage
    const { network, oracle, book, random, coverage } = stage
    this.carrier = network.transport()
    this.transport = new FaultyTransport(name, this.key, this.carrier, stage)
    const { compaction, features, hasTwin } = stage.plan
    const makeModel = (options: ModelOptions) =>
      stage.choices.within(`${this.key}model`, () => stage.makeModel(random, options))
    const model = makeModel({
      compaction: compaction === 'full' ? 'full' : 'fixed',
      features,
      hasTwin,
      isStored: stage.plan.isStored,
      onLocalChange: () => this.changed(),
      onOrphaned: () => this.holder.orphaned(),
      onError: (error) => stage.fail(error instanceof Error ? error : new Error(String(error))),
    })
    const watcher: Watcher = {
      takeSnapshot: (holder) => {
        this.noteJoin()
        return oracle.takeSnapshot(holder)
      },
      commits: (holder, cut, fingerprint) => oracle.commits(holder, cut, fingerprint),
      committed: (holder) => oracle.committed(holder),
      begins: () => stage.cutBegins(),
    }
    this.holder = new Holder(name, model, book, oracle.snapshots, watcher, coverage)
    if (memory) this.holder.restore(memory.holder)
    this.session = this.makeSession(memory)
  }

  get isMember(): boolean {
    return this.state === 'on' && this.session.replica?.status === 'member'
  }

  get isJoining(): boolean {
    return this.state === 'on' && this.session.replica?.status === 'joining'
  }

  private get isFounder(): boolean {
    const { replica } = this.session
    return replica?.room.lineage.endsWith(replica.id) === true
  }

  /** As far as can be seen from outside: before the first piece arrives, whoever was asked last is the sponsor. */
  isGuestOf(sponsor: Device): boolean {
    const { source, installed } = this.holder
    const from = source ?? installed
    return from ? from.by === sponsor.holder : this.stage.oracle.snapshots.at(-1)?.by === sponsor.holder
  }

  start(): void {
    this.stage.story.tell(this.name, 'starts', { kind: 'starts' })
    this.state = 'on'
    this.session.start()
  }

  /** Leaves politely. It may come back, with what its user did meanwhile. */
  stop(): void {
    this.stage.story.tell(this.name, 'leaves', { kind: 'leaves' })
    if (this.isJoining) this.stage.coverage.met('newcomer died during join')
    this.noteGuests('sponsor left during join')
    this.handOver()
    this.session.stop()
    this.stage.oracle.detach(this.holder, false)
    this.state = 'off'
  }

  /** Silent for ever. */
  crash(): void {
    this.stage.story.tell(this.name, 'crashes', { kind: 'crashes' })
    if (this.isJoining) this.stage.coverage.met('newcomer died during join')
    this.noteGuests('sponsor died during join')
    this.stage.network.crash(this.carrier)
    this.session.crash()
    this.stage.oracle.detach(this.holder, true)
    this.batch?.()
    this.state = 'crashed'
  }

  /** The process starts again, with all that its document held. */
  restart(): void {
    this.stage.story.tell(this.name, 'starts again after its crash', { kind: 'restarts' })
    this.stage.network.restart(this.carrier)
    this.state = 'on'
    this.session.start()
  }

  /** Whatever it stores from now on, its storage keeps what it has. @returns whether it has anything. */
  refuseWrites(): boolean {
    this.refusedSince = this.store()
    return this.refusedSince !== undefined
  }

  /** Undefined while there is nothing to be stored. */
  store(): DeviceMemory | undefined {
    if (this.refusedSince) return this.refusedSince
    const { replica } = this.session
    const holder = this.isMember ? this.holder.store() : undefined
    return replica && holder && { holder, id: replica.id, base: replica.lastBase }
  }

  edit(): void {
    const { random, book } = this.stage
    this.userDoes(() => this.holder.model.edit(random, book))
  }

  /** The user writes under a key that everybody may write under, or empties it. */
  writeKey(key: string, isWritten: boolean): void {
    this.userDoes(() => this.holder.model.writeKey?.(key, isWritten, this.stage.book) ?? [])
  }

  private userDoes(what: () => readonly ActionId[]): void {
    const { story, choices } = this.stage
    const part = choices.part('e')
    if (!choices.keeps(part)) return
    this.isEditing = true
    const done = choices.within(part, what)
    this.holder.userDid(done)
    this.isEditing = false
    if (this.hasChanged) this.changed()
    const { length } = done
    if (length > 0) story.tell(this.name, `edits ${done.join()}`, { kind: 'edits', actions: length })
  }

  /** The user wants everything so far to be compacted. */
  compact(): void {
    this.stage.story.tell(this.name, 'asks for a cut', { kind: 'asks for a cut' })
    this.session.compact()
  }

  /** Something waits to be handed over: by the user, or by Yjs, which tidies up formatting. */
  get hasUnsent(): boolean {
    return this.batch !== undefined || this.holder.hasUnsent
  }

  /** Hands the gathered edits over now. */
  handOver(): void {
    this.batch?.()
    this.batch = undefined
    this.session.localChange()
  }

  /** Devices whose state this one is giving. */
  guests: () => readonly Device[] = () => []

  private noteGuests(situation: 'sponsor died during join' | 'sponsor left during join'): void {
    if (this.guests().length > 0) this.stage.coverage.met(situation)
  }

  private noteJoin(): void {
    const { coverage, scheduler, choices } = this.stage
    choices.within(`${this.key}j`, () => this.stage.joinBegins(this))
    if (this.guests().length > 1) coverage.met('two joins at once')
    if (!this.isFounder && scheduler.now() - this.joinedAt < 1000)
      coverage.met('sponsor had joined just before')
  }

  private changed(): void {
    this.hasChanged = this.isEditing
    if (this.isEditing) return
    const { plan, scheduler } = this.stage
    if (plan.batchMs === 0) return this.session.localChange()
    this.batch ??= scheduler.at(scheduler.now() + plan.batchMs, () =>
      this.transport.wakefulness.run(() => this.handOver()),
    )
  }

  private makeSession(memory: DeviceMemory | undefined): Session {
    const { plan, random, choices, signs } = this.stage
    const { key } = this
    return new Session({
      room: 'room',
      transport: { open: (room, self, events) => this.open(room, self, events) },
      structure: this.holder,
      scheduler: this.transport.wakefulness,
      newReplicaId: () => this.newId(),
      signaturesOf: signs ? standInSignatures : undefined,
      random: () => choices.within(`${key}jitter`, () => random.real()),
      config: plan.config,
      ...(memory && { retiredIds: [memory.id], formerBase: memory.base }),
      onIdentity: (replica) => this.stage.oracle.attach(replica, this.holder),
      onNews: (news) => this.heard(news),
      onSettled: () => this.settled(),
      onRejoin: (reason) => this.rejoins(reason),
      onError: (error) => this.stage.fail(error),
      // What is thrown here is the oracle's verdict.
      onListenerError: (error) => this.stage.fail(error as Error),
    })
  }

  /** Ids sort in any order, and name the device and the attempt. */
  private newId(): string {
    const { random, choices } = this.stage
    const letter = () => ID_LETTERS[random.below(ID_LETTERS.length)] ?? 'a'
    const letters = choices.within(`${this.key}id`, () => letter() + letter())
    return `${letters}-${this.name}-${++this.identities}`
  }

  private open(...[room, self, events]: Parameters<FaultyTransport['open']>) {
    const session = this.transport.open(room, self, events)
    const seek = session.seek.bind(session)
    session.seek = () => {
      if (this.isMember) this.stage.coverage.met('room isolated and found again')
      seek()
    }
    return session
  }

  private heard(news: News): void {
    const { oracle, coverage, story } = this.stage
    if (news.type === 'refused' && !this.stage.excuses(news.reason)) {
      this.stage.fail(new Violation('no refusals', `${this.name} refuses ${news.from}: ${news.reason}`))
    }
    if (news.type === 'alarm') {
      this.stage.fail(
        new Violation('one base', `${this.name} raises the alarm: of ${news.from}, ${news.reason}`),
      )
    }
    if (news.type !== 'joined') return
    const { replica } = this.session
    const { isFounder } = this
    const told = isFounder ? `founds the room as ${replica?.id}` : `is a member as ${replica?.id}`
    const { id = '', room } = replica ?? {}
    story.tell(this.name, told, { kind: 'member', id, lineage: room?.lineage ?? '', founds: isFounder })
    coverage.met(isFounder ? 'room founded' : 'let in')
    if (!isFounder && this.stage.isPartitioned()) coverage.met('joined while partitioned')
    this.joinedAt = this.stage.scheduler.now()
    try {
      oracle.joined(this.holder)
    } catch (error) {
      this.stage.fail(error as Error)
    }
  }

  private settled(): void {
    try {
      this.stage.oracle.compare(this.holder)
    } catch (error) {
      this.stage.fail(error as Error)
    }
  }

  private rejoins(reason: string): void {
    const { coverage, oracle, story } = this.stage
    story.tell(this.name, `starts over: ${reason}`, { kind: 'starts over', reason })
    oracle.detach(this.holder, false)
    if (reason === 'the sponsor did not let us in') {
      this.stage.fail(new Violation('admission', `${this.name} got its go, and could not join with it`))
    }
    if (EVICTED.has(reason)) coverage.met('found itself evicted')
    else if (reason === 'no majority of the room answers') coverage.met('founded anew without a majority')
    else if (reason === 'the room has another history') coverage.met('two histories met')
    else if (reason === 'busy with other newcomers') coverage.met('sponsor was busy')
    else if (reason === 'the sponsor took too long' || reason === 'the join took too long')
      coverage.met('join timed out')
  }
}
