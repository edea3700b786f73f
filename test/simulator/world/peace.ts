/**
 * After the trouble: nothing is lost or delayed any more, everybody awake is left in peace. Then everything that
 * was ever begun must come to its end within a bounded time, and silence must follow.
 */
import type { Clock, Replica, ReplicaId, Scheduler } from '@tidemark/core'
import type { MemoryNetwork } from 'tidemark/testing'
import type { TokenBook } from '../models/tokens.js'
import { checkContent, checkIntention, isNothingLeftOf } from '../oracle/content.js'
import type { Coverage } from '../oracle/coverage.js'
import type { Holder } from '../oracle/holder.js'
import type { Oracle } from '../oracle/oracle.js'
import type { Story } from '../oracle/story.js'
import { TwinComparison } from '../oracle/twins.js'
import { Violation } from '../oracle/violation.js'
import type { Witness } from '../oracle/witness.js'
import type { Device } from './device.js'
import type { Plan } from './plan.js'

/** Within this time everything has settled: a few of the longest retry intervals, one after the other. */
const SETTLE_MS = 240_000
const LOOK_EVERY_MS = 500
const SILENCE_MS = 60_000
/** A compacted document may be so much larger than a new one with the same content. */
const GROWTH = 1.01
const SLACK_BYTES = 64

/** What is left of a schedule when its troubles are over. */
export interface Aftermath {
  readonly plan: Plan
  readonly network: MemoryNetwork
  readonly scheduler: Scheduler
  readonly devices: readonly Device[]
  readonly oracle: Oracle
  readonly book: TokenBook
  readonly coverage: Coverage
  readonly story: Story
  isCalm: boolean
  /** Messages sent so far that are not heartbeats. */
  readonly talk: number
  /** And those that ask whether somebody is there. */
  readonly probes: number
  runUntil(time: number): void
}

export class Peace {
  private readonly world: Aftermath

  constructor(world: Aftermath) {
    this.world = world
  }

  make(): void {
    const { world } = this
    world.story.tell('all', 'are left in peace', { kind: 'peace' })
    this.calmDown()
    if (this.live.length === 0) return
    this.awaitThat('converges', () => this.whatDiffers())
    this.checkEverything()
    this.compareWithTwin()
    if (!Number.isFinite(world.plan.config.suspectAfterMs ?? 0) && this.missing().length > 0) return
    this.awaitThat('settles', () => this.whatDiffers() ?? this.whatIsLeft())
    if (this.missing().length === 0) {
      world.coverage.met('settled with nobody missing')
      this.awaitSilence(() => world.talk)
    }
    // Whom an idle room misses and may not evict it goes on to look for, but does not ask about for ever.
    else {
      this.awaitSilence(() => world.probes)
      this.awaitThat('is evicted', () => this.whoIsSpared())
      world.coverage.count(
        'settled without somebody whom nobody may evict',
        this.missing().length > 0 ? 1 : 0,
      )
      if (this.missing().length === 0) this.awaitSilence(() => world.talk)
    }
    this.checkEverything()
    this.checkOrder()
    this.checkSizes()
  }

  private get live(): Device[] {
    return this.world.devices.filter(({ state }) => state === 'on')
  }

  private calmDown(): void {
    const { world } = this
    world.isCalm = true
    world.network.heal()
    world.network.setRendezvous(true)
    world.network.faults = { latencyMs: 5, jitterMs: 10, lossRate: 0, duplicateRate: 0, reorderRate: 0 }
    for (const device of world.devices) {
      device.transport.isCalm = true
      device.transport.session?.muted.clear()
      device.transport.dragMs = 0
      const { wakefulness } = device.transport
      wakefulness.throttle(0)
      if (wakefulness.sleeps) wakefulness.wake()
    }
    for (const device of this.live) device.handOver()
  }

  // ------------------------------------------------------------------ waiting

  /** @param obstacle says what is in the way, or nothing. */
  private awaitThat(what: string, obstacle: () => string | undefined): void {
    const { scheduler } = this.world
    const deadline = scheduler.now() + SETTLE_MS
    for (let left = obstacle(); left !== undefined; left = obstacle()) {
      if (scheduler.now() >= deadline) {
        throw new Violation('liveness', `nothing ${what} within ${SETTLE_MS / 1000} s of peace: ${left}`)
      }
      this.world.runUntil(scheduler.now() + LOOK_EVERY_MS)
    }
  }

  /** A settled room says nothing but that it lives. Links may still be made or closed for a while before. */
  private awaitSilence(said: () => number): void {
    const { world } = this
    const deadline = world.scheduler.now() + SETTLE_MS
    let silentSince = world.scheduler.now()
    for (let talk = said(); world.scheduler.now() < silentSince + SILENCE_MS; ) {
      world.runUntil(world.scheduler.now() + 1000)
      if (said() === talk) continue
      talk = said()
      silentSince = world.scheduler.now()
      if (silentSince > deadline) throw new Violation('silence', 'a settled room goes on talking')
    }
    const left = this.whatDiffers() ?? this.whatIsLeft()
    if (left !== undefined)
      throw new Violation('silence', `the room was settled and is not any more: ${left}`)
  }

  // ------------------------------------------------------------------ what is settled

  private whatDiffers(): string | undefined {
    const { live } = this
    for (const { name, session } of live) {
      if (session.replica?.status !== 'member')
        return `${name} is ${session.replica?.status ?? 'about to start over'}`
    }
    const [first, ...others] = live
    if (!first) return undefined
    const expected = this.heldBy(first)
    for (const other of others) {
      const held = this.heldBy(other)
      if (held !== expected) return `${first.name} has ${expected}, ${other.name} has ${held}`
    }
    const unsent = live.find((device) => device.hasUnsent)
    return unsent && `${unsent.name} has something to say`
  }

  /** The operations a device holds, those of forgotten authors included. */
  private heldBy(device: Device): string {
    const witness = this.witnessOf(device)
    const held = [...witness.held].filter(([, seq]) => seq > 0).map(([author, seq]) => `${author}:${seq}`)
    // At a cut, insertions may change places: before and after it, the same operations can look different.
    return `${witness.ledger?.lineage} in epoch ${witness.epoch} ${held.sort().join(' ')}`
  }

  private whatIsLeft(): string | undefined {
    for (const { name, session, holder } of this.live) {
      const replica = session.replica as Replica
      const last = this.lastClockIn(holder)
      if (replica.snapshotPoint < last) return `${name} stands at ${this.standingOf(replica)} of ${last}`
      const { log, waiting } = replica.room.history
      if (!replica.config.keepLog && log.length > 0) return `${name} keeps ${log.length} operations`
      const { segment, epoch } = replica.room.history
      const uncut = segment.filter(({ kind }) => kind === 'update').length
      if (uncut > 0) return `${name} keeps ${uncut} operations above its base of epoch ${epoch}`
      // What others have made who are no members is forgotten when it has waited for minutes.
      if (waiting.waitsFor((author) => replica.room.roster.has(author)))
        return `${name} keeps ${waiting.size} operations waiting`
      // Whoever is the only one left can not know whether the others are.
      const isLeftAlone = this.live.length === 1 && replica.blockedBy.length === 0
      if (!replica.isSynced && !isLeftAlone) return `${name} is not synced`
      if (replica.blockedBy.length > 0) return `${name} is ${this.standingOf(replica)}`
    }
    return undefined
  }

  /** Of what anybody here has: what died with its author is nobody's. */
  private lastClockIn(holder: Holder): Clock {
    const { oracle } = this.world
    const ledger = oracle.witnessOf(holder)?.ledger
    const held = this.live.flatMap(({ holder: other }) => [...(oracle.witnessOf(other)?.held ?? [])])
    return Math.max(0, ...held.map(([author, seq]) => ledger?.get(author, seq)?.clock ?? 0))
  }

  private standingOf(replica: Replica): string {
    const blockers = replica.blockedBy.map(({ replica: id, reason }) => `${id} (${reason})`)
    return `${replica.snapshotPoint}, held back by ${blockers.join(', ') || 'nobody'}`
  }

  private witnessOf(device: Device): Witness {
    const witness = this.world.oracle.witnessOf(device.holder)
    if (!witness) throw new Error(`${device.name} has no identity`)
    return witness
  }

  // ------------------------------------------------------------------ whom the room waits for in vain

  /**
   * Ids that the room counts and that will never speak again: of crashed devices, and of devices that left
   * without being able to say so. Where nobody is suspected the snapshot point waits for them.
   */
  private missing(): ReplicaId[] {
    const { live } = this
    const present = new Set(live.map(({ session }) => session.replica?.id))
    const counted = new Set(live.flatMap(({ session }) => session.replica?.members ?? []))
    return [...counted].filter((id) => !present.has(id) && this.isExcused(id))
  }

  /** A former id of a device that is here must have been retired: then nobody counts it. */
  private isExcused(id: ReplicaId): boolean {
    const witness = this.world.oracle.witnesses.get(id)
    const device = this.world.devices.find(({ holder }) => holder === witness?.holder)
    return device?.state !== 'on' || witness?.isMember === true
  }

  /** Somebody is suspected where those who answer may decide, and nobody does. */
  private whoIsSpared(): string | undefined {
    const now = this.world.scheduler.now()
    for (const { name, session } of this.live) {
      const outlook = session.replica?.eviction(now)
      if (!outlook?.mayDecide || outlook.suspects.length === 0) continue
      return `${name} suspects ${outlook.suspects.join(', ')} and may decide without them`
    }
    return undefined
  }

  // ------------------------------------------------------------------ what must hold

  private checkEverything(): void {
    const { live, world } = this
    const { book } = world
    const [first, ...others] = live
    if (!first) return
    for (const { holder } of live) checkContent(holder, world.book)
    const expected = first.holder.model.fingerprint()
    for (const other of others) {
      const shown = other.holder.model.fingerprint()
      if (shown !== expected) {
        throw new Violation('convergence', `${first.name} shows ${expected}, ${other.name} shows ${shown}`)
      }
      if (world.book.isUncertain) continue
      for (const action of new Set([...first.holder.actions, ...other.holder.actions])) {
        if (first.holder.actions.has(action) === other.holder.actions.has(action)) continue
        if (book.untold.has(action)) continue
        if (book.hasMet && isNothingLeftOf(action, book)) continue
        throw new Violation(
          'nothing lost',
          `of ${first.name} and ${other.name} only one has action ${action}`,
        )
      }
    }
  }

  private compareWithTwin(): void {
    const { book, coverage } = this.world
    const [first] = this.live
    const twin = first?.holder.model.twin
    if (!first || !twin || book.isUncertain || book.hasOrphans || book.hasForgotten) return
    if (book.hasTwins) return this.checkOrder()
    new TwinComparison(book, coverage).check(first.name, first.holder.model, twin)
    this.checkOrder()
  }

  private checkOrder(): void {
    const { book, coverage } = this.world
    for (const { holder } of this.live) checkIntention(holder, book, coverage)
  }

  /** Of a history that is cut, nothing is left in the end but what is shown. */
  private checkSizes(): void {
    for (const { name, holder } of this.live) {
      const sizes = holder.naming && holder.naming.epoch > 0 ? holder.model.sizes?.() : undefined
      if (!sizes) continue
      this.world.coverage.met('settled as small as its content')
      const { bytes, freshBytes } = sizes
      if (bytes <= GROWTH * freshBytes + SLACK_BYTES) continue
      throw new Violation('bounded', `${name} takes ${bytes} bytes for what fits into ${freshBytes}`)
    }
  }
}
